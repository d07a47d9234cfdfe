import pytest

from app.domain.rules.reachability import Reach, reach
from app.domain.types import FailureKind, Phases, Status

NOTHING = Phases()


@pytest.mark.parametrize(
    ("dials_endpoint", "status", "kind", "phases", "code", "expected"),
    [
        (True, Status.GREEN, None, NOTHING, 200, Reach(True, True)),
        (True, Status.YELLOW, None, NOTHING, 200, Reach(True, True)),
        (True, Status.RED, FailureKind.ASSERTION, NOTHING, 500, Reach(True, True)),
        (True, Status.RED, FailureKind.REFUSED, NOTHING, None, Reach(True, False)),
        (True, Status.RED, FailureKind.NO_SUCH_HOST, NOTHING, None, Reach(False, False)),
        (True, Status.RED, FailureKind.RESOLVER_FAILED, NOTHING, None, Reach(False, False)),
        (
            True,
            Status.RED,
            FailureKind.CERTIFICATE,
            Phases(connect_ms=3.0),
            None,
            Reach(True, True),
        ),
        (False, Status.RED, FailureKind.ASSERTION, NOTHING, None, Reach(False, None)),
        (True, Status.RED, None, NOTHING, None, Reach(None, False)),  # stored before kinds were
        (False, Status.GREEN, None, NOTHING, None, Reach(True, True)),
        (True, Status.UNKNOWN, FailureKind.ISOLATED, NOTHING, None, Reach(None, None)),
        (True, Status.PENDING, None, NOTHING, None, Reach(None, None)),
    ],
)
def test_how_far_a_check_got(dials_endpoint, status, kind, phases, code, expected):
    assert reach(dials_endpoint, status, kind, phases, code) == expected
