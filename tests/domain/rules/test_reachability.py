import pytest

from app.domain.rules.reachability import Reachability, reach
from app.domain.types import FailureKind, Phases, Status

NOTHING = Phases()


@pytest.mark.parametrize(
    ("dials_endpoint", "status", "kind", "phases", "code", "expected"),
    [
        (True, Status.GREEN, None, NOTHING, 200, Reachability(True, True)),
        (True, Status.YELLOW, None, NOTHING, 200, Reachability(True, True)),
        (True, Status.RED, FailureKind.ASSERTION, NOTHING, 500, Reachability(True, True)),
        (True, Status.RED, FailureKind.REFUSED, NOTHING, None, Reachability(True, False)),
        (True, Status.RED, FailureKind.NO_SUCH_HOST, NOTHING, None, Reachability(False, False)),
        (True, Status.RED, FailureKind.RESOLVER_FAILED, NOTHING, None, Reachability(False, False)),
        (
            True,
            Status.RED,
            FailureKind.CERTIFICATE,
            Phases(connect_ms=3.0),
            None,
            Reachability(True, True),
        ),
        (False, Status.RED, FailureKind.ASSERTION, NOTHING, None, Reachability(False, None)),
        (
            True,
            Status.RED,
            None,
            NOTHING,
            None,
            Reachability(None, False),
        ),  # stored before kinds were
        (False, Status.GREEN, None, NOTHING, None, Reachability(True, True)),
        (True, Status.UNKNOWN, FailureKind.ISOLATED, NOTHING, None, Reachability(None, None)),
        (True, Status.PENDING, None, NOTHING, None, Reachability(None, None)),
    ],
)
def test_how_far_a_check_got(dials_endpoint, status, kind, phases, code, expected):
    assert reach(dials_endpoint, status, kind, phases, code) == expected
