"""Monthly reports by mail: who wants them, and the sending, once each."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.domain.messages.text import duration, isolated
from app.domain.metrics.months import due_at, due_month, last_month, month_after, window
from app.operations.metrics import sla
from app.operations.notifications import system_mail
from app.platform.bootstrap import runtime
from app.platform.transaction import DATABASE_AWAY, transaction
from app.security.subscription_links import sign_report

log = logging.getLogger(__name__)

_MOST_LINES = 100
_SUBSCRIBED = """
SELECT sla_target, reported_month FROM report_subscriptions
WHERE organization_id = %s AND user_id = %s
"""
_ZONE = "SELECT timezone, now() FROM organizations WHERE id = %s"
# The first report is of the month that ends next.
_SUBSCRIBE = """
INSERT INTO report_subscriptions (organization_id, user_id, sla_target, reported_month)
VALUES (%s, %s, %s, %s)
ON CONFLICT (organization_id, user_id) DO UPDATE SET sla_target = excluded.sla_target
"""
_UNSUBSCRIBE = "DELETE FROM report_subscriptions WHERE organization_id = %s AND user_id = %s"
_ALL = """
SELECT r.organization_id, r.user_id, r.sla_target, r.reported_month, u.email, o.timezone, now()
FROM report_subscriptions r JOIN organizations o ON o.id = r.organization_id
JOIN users u ON u.id = r.user_id
ORDER BY r.organization_id, r.user_id
"""
_REPORTED = """
UPDATE report_subscriptions SET reported_month = %s
WHERE organization_id = %s AND user_id = %s AND reported_month < %s
"""


def read(organization_id: UUID, user_id: UUID) -> dict[str, Any]:
    """Return whether somebody gets the monthly report, by which target, and the next one.

    Of somebody who gets none the next is the one that would come.
    """
    with transaction() as tx:
        found = tx.driver.execute(_SUBSCRIBED, (organization_id, user_id)).fetchone()
        ((timezone, now),) = tx.driver.execute(_ZONE, (organization_id,)).fetchall()
    zone = ZoneInfo(timezone)
    target, reported = found or (None, last_month(now, zone))
    # What was missed, because no mail could be sent, is not made up for: the newest is sent.
    following = max(month_after(reported), due_month(now, zone))
    return {
        "is_subscribed": found is not None,
        "sla_target": target,
        "can_be_sent": system_mail.is_possible(),
        "next_month": following,
        "next_due_at": due_at(following, zone),
    }


def subscribe(organization_id: UUID, user_id: UUID, sla_target: float) -> None:
    """Have the monthly report sent to a member, from the month on that ends next."""
    with transaction() as tx:
        ((timezone, now),) = tx.driver.execute(_ZONE, (organization_id,)).fetchall()
        values = (organization_id, user_id, sla_target, last_month(now, ZoneInfo(timezone)))
        tx.driver.execute(_SUBSCRIBE, values)


def unsubscribe(organization_id: UUID, user_id: UUID) -> None:
    """Send a member no more monthly reports; doing it twice is fine."""
    with transaction() as tx:
        tx.driver.execute(_UNSUBSCRIBE, (organization_id, user_id))


def send_due() -> int:
    """Put the reports that are due into the outbox; return how many.

    Each is put there in the transaction that says so: neither a kill nor a second worker sends one
    twice. One that fails is logged, and holds up no other.
    """
    if not system_mail.is_possible():
        return 0
    with transaction() as tx:
        rows = tx.driver.execute(_ALL).fetchall()
    count = 0
    for organization_id, user_id, target, reported, email, timezone, now in rows:
        month = due_month(now, ZoneInfo(timezone))
        if reported >= month:
            continue
        try:
            count += _send(organization_id, user_id, target, email, month, ZoneInfo(timezone))
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("no monthly report", extra={"organization_id": str(organization_id)})
    return count


def _send(
    organization_id: UUID, user_id: UUID, target: float, email: str, month: date, zone: ZoneInfo
) -> bool:
    found = sla.report(organization_id, *window(month, zone), target, None)
    base = runtime().config.base_url
    leave = f"{base}/api/v1/reports/monthly/leave/{sign_report(organization_id, user_id)}"
    subject = f"Service levels of {isolated(found['organization'])}, {month:%B %Y}"
    with transaction() as tx:
        values = (month, organization_id, user_id, month)
        if not tx.driver.execute(_REPORTED, values).rowcount:
            return False
        system_mail.enqueue_mail(
            tx, organization_id, email, subject, _text(found, f"{base}/reports", leave), leave
        )
    return True


def _text(found: Mapping[str, Any], reports: str, leave: str) -> str:
    zone = ZoneInfo(found["timezone"])
    begin, end = (found[name].astimezone(zone) for name in ("period_start", "period_end"))
    worst = sorted(
        found["services"],
        key=lambda row: (
            row["uptime_percentage"] is None,
            row["uptime_percentage"],
            -row["downtime_seconds"],
        ),
    )
    lines = [
        f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} ({found['timezone']}),"
        f" target {found['sla_target']:.15g} %",
        "",
        _line("All services", found["total"]),
        "",
        *(_line(row["name"], row) for row in worst[:_MOST_LINES]),
    ]
    if len(worst) > _MOST_LINES:
        lines.append(f"and {len(worst) - _MOST_LINES} more")
    return "\n".join([*lines, "", f"All reports: {reports}", f"No more of these: {leave}"])


def _line(name: str, row: Mapping[str, Any]) -> str:
    name = isolated(name)
    if row["uptime_percentage"] is None:
        return f"{name}: no data"
    missed = "" if row["is_met"] else ", target missed"
    down = row["downtime_seconds"]
    told = f"{duration(down)} down, incidents: {row['incidents']}" if down else "never down"
    return f"{name}: {row['uptime_percentage']:.2f} %, {told}{missed}"
