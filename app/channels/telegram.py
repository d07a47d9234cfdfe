"""Telegram, through a bot. Source: core.telegram.org/bots/api, sendMessage and HTML style."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from marshmallow import ValidationError, fields

from app.channels.base import ChannelConfig, Context, Delivery, DeliveryError, channel_type
from app.channels.fields import Line, secret
from app.channels.http import post_json
from app.channels.looks import footer, headline, is_known_everywhere
from app.domain.messages.text import cut, utf16_length
from app.domain.messages.types import Message

TEXT = 4_096  # after the markup is taken out, in UTF-16 units
_TITLE, _FACT, _ADDRESS = 600, 160, 300


class ChatId(Line):
    """A chat's number, or `@name` of a public channel."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValidationError("Not a chat.")
        return super()._deserialize(str(value), *args, **kwargs)


class TelegramConfig(ChannelConfig):
    """Config of Telegram: the bot that sends, and the chat it sends to."""

    bot_token = secret("token of the bot", "123456:ABC-DEF1234ghIkl", required=True)
    chat_id = ChatId(
        required=True,
        max_length=100,
        metadata={
            "description": "number of the chat, or @name of a public channel",
            "example": "-1001234567890",
        },
    )
    silent = fields.Boolean(
        load_default=False, metadata={"description": "deliver without a sound", "example": False}
    )


@channel_type(
    "telegram",
    config=TelegramConfig,
    personal=True,
    endpoints={"telegram": "https://api.telegram.org"},
)
async def send_to_telegram(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Send a message with buttons.

    Telegram refuses a whole message for one tag or one button it does not like. So addresses such
    as http://localhost are written out, and what is refused all the same goes out as plain text.
    """
    token = quote(config["bot_token"], safe=":")
    url = f"{context.endpoints['telegram']}/bot{token}/sendMessage"
    common = {
        "chat_id": config["chat_id"],
        "link_preview_options": {"is_disabled": True},
        "disable_notification": config["silent"],
    }
    text = f"{headline(message)}\n\n{message.body()}"
    plain = common | {"text": cut(text, TEXT, size=utf16_length)}
    rich = common | {"text": _html(message), "parse_mode": "HTML"}
    buttons = _buttons(message)
    if buttons:
        rich["reply_markup"] = {"inline_keyboard": buttons}
    try:
        return await post_json(context, url, rich, plain=plain)
    except DeliveryError as error:
        moved = _moved_to(error.answer)
        if moved is None:
            raise
    here = {"chat_id": moved}
    return await post_json(context, url, rich | here, plain=plain | here)


def _moved_to(answer: str) -> int | None:
    """Return where a group has gone that became a supergroup (`ResponseParameters`), if it has."""
    try:
        moved = json.loads(answer)["parameters"]["migrate_to_chat_id"]
    except (ValueError, KeyError, TypeError):
        return None
    return moved if isinstance(moved, int) else None


def _html(message: Message) -> str:
    title = cut(headline(message), _TITLE, size=utf16_length)
    facts = [(fact.label, cut(fact.value, _FACT, size=utf16_length)) for fact in message.facts]
    facts += [
        (label, address)
        for label, address in message.addresses
        if not is_known_everywhere(address) and len(address) <= _ADDRESS
    ]
    end = cut(footer(message), _FACT, size=utf16_length)
    used = utf16_length(title + end) + 6  # line breaks
    used += sum(utf16_length(label + value) + 3 for label, value in facts)
    text = cut(message.text, TEXT - used, size=utf16_length)
    table = "\n".join(f"<b>{escape(label)}</b>: {escape(value)}" for label, value in facts)
    parts = (f"<b>{escape(title)}</b>", escape(text), table, f"<i>{escape(end)}</i>")
    return "\n\n".join(part for part in parts if part)


def _buttons(message: Message) -> list[list[dict[str, str]]]:
    buttons = [
        {"text": label, "url": address}
        for label, address in message.addresses
        if is_known_everywhere(address)
    ]
    return [row for row in (buttons[:3], buttons[3:]) if row]
