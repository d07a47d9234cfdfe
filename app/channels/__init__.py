"""Ways to reach people, one file each; importing this package registers them all."""

import sys

from app.channels.base import (
    CHANNEL_TYPES,
    ChannelConfig,
    ChannelType,
    Context,
    Delivery,
    DeliveryError,
    provider_endpoints,
)
from app.channels.delivery import deliver
from app.channels.smtp_settings import SmtpSettings, parse_smtp_url
from app.platform.registry import import_modules

import_modules(sys.modules[__name__])

__all__ = [
    "CHANNEL_TYPES",
    "ChannelConfig",
    "ChannelType",
    "Context",
    "Delivery",
    "DeliveryError",
    "SmtpSettings",
    "deliver",
    "parse_smtp_url",
    "provider_endpoints",
]
