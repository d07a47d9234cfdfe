"""Webhook: the event as signed JSON, or what a template makes of it, for programs."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from app.channels.base import ChannelConfig, Context, Delivery, channel_type
from app.channels.fields import Headers, line, secret, web_url
from app.channels.http import post
from app.domain.messages.text import timestamp
from app.domain.messages.types import Message
from app.network.http import USER_AGENT, HttpRequest
from app.platform.clock import utcnow

METHODS = ("POST", "PUT", "PATCH")
JSON = "application/json"
# A media type with its parameters (RFC 9110 8.3.1).
_CONTENT_TYPE = r"\A[\w!#$&^.+-]+/[\w!#$&^.+-]+(\s*;\s*[\w-]+=(\"[^\"]*\"|[\w.-]+))*\Z"
_OURS = frozenset(
    (
        "connection",
        "content-length",
        "content-type",
        "expect",
        "host",
        "transfer-encoding",
        "user-agent",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
        "x-alertifypro-signature",
    )
)


class WebhookConfig(ChannelConfig):
    """Config of a webhook: where to post, and how the receiver knows that it is us."""

    url = web_url("where to post", "https://example.com/hooks/alerts", required=True)
    secret = secret(
        "key of the signatures: `whsec_` and the base64 of 24 to 64 bytes, as every library of"
        " Standard Webhooks takes it; any other text signs X-AlertifyPro-Signature alike, but those"
        " libraries refuse it",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        generate="whsec",
    )
    method = fields.String(
        validate=validate.OneOf(METHODS),
        metadata={"description": "how to send, by default POST", "example": "POST"},
    )
    content_type = line(
        "what the body is, by default JSON; another needs a template whose `body` makes it,"
        " written in UTF-8",
        JSON,
        pattern=_CONTENT_TYPE,
    )
    headers = Headers("headers to add", {"Authorization": "Bearer token"}, _OURS)


def validate_template(config: Mapping[str, Any], template: Mapping[str, str]) -> None:
    """Raise ValidationError for what is not used: a subject, a type other than JSON."""
    if template.get("subject"):
        sentence = "A webhook has no subject: its body is what a template's `body` makes."
        raise ValidationError({"template": {"subject": [sentence]}})
    if not template.get("body") and not is_json(config.get("content_type", JSON)):
        needed = "Needs a template whose `body` makes it."
        raise ValidationError({"config": {"content_type": [needed]}})


def is_json(content_type: str) -> bool:
    """Tell whether a body of this type has to be JSON (RFC 6839 3.1)."""
    media = content_type.partition(";")[0].strip().lower()
    return media == JSON or media.endswith("+json")


@channel_type("webhook", config=WebhookConfig, personal=True, validate_template=validate_template)
async def send_to_webhook(
    message: Message, config: Mapping[str, Any], context: Context
) -> Delivery:
    """Post the event as JSON, or the body that a template makes, signed with HMAC-SHA256.

    `X-AlertifyPro-Signature` covers the raw body; the three headers of Standard Webhooks cover
    id and time as well, so that an old request cannot be played again.
    """
    content_type, body = _content(message, config.get("content_type", JSON))
    headers = {
        name: value
        for name, value in config.get("headers", {}).items()
        if name.lower() not in _OURS
    }
    headers |= {"Content-Type": content_type, "User-Agent": USER_AGENT}
    headers |= signatures(message.id, utcnow(), body, config.get("secret"))
    return await post(
        context, HttpRequest(config["url"], config.get("method", "POST"), headers, body)
    )


def _content(message: Message, content_type: str) -> tuple[str, bytes]:
    """Return type and body: the template's own, or the envelope where it makes nothing usable."""
    if not message.template_body:
        return JSON, webhook_body(message)
    body = message.template_body.encode()
    if is_json(content_type):
        try:
            json.loads(body)
        except (ValueError, RecursionError) as error:
            return JSON, webhook_body(replace(message, template_error=f"no JSON: {error}"))
    return content_type, body


def webhook_body(message: Message) -> bytes:
    """Return the documented envelope; `template_error` says why a template was not used."""
    envelope: dict[str, Any] = {
        "id": message.id,
        "event": message.event,
        "timestamp": timestamp(message.at),
        "organization": {"id": message.organization.id, "name": message.organization.name},
        "data": message.data,
    }
    if message.template_error:
        envelope["template_error"] = message.template_error
    return json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()


def signatures(id: str, now: datetime, body: bytes, secret: str | None) -> dict[str, str]:
    """Return id, time of this try and, with a secret, both signatures."""
    seconds = str(int(now.timestamp()))
    headers = {"webhook-id": id, "webhook-timestamp": seconds}
    if secret:
        raw = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        signed = b".".join((id.encode(), seconds.encode(), body))
        standard = hmac.new(_standard_key(secret), signed, hashlib.sha256).digest()
        headers["X-AlertifyPro-Signature"] = f"sha256={raw}"
        headers["webhook-signature"] = f"v1,{b64encode(standard).decode()}"
    return headers


def _standard_key(secret: str) -> bytes:
    """Return the key as the libraries of Standard Webhooks read it: base64 behind `whsec_`."""
    prefix, _, encoded = secret.partition("whsec_")
    if not prefix and encoded:
        try:
            return b64decode(encoded, validate=True)
        except NotBase64:
            pass
    return secret.encode()
