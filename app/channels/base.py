"""What a channel type is, the decorator that registers one, and the error that sending raises."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import RAISE, Schema

from app.channels.endpoints import ENDPOINTS
from app.channels.smtp_settings import SmtpSettings
from app.domain.checks.addresses import AddressPolicy
from app.domain.messages.types import Message
from app.network.door import Network
from app.platform.registry import Registry

MAX_ANSWER = 500


class ChannelConfig(Schema):
    """Parent of every channel type's config: unknown keys are refused."""

    class Meta:
        unknown = RAISE


@dataclass(frozen=True, slots=True)
class Context:
    """What the server lends to every channel.

    `policy` is the one `network` was made with; `smtp` is the operator's own mail server, None
    where none is set. `endpoints` holds the providers' addresses, so that tests dial their own.
    """

    network: Network
    policy: AddressPolicy
    smtp: SmtpSettings | None = None
    mail_from: str = "AlertifyPro <alerts@localhost>"
    base_url: str = ""
    timeout_seconds: float = 30.0
    endpoints: Mapping[str, str] = field(default_factory=lambda: ENDPOINTS)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message the receiver has taken; `answer` is at most 500 characters, made safe to show."""

    status_code: int | None = None
    answer: str = ""
    duration_ms: float = 0.0
    ok: bool = True


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


@dataclass(frozen=True, slots=True)
class ChannelType:
    """One way to reach people. `send` raises DeliveryError."""

    kind: str
    config_schema: type[ChannelConfig]
    send: Send
    description: str


CHANNEL_TYPES: Registry[ChannelType] = Registry("channel type")


def channel_type(kind: str, *, config: type[ChannelConfig]) -> Callable[[Send], Send]:
    """Register a sender under its kind; its docstring's first sentence describes the type."""

    def register(send: Send) -> Send:
        sentence = " ".join((send.__doc__ or "").split("\n\n")[0].split())
        CHANNEL_TYPES.add(ChannelType(kind, config, send, sentence), kind)
        return send

    return register
