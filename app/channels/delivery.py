"""Delivery of one message through one channel: deadline, template, and the fence around it."""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import Schema, ValidationError, fields

from app.channels.base import CHANNEL_TYPES, Context, Delivery, DeliveryError
from app.channels.templates import apply_template
from app.domain.masking import hider, mask, needles
from app.domain.messages.types import Message
from app.platform import logs
from app.platform.clock import monotonic

log = logging.getLogger(__name__)


async def deliver(
    kind: str,
    message: Message,
    config: Mapping[str, Any],
    context: Context,
    template: Mapping[str, Any] | None = None,
    secrets: Sequence[str] = (),
) -> Delivery:
    """Send a message within `context.timeout_seconds`, secrets of the config in clear.

    `secrets` are values of the organization that were filled into the config.

    Raises DeliveryError and nothing else, but for the caller's own cancellation.
    """
    started = monotonic()
    try:
        delivery = await _deliver(kind, message, config, context, template, secrets)
    except DeliveryError as error:
        error.duration_ms = (monotonic() - started) * 1000
        raise
    return replace(delivery, duration_ms=(monotonic() - started) * 1000)


async def _deliver(
    kind: str,
    message: Message,
    config: Mapping[str, Any],
    context: Context,
    template: Mapping[str, Any] | None,
    secrets: Sequence[str],
) -> Delivery:
    name = CHANNEL_TYPES.canonical(kind)
    if name is None:
        raise DeliveryError(f"there is no channel type {kind}", permanent=True)
    channel = CHANNEL_TYPES[name]
    schema = channel.config_schema()
    try:
        checked = schema.load(config)
    except ValidationError as error:
        wrong = ", ".join(sorted(error.messages_dict))
        raise DeliveryError(
            f"this channel's config is not valid: {wrong}", permanent=True
        ) from None
    carried = [*_secrets(schema, checked), *secrets]
    forms = needles(carried)
    try:
        async with asyncio.timeout(context.timeout_seconds):
            worded = await apply_template(message, template)
            delivery = await channel.send(worded, checked, context)
    except DeliveryError as error:
        error.args = (mask(str(error), forms),)
        error.answer = mask(error.answer, forms)
        raise
    except TimeoutError:
        sentence = f"no answer within {context.timeout_seconds:g} s"
        raise DeliveryError(sentence, permanent=False) from None
    except Exception as error:  # the fence: a fault of ours delays one message, not its batch
        with logs.hiding(hider(carried)):
            log.exception("the %s channel failed by itself", name)
        sentence = f"the channel itself failed: {type(error).__name__}"
        raise DeliveryError(sentence, permanent=False) from None
    return replace(
        delivery, answer=mask(delivery.answer, forms), missed=mask(delivery.missed, forms)
    )


def _secrets(schema: Schema, config: Mapping[str, Any]) -> Iterator[str]:
    for name, field in schema.fields.items():
        value = config.get(name)
        mark = field.metadata.get("secret")
        if mark == "headers" and isinstance(field, fields.Dict):
            yield from (value or {}).values()
        elif mark and isinstance(value, str):
            yield value
