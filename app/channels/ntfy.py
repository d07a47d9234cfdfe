"""ntfy, published as JSON, so that no text has to fit into a header. Source: docs.ntfy.sh."""

from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import line, secret, web_url
from app.channels.http import post_json
from app.domain.messages.text import cut, utf8_length
from app.domain.messages.types import Message, Tone

TITLE, TEXT, ACTIONS = 250, 3_900, 3  # bytes; beyond 4,096 a message becomes an attached file
_PRIORITIES = {
    Tone.CRITICAL: 5,
    Tone.WARNING: 4,
    Tone.INFO: 3,
    Tone.GOOD: 3,
    Tone.MUTED: 2,
}
_TAGS = {
    Tone.CRITICAL: "rotating_light",
    Tone.WARNING: "warning",
    Tone.INFO: "information_source",
    Tone.GOOD: "white_check_mark",
    Tone.MUTED: "eyes",
}


class NtfyConfig(ChannelConfig):
    """Config of ntfy: the topic to publish to."""

    server = web_url("address of the server", "https://ntfy.sh", load_default="https://ntfy.sh")
    topic = line(
        "name of the topic: letters, digits, - and _",
        "acme-alerts",
        required=True,
        max_length=64,
        pattern=r"[-_A-Za-z0-9]+\Z",
    )
    token = secret("access token", "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")


@channel_type("ntfy", config=NtfyConfig, personal=True)
async def send_to_ntfy(message: Message, config: Mapping[str, Any], context: Context) -> Delivery:
    """Publish with a priority, a tag and up to three buttons."""
    headers = {"Authorization": f"Bearer {config['token']}"} if config.get("token") else None
    plain = {
        "topic": config["topic"],
        "title": cut(message.subject, TITLE, size=utf8_length),
        "message": cut(message.body(links=False), TEXT, size=utf8_length),
        "priority": _PRIORITIES[message.tone],
    }
    rich = plain | {"tags": [_TAGS[message.tone]]}
    if message.links.view:
        rich["click"] = message.links.view
    pairs = [(label, url) for label, url in message.addresses if url != message.links.view]
    rich["actions"] = [
        {"action": "view", "label": label, "url": url} for label, url in pairs[:ACTIONS]
    ]
    return await post_json(context, config["server"], rich, headers=headers, plain=plain)
