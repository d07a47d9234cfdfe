import pytest

from app.domain.rules.reachability import Reach, reach
from app.domain.types import FailureKind, Phases, Status

NOTHING = Phases()


@pytest.mark.parametrize(
    ("check_type", "status", "kind", "phases", "code", "expected"),
    [
        ("HTTP", Status.GREEN, None, NOTHING, 200, Reach(True, True)),
        ("HTTP", Status.YELLOW, None, NOTHING, 200, Reach(True, True)),
        ("HTTP", Status.RED, FailureKind.ASSERTION, NOTHING, 500, Reach(True, True)),
        ("HTTP", Status.RED, FailureKind.REFUSED, NOTHING, None, Reach(True, False)),
        ("HTTP", Status.RED, FailureKind.NO_SUCH_HOST, NOTHING, None, Reach(False, False)),
        ("TCP", Status.RED, FailureKind.RESOLVER_FAILED, NOTHING, None, Reach(False, False)),
        (
            "HTTP",
            Status.RED,
            FailureKind.CERTIFICATE,
            Phases(connect_ms=3.0),
            None,
            Reach(True, True),
        ),
        ("DNS", Status.RED, FailureKind.ASSERTION, NOTHING, None, Reach(False, None)),
        ("HTTP", Status.RED, None, NOTHING, None, Reach(None, False)),  # stored before kinds were
        ("DNS", Status.GREEN, None, NOTHING, None, Reach(True, True)),
        ("HTTP", Status.UNKNOWN, FailureKind.ISOLATED, NOTHING, None, Reach(None, None)),
        ("HTTP", Status.PENDING, None, NOTHING, None, Reach(None, None)),
    ],
)
def test_how_far_a_check_got(check_type, status, kind, phases, code, expected):
    assert reach(check_type, status, kind, phases, code) == expected
