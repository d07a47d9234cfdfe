"""Mattermost, through an incoming webhook: one message attachment.

Source: developers.mattermost.com, "Message attachments". Mentions work in attachments too, so every
`@` is parted from its name.
"""

from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import line, web_url
from app.channels.http import post_json
from app.channels.looks import colour, footer, headline
from app.channels.markdown import link, literal, without_mentions
from app.domain.messages.text import cut
from app.domain.messages.types import Message

TITLE, TEXT, FACT, POST = 600, 8_000, 1_000, 12_000  # a post holds 16,383 characters


class MattermostConfig(ChannelConfig):
    """Config of Mattermost: where to post."""

    webhook_url = web_url(
        "address of the incoming webhook",
        "https://mattermost.example.com/hooks/abc",
        secret=True,
        required=True,
    )
    channel = line("another channel than the webhook's own", "alerts", max_length=80)


@channel_type("mattermost", config=MattermostConfig, personal=True)
async def send_to_mattermost(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Post an attachment with a table and links beside a bar in the severity's colour."""
    where = {"channel": config["channel"]} if config.get("channel") else {}
    plain = where | {"text": _text(f"{headline(message)}\n{message.body()}", POST)}
    rich = where | {"attachments": [_attachment(message)]}
    return await post_json(context, config["webhook_url"], rich, plain=plain)


def _attachment(message: Message) -> dict[str, Any]:
    links = message.addresses
    text = _text(message.text, TEXT)
    if links:
        text += "\n\n" + " · ".join(link(label, address) for label, address in links)
    return {
        "fallback": without_mentions(cut(message.subject, TITLE)),
        "color": colour(message),
        # A title with a link is plain text in Mattermost: a backslash would be shown.
        "title": without_mentions(cut(headline(message), TITLE))
        if message.links.view
        else _text(headline(message), TITLE),
        "title_link": message.links.view or "",
        "text": text,
        "fields": [
            {
                "title": fact.label,
                "value": _text(fact.value, FACT),
                "short": len(fact.value) < 40,
            }
            for fact in message.facts
        ],
        "footer": _text(footer(message), FACT),
    }


def _text(text: str, limit: int) -> str:
    return cut(text, limit, lambda part: without_mentions(literal(part)))
