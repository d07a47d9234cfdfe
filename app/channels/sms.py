"""SMS, through Twilio. Source: Twilio's Messages resource; GSM 03.38 for what fits a segment."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import ValidationError

from app.channels.base import ChannelConfig, Context, Delivery, DeliveryError, channel_type
from app.channels.fields import Line, line, secret, several
from app.channels.http import post_form
from app.domain.messages.text import cut, one_line, utf16_length
from app.domain.messages.types import Message

GSM_TWO_SEGMENTS, UCS2_TWO_SEGMENTS = 306, 134
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE = frozenset("^{}\\[~]|€")
_TYPOGRAPHY = str.maketrans(
    {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "·": "-", "`": "'"}
)
_NUMBER = re.compile(r"\+[1-9]\d{6,14}\Z", re.ASCII)  # E.164
_SEPARATORS = re.compile(r"[\s().-]")


class Number(Line):
    """A telephone number in international form."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        number = _SEPARATORS.sub("", super()._deserialize(value, *args, **kwargs))
        if not _NUMBER.match(number):
            raise ValidationError("Not a number like +491701234567.")
        return number


class SmsConfig(ChannelConfig):
    """Config of SMS: the account that pays, and the numbers to reach."""

    class Meta(ChannelConfig.Meta):
        include = {
            "from": line(
                "own number, sender name, or id of a messaging service",
                "+15005550006",
                required=True,
                max_length=40,
            )
        }

    account_sid = line("account SID", "AC0123456789", required=True, max_length=64)
    auth_token = secret("auth token", "0123456789abcdef", required=True)
    to = several("numbers to reach", Number(max_length=30), ["+491701234567"])


@channel_type(
    "sms", config=SmsConfig, personal=True, endpoints={"twilio": "https://api.twilio.com"}
)
async def send_sms(message: Message, config: Mapping[str, Any], context: Context) -> Delivery:
    """Send one short message, at most two segments long, to each number.

    Raises DeliveryError if a number may still be reached by trying again; the others then get
    their message twice. A number that can never be reached holds nobody else up.
    """
    account = quote(config["account_sid"], safe="")
    url = f"{context.endpoints['twilio']}/2010-04-01/Accounts/{account}/Messages.json"
    origin = "MessagingServiceSid" if config["from"].startswith("MG") else "From"
    values = {origin: config["from"], "Body": short_text(message)}
    login = (config["account_sid"], config["auth_token"])
    failures: list[DeliveryError] = []
    delivery = Delivery()
    for number in config["to"]:
        try:
            delivery = await post_form(context, url, values | {"To": number}, basic_auth=login)
        except DeliveryError as error:
            failures.append(error)
    passing = [error for error in failures if not error.permanent]
    if passing or len(failures) == len(config["to"]):
        raise (passing or failures)[0]
    return delivery


def short_text(message: Message) -> str:
    """Return the message in at most two segments, with its address where there is room."""
    text = f"{message.subject}\n{one_line(message.text, 1_000)}".translate(_TYPOGRAPHY)
    is_gsm = all(sign in _GSM or sign in _GSM_DOUBLE for sign in text)
    limit, size = (GSM_TWO_SEGMENTS, gsm_length) if is_gsm else (UCS2_TWO_SEGMENTS, utf16_length)
    address = message.links.acknowledge or message.links.view
    tail = f"\n{address}" if address and size(address) < limit // 2 else ""
    return cut(text, limit - size(tail), size=size, ellipsis="..." if is_gsm else "…") + tail


def gsm_length(text: str) -> int:
    """Return how many of a segment's septets a text takes."""
    return len(text) + sum(sign in _GSM_DOUBLE for sign in text)
