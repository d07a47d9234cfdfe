"""The invariants of reliability, read off the database and the receiver after a story."""

from collections import defaultdict
from typing import Any

from tests.flows.product import Product
from tests.receivers import Received
from tests.soak.story import INTERVAL_SECONDS, SEEN_AFTER_SECONDS, Story


def check_invariants(
    product: Product, story: Story, requests: list[Received], services: dict[str, str]
) -> None:
    """Add to a story what was told, and every fault; `services` are names by id."""
    story.messages = len(requests)
    first: dict[str, Received] = {}
    notified: dict[str, dict[str, float]] = defaultdict(dict)  # alert -> event -> when
    for request in requests:
        body = request.json
        if body["id"] in first:
            story.duplicates += 1
            if request.headers["webhook-id"] != first[body["id"]].headers["webhook-id"]:
                story.faults.append("a duplicate came under another id")
            continue
        first[body["id"]] = request
        rows = body["data"].get("alerts") or [body["data"]["alert"]]
        for alert in rows:
            kind = "alert.resolved" if alert["status"] == "resolved" else "alert.fired"
            notified[alert["id"]].setdefault(kind, request.at)
    if story.duplicates > len(story.kills):
        story.faults.append(f"{story.duplicates} duplicates in {len(story.kills)} kills")
    with product.database() as connection:
        alerts = connection.execute(
            "SELECT id::text, service_id::text, extract(epoch FROM fired_at)::float,"
            " extract(epoch FROM resolved_at)::float, reason FROM alerts"
            " WHERE service_id IS NOT NULL"
        ).fetchall()
        sent = {
            row[0]: row[1]
            for row in connection.execute(
                "SELECT alert_id::text, string_agg(kind || ' ' || status || ' ' || attempts"
                " || ' ' || coalesce(message ->> 'event', ''), ', ' ORDER BY created_at)"
                " FROM notifications WHERE alert_id IS NOT NULL GROUP BY 1"
            ).fetchall()
        }
    _check_alerts(story, alerts, notified, services, sent)
    _check_results(product, story)


def _check_alerts(
    story: Story,
    alerts: list[Any],
    notified: dict[str, dict[str, float]],
    services: dict[str, str],
    sent: dict[str, str],
) -> None:
    for id, service_id, fired_at, resolved_at, reason in alerts:
        name = services[service_id]
        about = f"the alert of {name} at {fired_at:.1f} ({reason})"
        if resolved_at is None:
            story.faults.append(f"{about} is open on a healthy service")
        if "alert.resolved" not in notified[id]:
            story.faults.append(f"the end of {about} was not told: {sent.get(id)}")
        if notified[id].get("alert.fired", 0) > notified[id].get("alert.resolved", float("inf")):
            story.faults.append(f"{about} was told after its end")
        if not any(
            outage.service == name
            and outage.began_at - 1 <= fired_at <= outage.ended_at + SEEN_AFTER_SECONDS
            for outage in story.outages
        ):
            story.faults.append(f"{about} fired without an outage")
    for outage in story.outages:
        if outage.ended_at - outage.began_at < SEEN_AFTER_SECONDS:
            continue  # short enough to fall between two checks while something was restarting
        since = story.failing_since(outage)
        if not any(
            services[service_id] == outage.service
            and since - 1 <= fired_at <= outage.ended_at + SEEN_AFTER_SECONDS
            and (resolved_at is None or resolved_at >= outage.began_at)
            for _, service_id, fired_at, resolved_at, _ in alerts
        ):
            struck = [
                f"{name} {at - outage.began_at:+.1f} s"
                for at, name in story.kills
                if outage.began_at - 15 <= at <= outage.ended_at + SEEN_AFTER_SECONDS
            ]
            story.faults.append(
                f"the outage of {outage.service} at {outage.began_at:.1f}, for"
                f" {outage.ended_at - outage.began_at:.1f} s, was missed; struck: {struck}"
            )


def _check_results(product: Product, story: Story) -> None:
    with product.database() as connection:
        doubled = connection.execute(
            "SELECT count(*) FROM (SELECT FROM check_results"
            " GROUP BY service_id, region, scheduled_for HAVING count(*) > 1) twice"
        ).fetchone()
        gap = connection.execute(
            "SELECT max(extract(epoch FROM at - before))::float FROM (SELECT checked_at AS at,"
            " lag(checked_at) OVER (PARTITION BY service_id ORDER BY checked_at) AS before"
            " FROM check_results) pairs"
        ).fetchone()
    if doubled and doubled[0]:
        story.faults.append(f"{doubled[0]} due times have two results")
    if gap and gap[0] and gap[0] > INTERVAL_SECONDS + 15:
        story.faults.append(f"no checks for {gap[0]:.1f} s")
