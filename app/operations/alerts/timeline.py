"""Lines of an alert's timeline, and its events on the live feed."""

from datetime import datetime

from app.models.alerts import Alert, AlertEvent
from app.operations.notifications.payloads import columns
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import Transaction


def note(
    tx: Transaction,
    alert: Alert,
    kind: str,
    *,
    actor: str | None = None,
    text: str = "",
    at: datetime | None = None,
) -> None:
    """Add a line to an alert's timeline."""
    event = AlertEvent(alert_id=alert.id, kind=kind, actor=actor, text=text)
    if at is not None:
        event.at = at
    tx.session.add(event)


def publish(tx: Transaction, alert: Alert, kind: str) -> None:
    """Put an alert on the live feed after the commit."""
    # Read now: after the commit the row is expired, and a look at it would begin a transaction.
    event = Event(alert.organization_id, kind, columns(alert))
    tx.after_commit(lambda: runtime().feed.publish([event]))
