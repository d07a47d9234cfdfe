"""Payloads as the outbox stores them: rows frozen at the moment they speak of."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select

from app.domain.messages.messages import Links, NotificationPayload
from app.models.alerts import Alert
from app.models.heartbeats import Heartbeat
from app.models.organization import Organization
from app.models.services import Service
from app.platform.bootstrap import runtime
from app.platform.events import timestamp
from app.platform.transaction import Transaction
from app.security.alert_links import AlertAction, sign

_TIMES = ("_at", "_until")
# A dependent service may fail this much before the cause does; the rest is for clocks. It narrows
# the search for what an alert hides to a part of an index.
HIDDEN_BEFORE = timedelta(minutes=10)


def of_alert(tx: Transaction, alert: Alert, event: str, **more: Any) -> dict[str, Any]:
    """Return the payload of a message about an alert as it is stored: the alert and its subject.

    `more` are further fields of `NotificationPayload` (`reason`, `actor`, `note`, `root_cause`, …).
    """
    payload: dict[str, Any] = {
        "event": event,
        "organization": _organization(tx, alert.organization_id),
        "alert": columns(alert),
        "service": _row(tx, Service, alert.service_id),
        "heartbeat": _row(tx, Heartbeat, alert.heartbeat_id),
        "reason": alert.reason,
        "runbook_url": alert.runbook_url,
        "hidden_services": hidden_services(tx, alert),
        **more,
    }
    return stored(payload)


def hidden_services(tx: Transaction, alert: Alert) -> list[dict[str, Any]]:
    """Return id and name of the services that an alert hides as their root cause, by name."""
    found = tx.session.execute(
        select(Alert.service_id, Alert.service_name)
        .where(
            Alert.organization_id == alert.organization_id,
            Alert.fired_at >= alert.fired_at - HIDDEN_BEFORE,
            Alert.suppressed_by == alert.id,
        )
        .distinct()
        .order_by(Alert.service_name, Alert.service_id)
    )
    return [dict(row) for row in found.mappings()]


def of_organization(tx: Transaction, organization_id: UUID, event: str, **more: Any) -> Any:
    """Return the payload of a message about no single alert as it is stored."""
    return stored({"event": event, "organization": _organization(tx, organization_id), **more})


def stored(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping as plain JSON data."""
    result: dict[str, Any] = json.loads(json.dumps(payload, default=_plain))
    return result


def revive(
    message: Mapping[str, Any], *, id: str, at: datetime, alert_id: UUID | None, recipient: str
) -> NotificationPayload:
    """Return the payload of a stored message, with its links signed for a recipient."""
    fields = {name: _revived(value) for name, value in message.items()}
    return NotificationPayload(id=id, at=at, links=_links(alert_id, recipient), **fields)


def _links(alert_id: UUID | None, recipient: str) -> Links:
    if alert_id is None:
        return Links()
    return Links(
        view=f"{runtime().config.base_url}/alerts/{alert_id}",
        acknowledge=sign(AlertAction("acknowledge", alert_id, recipient)),
        snooze=sign(AlertAction("snooze", alert_id, recipient)),
    )


def columns(row: Any) -> dict[str, Any]:
    """Return the columns of a mapped row by name."""
    return {name: getattr(row, name) for name in inspect(row).mapper.column_attrs.keys()}  # noqa: SIM118


def _organization(tx: Transaction, organization_id: UUID) -> dict[str, Any]:
    query = select(Organization.name).where(Organization.id == organization_id)
    name = tx.known(("organization", organization_id), lambda: tx.session.scalar(query))
    return {"id": organization_id, "name": name}


def _row(tx: Transaction, model: Any, id: UUID | None) -> dict[str, Any] | None:
    row = tx.session.get(model, id) if id is not None else None
    return without_config(row) if row is not None else None


def without_config(row: Any) -> dict[str, Any]:
    """Return the columns of a service or heartbeat that may be stored with a message."""
    # Configs and keys stay at home: what is not needed in a message is not stored with it.
    return {
        name: value
        for name, value in columns(row).items()
        if name not in ("config", "unique_key", "previous_key")
    }


def _plain(value: Any) -> str:
    return timestamp(value) if isinstance(value, datetime) else str(value)


def _revived(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            name: datetime.fromisoformat(item)
            if isinstance(item, str) and name.endswith(_TIMES)
            else _revived(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_revived(item) for item in value]
    return value
