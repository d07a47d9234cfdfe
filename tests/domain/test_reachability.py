import pytest

from app.domain.reachability import Reach, reach
from app.domain.types import Phases, Status

NOTHING = Phases()


@pytest.mark.parametrize(
    ("check_type", "status", "error", "phases", "code", "expected"),
    [
        ("HTTP", Status.GREEN, None, NOTHING, 200, Reach(True, True)),
        ("HTTP", Status.YELLOW, None, NOTHING, 200, Reach(True, True)),
        ("HTTP", Status.RED, "expected status 2xx, got 500", NOTHING, 500, Reach(True, True)),
        ("HTTP", Status.RED, "connection refused", NOTHING, None, Reach(True, False)),
        ("HTTP", Status.RED, "no such host: x.test", NOTHING, None, Reach(False, False)),
        ("TCP", Status.RED, "the name server did not answer", NOTHING, None, Reach(False, False)),
        ("HTTP", Status.RED, "expired", Phases(connect_ms=3.0), None, Reach(True, True)),
        ("DNS", Status.RED, "expected 192.0.2.1", NOTHING, None, Reach(False, None)),
        ("DNS", Status.GREEN, None, NOTHING, None, Reach(True, True)),
        ("HTTP", Status.UNKNOWN, "blind", NOTHING, None, Reach(None, None)),
        ("HTTP", Status.PENDING, None, NOTHING, None, Reach(None, None)),
    ],
)
def test_how_far_a_check_got(check_type, status, error, phases, code, expected):
    assert reach(check_type, status, error, phases, code) == expected
