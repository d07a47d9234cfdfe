"""Alerts about the monitor itself: they go to the organizations of its operators."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from app.models.alerts import Alert
from app.models.members import Membership, User
from app.operations.alerts import lifecycle
from app.platform.transaction import Transaction, transaction

SOURCE = "AlertifyPro itself"
TITLES = {
    "regions": "Checks are not running",
    "blind": "The monitor is blind",
    "late": "The monitor is behind",
    "peer": "The other installation is not well",
    "quarantine": "Work of the monitor is set aside",
}


def update(kind: str, problem: str | None) -> None:
    """Open one alert about a problem of this installation, and resolve it when it is over."""
    title = TITLES[kind]
    with transaction() as tx:
        # One at a time: two ticks that meet must not open two.
        tx.driver.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (f"operator {kind}",))
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
        if problem is None:
            for alert in open_alerts:
                lifecycle.resolve_alert(tx, alert, now)
            return
        told = {alert.organization_id for alert in open_alerts}
        for organization_id in _operators_organizations(tx) - told:
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
