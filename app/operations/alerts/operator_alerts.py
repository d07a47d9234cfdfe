"""Alerts about the monitor itself: they go to the organizations of its operators.

Those about agents at an organization's own locations go to that organization: it runs them.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from app.models.alerts import Alert
from app.models.members import Membership, User
from app.operations.alerts import lifecycle
from app.platform.transaction import Transaction, single_value, transaction

SOURCE = "AlertifyPro itself"
TITLES = {
    "regions": "Checks are not running",
    "blind": "The monitor is blind",
    "late": "The monitor is behind",
    "peer": "The other installation is not well",
    "quarantine": "Work of the monitor is set aside",
    "locations": "A location makes no checks",
}


def update(kind: str, problem: str | None) -> None:
    """Open one alert about a problem of this installation; resolve it when it is over."""
    if problem is None and not _is_open(kind):
        return
    with transaction() as tx:
        _lock(tx, kind)
        organizations = () if problem is None else _operators_organizations(tx)
        _update(tx, TITLES[kind], dict.fromkeys(organizations, problem or ""))


def update_each(kind: str, problems: Mapping[UUID, str]) -> None:
    """Open one alert in each organization that has a problem; resolve where there is none."""
    if not problems and not _is_open(kind):
        return
    with transaction() as tx:
        _lock(tx, kind)
        _update(tx, TITLES[kind], problems)


def _is_open(kind: str) -> bool:
    return bool(
        single_value(
            "SELECT EXISTS (SELECT FROM alerts WHERE status <> 'resolved' AND title = %s"
            " AND service_name = %s AND service_id IS NULL AND heartbeat_id IS NULL)",
            (TITLES[kind], SOURCE),
        )
    )


def _lock(tx: Transaction, kind: str) -> None:
    """Let one at a time look: two ticks that meet must not open two alerts."""
    tx.driver.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"operator {kind}",))


def _update(tx: Transaction, title: str, problems: Mapping[UUID, str]) -> None:
    open_alerts = tx.session.scalars(
        select(Alert).where(
            Alert.title == title,
            Alert.service_name == SOURCE,
            Alert.service_id.is_(None),
            Alert.heartbeat_id.is_(None),
            Alert.status != "resolved",
        )
    ).all()
    now = tx.now()
    for alert in open_alerts:
        if alert.organization_id not in problems:
            lifecycle.resolve_alert(tx, alert, now)
    told = {alert.organization_id for alert in open_alerts}
    for organization_id in sorted(problems.keys() - told):
        problem = problems[organization_id]
        lifecycle.open_alert(
            tx,
            Alert(
                organization_id=organization_id,
                service_name=SOURCE,
                severity="critical",
                title=title,
                message=problem,
                reason=problem,
                status="firing",
                fired_at=now,
            ),
        )


def _operators_organizations(tx: Transaction) -> set[UUID]:
    """Return the first organization that each operator owns."""
    rows = tx.session.execute(
        select(Membership.user_id, Membership.organization_id)
        .join(User, User.id == Membership.user_id)
        .where(User.is_operator, Membership.role == "owner")
        .order_by(Membership.user_id, Membership.created_at)
        .ext(distinct_on(Membership.user_id))
    )
    return {row.organization_id for row in rows}
