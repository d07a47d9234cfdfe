"""Checks of Healthchecks as heartbeats."""

from typing import Any

from app.domain.configuration.building import Building, period, tags


def convert(exported: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a document of the answer of `GET /api/v3/checks/` (or v1, v2), and notes."""
    building = Building("healthchecks")
    for check in exported["checks"]:
        _add(building, check)
    building.notes.append(
        "The ping addresses are new: every job has to call the `ping_url` of its heartbeat."
    )
    return building.document, building.notes


def _add(building: Building, check: dict[str, Any]) -> None:
    name = check.get("name") or check.get("slug") or "Unnamed"
    cron = check.get("schedule")
    if cron and len(cron.split()) != 5:
        building.note(name, f"the schedule {cron!r} is not cron with five fields; it was left out")
        return
    building.add(
        "heartbeats",
        name,
        {
            "description": str(check.get("desc") or "")[:2000],
            "schedule": cron or period(int(check["timeout"])),
            "timezone": check.get("tz") if cron else None,
            "grace_period_seconds": min(int(check["grace"]), 2_592_000),
            "tags": tags(str(check.get("tags") or "").split()),
            "is_active": check.get("status") != "paused",
        },
    )
    for field in ("filter_subject", "filter_body", "methods", "subject", "failure_kw"):
        if check.get(field):
            building.note(name, f"{field} was left out")
