"""PagerDuty, through the Events API v2: one incident for one alert, opened and closed by it.

Source: PagerDuty developer documentation, "Send an Alert Event" and "Send a Change Event".
"""

from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import choice, secret
from app.channels.http import post_json
from app.domain.messages.text import cut, timestamp, utf16_length
from app.domain.messages.types import Message, Phase

SUMMARY, DEDUP_KEY, DETAIL = 1_024, 255, 8_000
_SEVERITIES = {"critical": "critical", "warning": "warning", "info": "info"}


class PagerDutyConfig(ChannelConfig):
    """Config of PagerDuty: the service to reach."""

    routing_key = secret(
        "integration key of an Events API v2 integration",
        "0123456789abcdef0123456789abcdef",
        required=True,
    )
    region = choice("service region of the account", ("us", "eu"), "us")


@channel_type(
    "pagerduty",
    config=PagerDutyConfig,
    keeps_incidents=True,
    endpoints={
        "pagerduty.us": "https://events.pagerduty.com",
        "pagerduty.eu": "https://events.eu.pagerduty.com",
    },
)
async def send_to_pagerduty(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Trigger, acknowledge and resolve incidents; other events are recorded as changes.

    PagerDuty drops a resolve without an open alert. So a message that tells of an alert already
    over opens and closes it, and a test leaves nothing open behind it.
    """
    base = context.endpoints[f"pagerduty.{config['region']}"]
    if message.phase is Phase.NOTE:
        change = {"routing_key": config["routing_key"], "payload": _change(message)}
        url = f"{base}/v2/change/enqueue"
        return await post_json(context, url, change | _links(message), plain=change)
    over = message.combined or message.test
    for phase in (Phase.TRIGGER, Phase.RESOLVE) if over else (message.phase,):
        event = _event(message, phase, config["routing_key"])
        rich = event | _links(message) if phase is Phase.TRIGGER else event
        delivery = await post_json(context, f"{base}/v2/enqueue", rich, plain=event)
    return delivery


def _event(message: Message, phase: Phase, routing_key: str) -> dict[str, Any]:
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": phase.value,
        "dedup_key": message.dedup_key[:DEDUP_KEY],
    }
    if phase is not Phase.TRIGGER:
        return event
    service = message.service or {}
    payload = _change(message) | {
        "severity": _SEVERITIES.get(message.severity, "error"),
        "component": message.source,
        "group": message.organization.name,
        "class": service.get("check_type") or message.event,
    }
    return event | {"client": "AlertifyPro", "payload": payload}


def _change(message: Message) -> dict[str, Any]:
    details = {fact.label: fact.value for fact in message.facts}
    details |= {"Event": message.event, "Message": cut(message.text, DETAIL)}
    details |= dict(message.links.named())
    summary = f"{message.title}: {' '.join(message.text.split())}"
    return {
        "summary": cut(summary, SUMMARY, size=utf16_length),
        "source": message.source,
        "timestamp": timestamp(message.at),
        "custom_details": details,
    }


def _links(message: Message) -> dict[str, Any]:
    pairs = message.addresses
    links = [{"href": address, "text": label} for label, address in pairs]
    return {"links": links} | ({"client_url": message.links.view} if message.links.view else {})
