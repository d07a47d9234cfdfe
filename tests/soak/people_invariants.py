"""The invariants of a soak with people: nobody is missed, and no end comes alone."""

from typing import Any, NamedTuple

from tests.flows.product import Product
from tests.receivers import Received
from tests.soak.story import SEEN_AFTER_SECONDS, Outage, PeopleStory

LEAST_SECONDS = 6.0
_DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
# Lines that say why nobody heard of an alert, or what somebody did about it before they could.
_EXPLAINED = ("untold", "undelivered", "suppressed", "snoozed", "acknowledged")


class StoredAlert(NamedTuple):
    """An alert as the database has it; times in seconds since the epoch."""

    id: str
    service_id: str
    fired_at: float
    resolved_at: float | None
    resolved_by: str | None
    kinds: list[str]
    messages: str | None


def check_invariants(
    product: Product, story: PeopleStory, heard: list[Received], services: dict[str, str]
) -> None:
    """Add to a story every fault; `services` are ids by name."""
    story.messages = len(heard)
    notified = _check_ends(story, heard)
    with product.database() as connection:
        alerts = [
            StoredAlert(*row)
            for row in connection.execute(
                "SELECT a.id::text, a.service_id::text, extract(epoch FROM a.fired_at)::float,"
                " extract(epoch FROM a.resolved_at)::float, a.resolved_by,"
                " (SELECT array_agg(e.kind ORDER BY e.id) FROM alert_events e"
                "  WHERE e.alert_id = a.id),"
                " (SELECT string_agg(concat_ws(' ', n.kind, n.recipient_key, n.status), '; ')"
                "  FROM notifications n WHERE n.alert_id = a.id)"
                " FROM alerts a WHERE a.service_id IS NOT NULL"
            ).fetchall()
        ]
        story.deadlocks = connection.execute(_DEADLOCKS).fetchall()[0][0]
    story.alerts = len(alerts)
    for alert in alerts:
        reached = alert.id in notified
        explained = any(kind in _EXPLAINED for kind in alert.kinds) or alert.resolved_by is not None
        story.reached += reached
        if not reached and not explained:
            story.faults.append(f"nobody heard of {alert}, and its timeline does not say why")
    for outage in story.outages:
        for begin, end in _watched(story, outage):
            _check_outage(
                story,
                outage,
                begin,
                end,
                [alert for alert in alerts if alert.service_id == services[outage.service]],
            )


def _check_ends(story: PeopleStory, heard: list[Received]) -> set[str]:
    """Return the alerts that somebody heard of; add a fault for each end without a beginning."""
    begun: dict[tuple[str, str], float] = {}
    notified = set()
    for request in sorted(heard, key=lambda one: one.at):
        data, event = request.json["data"], request.json["event"]
        for alert in data.get("alerts") or [data["alert"]]:
            key = (request.path, alert["id"])
            notified.add(alert["id"])
            if event != "alert.resolved" and alert["status"] != "resolved":
                begun.setdefault(key, request.at)
            elif key not in begun and not data.get("combined") and not alert.get("combined"):
                story.faults.append(
                    f"{request.path} heard the end of {alert['id']} alone ({event})"
                )
    return notified


def _watched(story: PeopleStory, outage: Outage) -> list[tuple[float, float]]:
    """Return the stretches of an outage in which its service was not paused, if long enough."""
    stretches, begin = [], outage.began_at
    for paused_at, resumed_at in story.pauses[outage.service]:
        if resumed_at <= begin or paused_at >= outage.ended_at:
            continue
        stretches.append((begin, paused_at))
        begin = resumed_at
    stretches.append((begin, outage.ended_at))
    return [(a, b) for a, b in stretches if b - a >= max(LEAST_SECONDS, SEEN_AFTER_SECONDS)]


def _check_outage(
    story: PeopleStory, outage: Outage, begin: float, end: float, alerts: list[Any]
) -> None:
    # One that somebody resolved while it failed is told of; the rule waits until it was fine once.
    since = story.failing_since(outage)
    if not any(
        alert.fired_at <= end + SEEN_AFTER_SECONDS
        and (
            alert.resolved_at is None
            or alert.resolved_at >= begin
            or (alert.resolved_by is not None and alert.resolved_at >= since)
        )
        for alert in alerts
    ):
        struck = [
            f"{name} {at - begin:+.1f} s" for at, name in story.kills if begin - 15 <= at <= end
        ]
        story.faults.append(
            f"the outage of {outage.service} at {begin:.1f}, for {end - begin:.1f} s, was missed;"
            f" struck: {struck}"
        )
