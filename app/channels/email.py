"""E-mail through the operator's mail server."""

from collections.abc import Mapping
from typing import Any

from app.channels.base import ChannelConfig, Context, Delivery, DeliveryError, channel_type
from app.channels.fields import Address, several
from app.channels.mail import build_mail, split_sender
from app.channels.smtp import submit
from app.domain.messages.types import Message
from app.platform.clock import utcnow


class EmailConfig(ChannelConfig):
    """Config of e-mail: whom to write to."""

    to = several("who gets the mail", Address(), ["oncall@example.com"])


@channel_type("email", config=EmailConfig, personal=True)
async def send_email(message: Message, config: Mapping[str, Any], context: Context) -> Delivery:
    """Send a mail with a plain and an HTML part; mails about one alert form one thread."""
    if context.smtp is None:
        raise DeliveryError("this server has no mail server (SMTP_URL is not set)", permanent=True)
    mail = build_mail(message, context.mail_from, config["to"], utcnow())
    _, sender = split_sender(context.mail_from)
    return await submit(
        context.smtp,
        sender,
        config["to"],
        mail,
        context.timeout_seconds,
        context.network.authorities,
    )
