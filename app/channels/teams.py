"""Microsoft Teams, through a workflow's webhook: one Adaptive Card.

Text from outside stands in text runs, which know no markup (adaptivecards.io, RichTextBlock).
Teams takes 28 kB a message and counts more bytes than were sent, so a card stays far below it.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, DeliveryError, channel_type
from app.channels.fields import web_url
from app.channels.http import post_json
from app.channels.looks import footer, headline
from app.domain.messages.text import cut, utf8_length
from app.domain.messages.types import Message, Tone

TITLE, TEXT, FACT, LINK, LINES = 600, 4_000, 240, 1_000, 40
_COLOURS = {
    Tone.CRITICAL: "Attention",
    Tone.WARNING: "Warning",
    Tone.INFO: "Accent",
    Tone.GOOD: "Good",
    Tone.MUTED: "Default",
}
_HIDDEN_FAILURE = re.compile(r"Webhook message delivery failed.*?HTTP error (\d{3})", re.DOTALL)


class TeamsConfig(ChannelConfig):
    """Config of Teams: where to post."""

    webhook_url = web_url(
        "address of a workflow that posts to a channel when a webhook request is received",
        "https://prod-00.westeurope.logic.azure.com/workflows/abc/triggers/manual/paths/invoke",
        secret=True,
        required=True,
    )


@channel_type("teams", config=TeamsConfig, personal=True)
async def send_to_teams(message: Message, config: Mapping[str, Any], context: Context) -> Delivery:
    """Post an Adaptive Card with a table and buttons.

    Old connectors answer 200 even when Teams refused; their sentence is read as the failure it is.
    """
    plain = _posting([_line(headline(message), TITLE), *_lines(message.body(), TEXT)], [])
    delivery = await post_json(context, config["webhook_url"], _card(message), plain=plain)
    failure = _HIDDEN_FAILURE.search(delivery.answer)
    if failure:
        code = int(failure[1])
        raise DeliveryError(
            f"Teams answered {code}",
            permanent=400 <= code < 500 and code not in (408, 429),
            status_code=code,
            answer=delivery.answer,
        )
    return delivery


def _card(message: Message) -> dict[str, Any]:
    title = _line(
        headline(message), TITLE, size="Large", weight="Bolder", color=_COLOURS[message.tone]
    )
    facts = [_fact(fact.label, fact.value) for fact in message.facts]
    end = _line(footer(message), FACT, size="Small", isSubtle=True)
    links = message.addresses
    buttons = [
        {"type": "Action.OpenUrl", "title": label, "url": address}
        for label, address in links
        if len(address) <= LINK
    ]
    return _posting([title, *_lines(message.text, TEXT), *facts, end], buttons)


def _posting(body: list[dict[str, Any]], actions: list[dict[str, Any]]) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
        "actions": actions,
    }
    content_type = "application/vnd.microsoft.card.adaptive"
    attachment = {"contentType": content_type, "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _lines(text: str, limit: int) -> list[dict[str, Any]]:
    lines = cut(text, limit, size=utf8_length).split("\n")
    lines[LINES:] = [" ".join(lines[LINES:])] if len(lines) > LINES else []
    return [_line(line, limit) | {"spacing": "Small"} for line in lines if line]


def _line(text: str, limit: int, **looks: Any) -> dict[str, Any]:
    run = {"type": "TextRun", "text": cut(text, limit, size=utf8_length), **looks}
    return {"type": "RichTextBlock", "inlines": [run]}


def _fact(label: str, value: str) -> dict[str, Any]:
    name = {"type": "TextRun", "text": f"{label}: ", "weight": "Bolder"}
    shown = {"type": "TextRun", "text": cut(value, FACT, size=utf8_length)}
    return {"type": "RichTextBlock", "spacing": "None", "inlines": [name, shown]}
