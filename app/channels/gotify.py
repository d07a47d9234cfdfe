"""Gotify. Source: gotify.net/docs/pushmsg and message extras."""

from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import secret, web_url
from app.channels.http import post_json
from app.domain.messages.text import cut
from app.domain.messages.types import Message, Tone

TITLE, TEXT = 250, 10_000
_PRIORITIES = {Tone.CRITICAL: 8, Tone.WARNING: 6, Tone.INFO: 4, Tone.GOOD: 4, Tone.MUTED: 2}


class GotifyConfig(ChannelConfig):
    """Config of Gotify: the server and the application to push to."""

    server = web_url("address of the server", "https://gotify.example.com", required=True)
    token = secret("token of the application", "AbCdEf123456789", required=True)


@channel_type("gotify", config=GotifyConfig, personal=True)
async def send_to_gotify(message: Message, config: Mapping[str, Any], context: Context) -> Delivery:
    """Push a plain-text message that opens the alert."""
    extras: dict[str, Any] = {"client::display": {"contentType": "text/plain"}}
    if message.links.view:
        extras["client::notification"] = {"click": {"url": message.links.view}}
    payload = {
        "title": cut(message.subject, TITLE),
        "message": cut(message.body(), TEXT),
        "priority": _PRIORITIES[message.tone],
        "extras": extras,
    }
    url = f"{config['server'].rstrip('/')}/message"
    return await post_json(context, url, payload, headers={"X-Gotify-Key": config["token"]})
