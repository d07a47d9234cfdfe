"""Channel types: their base class, the decorator that registers one, and the error of sending."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import RAISE, Schema

from app.channels.smtp_settings import SmtpSettings
from app.domain.checks.addresses import AddressPolicy
from app.domain.messages.types import Message
from app.network.network import Network
from app.platform.registry import Registry

MAX_ANSWER = 500


class ChannelConfig(Schema):
    """Parent of every channel type's config: unknown keys are refused."""

    class Meta:
        unknown = RAISE


@dataclass(frozen=True, slots=True)
class Context:
    """Resources that the server lends to every channel.

    `policy` is the one `network` was made with; `smtp` is the operator's own mail server, None
    where none is set. `endpoints` holds the providers' addresses, so that tests dial their own.
    """

    network: Network
    policy: AddressPolicy
    smtp: SmtpSettings | None = None
    mail_from: str = "AlertifyPro <alerts@localhost>"
    base_url: str = ""
    timeout_seconds: float = 30.0
    endpoints: Mapping[str, str] = field(default_factory=lambda: provider_endpoints())


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message the receiver has taken; `answer` is at most 500 characters, made safe to show.

    `missed` is a sentence on those of several recipients whom it can never reach; "" for none.
    """

    status_code: int | None = None
    answer: str = ""
    duration_ms: float = 0.0
    ok: bool = True
    missed: str = ""


class DeliveryError(Exception):
    """The message was not taken. Its text is one sentence without secrets.

    `permanent` is the one bit a sender needs: trying again cannot help. `retry_after_seconds` is
    what the receiver asked for (RFC 9110 10.2.3).
    """

    def __init__(
        self,
        sentence: str,
        *,
        permanent: bool,
        retry_after_seconds: float | None = None,
        status_code: int | None = None,
        answer: str = "",
    ) -> None:
        super().__init__(sentence)
        self.permanent = permanent
        self.retry_after_seconds = retry_after_seconds
        self.status_code = status_code
        self.answer = answer
        self.duration_ms = 0.0


Send = Callable[[Message, Mapping[str, Any], Context], Awaitable[Delivery]]
ValidateTemplate = Callable[[Mapping[str, Any], Mapping[str, str]], None]


def _any_template(config: Mapping[str, Any], template: Mapping[str, str]) -> None:
    """Allow every template."""


@dataclass(frozen=True, slots=True)
class ChannelType:
    """One way to reach people. `send` raises DeliveryError, `validate_template` ValidationError."""

    kind: str
    config_schema: type[ChannelConfig]
    send: Send
    description: str
    personal: bool = False
    keeps_incidents: bool = False
    endpoints: Mapping[str, str] = field(default_factory=dict)
    validate_template: ValidateTemplate = _any_template


CHANNEL_TYPES: Registry[ChannelType] = Registry("channel type")


def channel_type(
    kind: str,
    *,
    config: type[ChannelConfig],
    personal: bool = False,
    keeps_incidents: bool = False,
    endpoints: Mapping[str, str] | None = None,
    validate_template: ValidateTemplate = _any_template,
) -> Callable[[Send], Send]:
    """Register a sender under its kind; its docstring's first sentence describes the type.

    `personal`: it may be a contact method of one person. `keeps_incidents`: the receiver opens and
    closes an incident for each alert, and gets every message, also in a storm. `endpoints`: where
    a provider with a fixed address lives, by a name of its own. `validate_template` refuses a
    config and a message template that do not go together.
    """

    def register(send: Send) -> Send:
        plugin = ChannelType(
            kind=kind,
            config_schema=config,
            send=send,
            description=" ".join((send.__doc__ or "").split("\n\n")[0].split()),
            personal=personal,
            keeps_incidents=keeps_incidents,
            endpoints=endpoints or {},
            validate_template=validate_template,
        )
        CHANNEL_TYPES.add(plugin, kind)
        return send

    return register


def provider_endpoints() -> dict[str, str]:
    """Return where the providers with a fixed address live, of all channel types."""
    return {
        name: address
        for _, plugin in CHANNEL_TYPES.items()
        for name, address in plugin.endpoints.items()
    }
