"""Windows that processes remember, by a clock that is set back."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.domain.maintenance import windows
from app.operations.snapshots.alerting import AlertingSnapshot

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_clock_that_is_set_back_finds_the_windows_of_its_time():
    earlier = windows.parse(starts_at=NOW - HOUR, ends_at=NOW)
    later = windows.parse(starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)
    snapshot = AlertingSnapshot(1, windows=(earlier, later))
    service = uuid4()
    for at, until in (
        (NOW + timedelta(minutes=30), None),
        (NOW - timedelta(minutes=30), NOW),
        (NOW + timedelta(minutes=90), NOW + 2 * HOUR),
        (NOW + timedelta(minutes=30), None),
    ):
        assert snapshot.maintenance_until(service, (), at) == until
