"""As much of a service's stored history as a rule looks at, and what a rule remembers of it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from app.domain import flapping
from app.domain.alerts import RuleState
from app.domain.check_history import History, Needs, Point, Window
from app.domain.types import Status
from app.models.alert_rules import RuleState as StoredRuleState
from app.transaction import Transaction

_POINT = "checked_at, status, response_time_ms, status_code, error, in_maintenance"
_RECENT = f"""
SELECT {_POINT} FROM check_results
WHERE service_id = %s AND status IN ('GREEN', 'YELLOW', 'RED') AND NOT in_maintenance
ORDER BY scheduled_for DESC LIMIT %s
"""  # noqa: S608  a constant
# Every point of the time, and the one before it, which shows that a state already held then.
_SINCE = f"""
(SELECT {_POINT}, scheduled_for FROM check_results
 WHERE service_id = %(service)s AND scheduled_for > now() - %(seconds)s * interval '1 second'
   AND status IN ('GREEN', 'YELLOW', 'RED') AND NOT in_maintenance)
UNION ALL
(SELECT {_POINT}, scheduled_for FROM check_results
 WHERE service_id = %(service)s AND scheduled_for <= now() - %(seconds)s * interval '1 second'
   AND status IN ('GREEN', 'YELLOW', 'RED') AND NOT in_maintenance
 ORDER BY scheduled_for DESC LIMIT 1)
ORDER BY scheduled_for DESC
"""  # noqa: S608  a constant
_WINDOW = """
SELECT count(*), count(*) FILTER (WHERE status = 'RED'),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY response_time_ms)
FROM check_results
WHERE service_id = %s AND scheduled_for > now() - %s * interval '1 minute'
  AND status IN ('GREEN', 'YELLOW', 'RED') AND NOT in_maintenance
"""


def load(tx: Transaction, service_id: UUID, latest: Point, needs: Needs) -> History:
    """Return the history a rule needs; no query for a rule that looks at the latest result only.

    The latest result, stored a moment ago, stands in it with its settled colour.
    """
    recent: list[Point] = []
    if needs.last_results:
        rows = tx.driver.execute(_RECENT, (service_id, needs.last_results)).fetchall()
        recent = [_point(row) for row in rows]
    if needs.seconds:
        values = {"service": service_id, "seconds": needs.seconds}
        since = [_point(row) for row in tx.driver.execute(_SINCE, values).fetchall()]
        recent = max(recent, since, key=len)
    windows: dict[int, Window] = {}
    for minutes in needs.windows_minutes:
        row = tx.driver.execute(_WINDOW, (service_id, minutes)).fetchone()
        if row:
            windows[minutes] = Window(*row)
    if recent and recent[0].at == latest.at:
        recent[0] = latest
    return History(latest, recent, windows)


def _point(row: tuple[datetime, str, float | None, int | None, str | None, bool]) -> Point:
    return Point(row[0], Status(row[1]), row[2], row[3], row[4], in_maintenance=row[5])


def colours(tx: Transaction, service_id: UUID) -> list[Status]:
    """Return the colours of the results that decide about flapping, newest first."""
    rows = tx.driver.execute(_RECENT, (service_id, flapping.CHECKS)).fetchall()
    return [Status(row[1]) for row in rows]


def with_cooldown(tx: Transaction, state: RuleState, rule_id: UUID, service_id: UUID) -> RuleState:
    """Return the state with the time at which the rule's last alert on a service was resolved."""
    stored = tx.session.get(StoredRuleState, (rule_id, service_id))
    return replace(state, last_resolved_at=stored.resolved_at) if stored else state


def rearm(tx: Transaction, rule_id: UUID, service_id: UUID) -> None:
    """Let a rule fire again that an alert resolved by hand had held back."""
    tx.session.execute(
        update(StoredRuleState)
        .where(StoredRuleState.alert_rule_id == rule_id, StoredRuleState.service_id == service_id)
        .values(is_latched=False)
    )
