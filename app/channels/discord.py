"""Discord, through a channel's webhook: one embed. Limits: Discord developer documentation."""

from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import web_url
from app.channels.http import answered, is_page, post_json
from app.channels.looks import colour, footer, headline, is_known_everywhere
from app.channels.markdown import link, literal
from app.domain.messages.text import cut, timestamp, utf16_length
from app.domain.messages.types import Message
from app.network.http import HttpResponse

CONTENT, TITLE, DESCRIPTION, VALUE, FOOTER, TOTAL = 2_000, 256, 4_096, 1_024, 2_048, 6_000
_FACT = 256
_NOBODY: Mapping[str, Any] = {"parse": []}  # no mention of anybody, whatever the text says
_NO_PREVIEWS = 1 << 2


class DiscordConfig(ChannelConfig):
    """Config of Discord: where to post."""

    webhook_url = web_url(
        "address of the channel's webhook",
        "https://discord.com/api/webhooks/123/abc",
        secret=True,
        required=True,
    )


@channel_type("discord", config=DiscordConfig, personal=True)
async def send_to_discord(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Post an embed in the severity's colour; nobody is mentioned."""
    text = f"{headline(message)}\n{message.body()}"
    plain = {
        "content": cut(text, CONTENT, literal, utf16_length),
        "allowed_mentions": _NOBODY,
        "flags": _NO_PREVIEWS,
    }
    rich = {"embeds": [_embed(message)], "allowed_mentions": _NOBODY}
    return await post_json(context, config["webhook_url"], rich, plain=plain, says_no=_says_no)


def _says_no(response: HttpResponse) -> bool:
    """Say whether an answer is Discord's form of an error, whatever its status."""
    found = answered(response)
    return ("code" in found and "message" in found and "id" not in found) or is_page(response)


def _embed(message: Message) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"name": fact.label, "value": _text(fact.value, _FACT), "inline": len(fact.value) < 40}
        for fact in message.facts
    ]
    links = _links(message)
    if links:
        fields.append({"name": "Links", "value": links, "inline": False})
    embed: dict[str, Any] = {
        "title": _text(headline(message), TITLE),
        "color": int(colour(message).removeprefix("#"), 16),
        "fields": fields,
        "footer": {"text": cut(footer(message), FOOTER, size=utf16_length)},
        "timestamp": timestamp(message.at),
    }
    if message.links.view and is_known_everywhere(message.links.view):
        embed["url"] = message.links.view
    used = sum(utf16_length(field["name"] + field["value"]) for field in fields)
    used += utf16_length(embed["title"] + embed["footer"]["text"])
    embed["description"] = _text(message.text, min(DESCRIPTION, TOTAL - used))
    return embed


def _links(message: Message) -> str:
    pairs = message.addresses
    shown = ""
    for label, address in pairs:
        longer = f"{shown} · {link(label, address)}" if shown else link(label, address)
        if utf16_length(longer) <= VALUE:
            shown = longer
    return shown


def _text(text: str, limit: int) -> str:
    return cut(text, limit, literal, utf16_length)
