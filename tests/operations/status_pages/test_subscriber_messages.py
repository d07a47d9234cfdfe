"""Messages to subscribers: what they say of times."""

from datetime import UTC, datetime

import pytest

from app.models.status_pages import StatusPage
from app.operations.status_pages.subscriber_messages import moment


@pytest.mark.parametrize(
    ("zone", "at", "said"),
    [
        ("UTC", (2026, 11, 27, 18, 0), "2026-11-27 18:00 UTC"),
        ("Europe/Berlin", (2026, 11, 27, 18, 0), "2026-11-27 19:00 Europe/Berlin (18:00 UTC)"),
        ("Asia/Tokyo", (2026, 11, 27, 18), "2026-11-28 03:00 Asia/Tokyo (2026-11-27 18:00 UTC)"),
        (
            "America/Los_Angeles",
            (2026, 1, 1, 2, 30),
            "2025-12-31 18:30 America/Los_Angeles (2026-01-01 02:30 UTC)",
        ),
        # An hour that comes twice: UTC tells which.
        ("Europe/Berlin", (2026, 10, 25, 0, 30), "2026-10-25 02:30 Europe/Berlin (00:30 UTC)"),
        ("Europe/Berlin", (2026, 10, 25, 1, 30), "2026-10-25 02:30 Europe/Berlin (01:30 UTC)"),
    ],
)
def test_a_time_is_told_by_both_clocks_with_the_day_of_each(zone, at, said):
    assert moment(StatusPage(timezone=zone), datetime(*at, tzinfo=UTC)) == said
