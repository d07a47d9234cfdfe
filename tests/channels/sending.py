"""Sends one message through one channel, from a loop of its own, to receivers on loopback."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.channels import Context, Delivery, deliver, parse_smtp_url
from app.domain.checks.addresses import AddressPolicy
from app.domain.messages.messages import Links, Message, NotificationPayload, compose
from app.network.network import Network

NOW = datetime(2026, 3, 2, 14, 27, tzinfo=UTC)
ORGANIZATION = {"id": "8a1b6c5e-0000-4000-8000-000000000001", "name": "Acme"}
ALERT = {
    "id": "8a1b6c5e-0000-4000-8000-00000000000a",
    "organization_id": ORGANIZATION["id"],
    "service_id": "8a1b6c5e-0000-4000-8000-00000000000b",
    "service_name": "Checkout",
    "alert_rule_id": "8a1b6c5e-0000-4000-8000-00000000000c",
    "severity": "critical",
    "title": "Service down Triggered by Check",
    "message": "Check failed with status RED: connection refused",
    "status": "firing",
    "fired_at": NOW - timedelta(minutes=4),
    "acknowledged_at": None,
}
SERVICE = {
    "id": ALERT["service_id"],
    "name": "Checkout",
    "endpoint": "https://shop.example.com/health",
    "check_type": "HTTP",
    "status": "RED",
    "config": {"bearer_token": {"$sealed": "never to be told"}},
}
LINKS = Links(
    view="https://status.example.com/alerts/1",
    acknowledge="https://status.example.com/alerts/act/signed-ack",
    snooze="https://status.example.com/alerts/act/signed-snooze",
)
FIRED = NotificationPayload(
    id="del_0123456789",
    event="alert.fired",
    at=NOW,
    organization=ORGANIZATION,
    alert=ALERT,
    service=SERVICE,
    links=LINKS,
    runbook_url="https://wiki.example.com/runbook",
)


def payload(**changes: Any) -> NotificationPayload:
    """Return the usual payload with some of it changed."""
    return replace(FIRED, **changes)


def message(**changes: Any) -> Message:
    """Return the message of the usual payload with some of it changed."""
    return compose(payload(**changes))


def send(
    kind: str,
    what: Message,
    config: Mapping[str, Any],
    *,
    smtp_url: str = "",
    template: Mapping[str, Any] | None = None,
    policy: AddressPolicy | None = None,
    ca_file: str | None = None,
    secrets: Sequence[str] = (),
    **context: Any,
) -> Delivery:
    """Deliver and return. Raises DeliveryError."""
    rules = policy or AddressPolicy()

    async def go() -> Delivery:
        network = Network(rules, ca_file=ca_file)
        try:
            lent = Context(network, rules, parse_smtp_url(smtp_url), **context)
            return await deliver(kind, what, config, lent, template, secrets)
        finally:
            network.close()

    return asyncio.run(go())
