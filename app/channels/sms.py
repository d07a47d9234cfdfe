"""SMS, through Twilio. Source: Twilio's Messages resource; GSM 03.38 for what fits a segment."""

import re
from asyncio import Semaphore, gather
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from marshmallow import ValidationError

from app.channels.base import ChannelConfig, Context, Delivery, DeliveryError, channel_type
from app.channels.fields import Line, line, secret, several
from app.channels.http import post_form, shown
from app.domain.messages.text import cut, one_line, utf16_length
from app.domain.messages.types import Message

_AT_ONCE = 10  # of fifty numbers, each of whose answers takes about a second at worst
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

    Several at a time: one after the other, fifty take longer than a message may, and the last ones
    would never get theirs. Raises DeliveryError if a number may still be reached by trying again;
    the others then get their message twice. A number that can never be reached holds nobody up.
    """
    account = quote(config["account_sid"], safe="")
    url = f"{context.endpoints['twilio']}/2010-04-01/Accounts/{account}/Messages.json"
    origin = "MessagingServiceSid" if config["from"].startswith("MG") else "From"
    values = {origin: config["from"], "Body": short_text(message)}
    login = (config["account_sid"], config["auth_token"])
    places = Semaphore(_AT_ONCE)

    async def submit(number: str) -> Delivery | DeliveryError:
        async with places:
            try:
                return await post_form(context, url, values | {"To": number}, basic_auth=login)
            except DeliveryError as error:
                return error

    found = await gather(*map(submit, config["to"]))
    failures = {
        number: one
        for number, one in zip(config["to"], found, strict=True)
        if isinstance(one, DeliveryError)
    }
    passing = [error for error in failures.values() if not error.permanent]
    if passing or len(failures) == len(found):
        raise (passing or list(failures.values()))[0]
    delivery = next(one for one in reversed(found) if isinstance(one, Delivery))
    missed = "; ".join(f"{number}: {error}" for number, error in failures.items())
    return replace(delivery, missed=shown(missed))


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
