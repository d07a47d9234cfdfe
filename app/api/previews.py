"""/heartbeats/preview and /maintenance-windows/preview: what a schedule would come to."""

from datetime import timedelta
from typing import Any

from app.api.http import Blueprint, invalid
from app.domain.heartbeats.schedules import ScheduleError, next_expected, parse
from app.operations.maintenance import preview as window_preview
from app.platform.clock import utcnow
from app.platform.errors import Fault, InvalidCode
from app.schemas.previews import (
    HeartbeatPreviewInputSchema,
    HeartbeatPreviewSchema,
    WindowPreviewInputSchema,
    WindowPreviewSchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint("previews", __name__, description="What a schedule would come to.")


@bp.post("/heartbeats/preview")
@requires("heartbeats:read")
@bp.accepts(HeartbeatPreviewInputSchema)
@bp.returns(HeartbeatPreviewSchema)
@budget("previews of schedules", 240)
def heartbeat(data: dict[str, Any]) -> dict[str, Any]:
    """Preview the schedule of a heartbeat

    The next times at which a ping would be expected, and from when on each would be missed; for
    `every …` as if a ping came now and at each of them. Nothing is stored.
    """
    written, timezone = data.get("schedule", "every 1h"), data.get("timezone", "UTC")
    try:
        schedule = parse(written, timezone)
    except ScheduleError as error:
        sentence = f"{error.message[:1].upper()}{error.message[1:]}."
        code = InvalidCode.UNKNOWN_TIME_ZONE if error.field == "timezone" else InvalidCode.MALFORMED
        raise invalid({error.field: [Fault(code, sentence)]}) from None
    grace = timedelta(seconds=data.get("grace_period_seconds", 300))
    expected, at = [], utcnow()
    for _ in range(data["count"]):
        at = next_expected(schedule, at)
        expected.append({"expected_at": at, "missed_at": at + grace})
    return {"schedule": written, "timezone": timezone, "expected": expected}


@bp.post("/maintenance-windows/preview")
@requires("maintenance_windows:read")
@bp.accepts(WindowPreviewInputSchema)
@bp.returns(WindowPreviewSchema)
@budget("previews of schedules", 240)
def window(data: dict[str, Any]) -> dict[str, Any]:
    """Preview a maintenance window

    The next times at which it would be active, one that goes on now included, and how many services
    and heartbeats it would cover. Nothing is stored.
    """
    count = data.pop("count")
    return window_preview.preview(principal().organization_id, data, count)
