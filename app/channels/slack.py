"""Slack, through an incoming webhook: blocks beside a coloured bar.

Text from outside stands in `plain_text` objects, where Slack knows no markup, and `&`, `<` and `>`
are escaped everywhere, so that `<!channel>` is only text. Limits: docs.slack.dev, Block Kit.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import line, web_url
from app.channels.http import is_page, post_json
from app.channels.looks import colour, footer, headline
from app.domain.messages.text import cut, utf16_length
from app.domain.messages.types import Message
from app.network.http import HttpResponse

HEADER, SECTION, FIELD, BUTTON_URL, FALLBACK = 150, 3_000, 2_000, 3_000, 4_000
# docs.slack.dev, Sending messages using incoming webhooks: handling errors.
_REFUSALS = frozenset(
    [
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_blocks",
        "invalid_payload",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_service_id",
        "no_team",
        "no_text",
        "posting_to_general_channel_denied",
        "rollup_error",
        "team_disabled",
        "too_many_attachments",
        "user_not_found",
    ]
)
_FACTS_IN_A_SECTION = 5  # a section has ten fields, and a fact is two of them


class SlackConfig(ChannelConfig):
    """Config of Slack: where to post."""

    webhook_url = web_url(
        "address of the incoming webhook",
        "https://hooks.slack.com/services/T00/B00/XXXX",
        secret=True,
        required=True,
    )
    channel = line("another channel than the webhook's own", "#alerts", max_length=80)


@channel_type("slack", config=SlackConfig, personal=True)
async def send_to_slack(message: Message, config: Mapping[str, Any], context: Context) -> Delivery:
    """Post to a channel: headline, table and buttons beside a bar in the severity's colour."""
    where = {"channel": config["channel"]} if config.get("channel") else {}
    summary = _text(f"{headline(message)}\n{message.body()}", FALLBACK)
    rich = {
        **where,
        "text": _text(f"{headline(message)}: {message.text}", FALLBACK),
        "unfurl_links": False,
        "blocks": [{"type": "header", "text": _plain(headline(message), HEADER)}],
        "attachments": [{"color": colour(message), "blocks": _blocks(message)}],
    }
    plain = {**where, "text": summary, "mrkdwn": False, "unfurl_links": False}
    return await post_json(context, config["webhook_url"], rich, plain=plain, says_no=_says_no)


def _says_no(response: HttpResponse) -> bool:
    """Say whether an answer is one of Slack's words for a refusal, whatever its status."""
    return response.text().strip() in _REFUSALS or is_page(response)


def _blocks(message: Message) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"type": "section", "text": _plain(message.text, SECTION)}]
    facts = iter(message.facts)
    while some := list(islice(facts, _FACTS_IN_A_SECTION)):
        fields = []
        for fact in some:
            fields += [{"type": "mrkdwn", "text": f"*{fact.label}*"}, _plain(fact.value, FIELD)]
        blocks.append({"type": "section", "fields": fields})
    links = message.addresses
    buttons = [
        {"type": "button", "text": _plain(label, 75), "url": url, "action_id": f"link_{index}"}
        for index, (label, url) in enumerate(links)
        if len(url) <= BUTTON_URL
    ]
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    blocks.append({"type": "context", "elements": [_plain(footer(message), FIELD)]})
    return blocks


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": _text(text, limit), "emoji": False}


def _text(text: str, limit: int) -> str:
    return cut(text, limit, escape, utf16_length)


def escape(text: str) -> str:
    """Return text with Slack's three signs escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
