"""Pushover. Source: pushover.net/api, "Pushing Messages"."""

from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import secret
from app.channels.http import post_form
from app.domain.messages.text import cut
from app.domain.messages.types import Message, Phase, Tone

TITLE, TEXT, URL, URL_TITLE = 250, 1_024, 512, 100
_HIGH, _NORMAL, _LOW = "1", "0", "-1"


class PushoverConfig(ChannelConfig):
    """Config of Pushover: the application that sends, and the user or group it sends to."""

    user_key = secret("key of the user or group", "uQiRzpo4DXghDmr9QzzfQu27cmVRsG", required=True)
    app_token = secret("token of the application", "azGDORePK8gMaC0QOYAMyEEuzJnyUi", required=True)


@channel_type(
    "pushover",
    config=PushoverConfig,
    personal=True,
    endpoints={"pushover": "https://api.pushover.net"},
)
async def send_to_pushover(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Push to telephones; a critical problem passes their quiet hours."""
    values = {
        "token": config["app_token"],
        "user": config["user_key"],
        "title": cut(message.subject, TITLE),
        "message": cut(message.body(links=False), TEXT),
        "priority": _priority(message),
        "timestamp": str(int(message.at.timestamp())),
    }
    for label, address in message.links.named():
        if len(address) <= URL:
            values |= {"url": address, "url_title": cut(label, URL_TITLE)}
            break
    return await post_form(context, f"{context.endpoints['pushover']}/1/messages.json", values)


def _priority(message: Message) -> str:
    if message.phase is Phase.TRIGGER and message.tone is Tone.CRITICAL:
        return _HIGH
    return _LOW if message.tone is Tone.MUTED else _NORMAL
