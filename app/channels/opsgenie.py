"""Opsgenie, and Jira Service Management, which speaks the same API.

Source: docs.opsgenie.com, Alert API. Everything is asynchronous: 202 says taken, not done.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import choice, secret
from app.channels.http import answered, is_page, post_json
from app.domain.messages.text import cut, utf16_length
from app.domain.messages.types import Message, Phase, Tone
from app.network.http import HttpResponse

MESSAGE, ALIAS, DESCRIPTION, ENTITY, NOTE, DETAIL = 130, 512, 15_000, 512, 25_000, 400
_PRIORITIES = {"critical": "P1", "warning": "P3", "info": "P5"}


class OpsgenieConfig(ChannelConfig):
    """Config of Opsgenie: the integration to reach."""

    api_key = secret(
        "key of an API integration", "eb243592-faa2-4ba2-a551-1afdf565c889", required=True
    )
    region = choice(
        "where the account lives; jsm for Jira Service Management", ("us", "eu", "jsm"), "us"
    )


@channel_type(
    "opsgenie",
    config=OpsgenieConfig,
    keeps_incidents=True,
    endpoints={
        "opsgenie.us": "https://api.opsgenie.com",
        "opsgenie.eu": "https://api.eu.opsgenie.com",
        "opsgenie.jsm": "https://api.atlassian.com/jsm/ops/integration",
    },
)
async def send_to_opsgenie(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Create, acknowledge and close alerts; one alert of ours is one alert there."""
    alerts = f"{context.endpoints['opsgenie.' + config['region']]}/v2/alerts"
    headers = {"Authorization": f"GenieKey {config['api_key']}"}
    alias = message.dedup_key[:ALIAS]
    one = f"{alerts}/{quote(alias, safe='')}"
    note = {
        "source": "AlertifyPro",
        "note": _cut(f"{message.title}\n{message.text}", NOTE),
    }
    for phase in _phases(message):
        if phase is Phase.TRIGGER:
            url, payload = alerts, _alert(message, alias)
        else:
            verb = "acknowledge" if phase is Phase.ACKNOWLEDGE else "close"
            url, payload = f"{one}/{verb}?identifierType=alias", note
        delivery = await post_json(context, url, payload, headers=headers, says_no=_says_no)
    return delivery


def _says_no(response: HttpResponse) -> bool:
    """Say whether an answer is Opsgenie's form of an error, whatever its status."""
    found = answered(response)
    return ("message" in found and "result" not in found) or is_page(response)


def _phases(message: Message) -> list[Phase]:
    if message.combined or message.test:  # it is over already, and leaves nothing open
        return [Phase.TRIGGER, Phase.RESOLVE]
    if message.phase is Phase.NOTE:
        return [Phase.RESOLVE if message.tone is Tone.GOOD else Phase.TRIGGER]
    return [message.phase]


def _alert(message: Message, alias: str) -> dict[str, Any]:
    details = {fact.label: _cut(fact.value, DETAIL) for fact in message.facts}
    return {
        "message": _cut(message.title, MESSAGE),
        "alias": alias,
        "description": _cut(message.body(), DESCRIPTION),
        "priority": "P5" if message.phase is Phase.NOTE else _PRIORITIES[message.severity],
        "source": "AlertifyPro",
        "entity": _cut(message.source, ENTITY),
        "tags": ["alertifypro", message.severity],
        "details": details | {"Event": message.event},
    }


def _cut(text: str, limit: int) -> str:
    return cut(text, limit, size=utf16_length)
