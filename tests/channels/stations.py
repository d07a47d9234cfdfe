"""A station for every channel type: a look-alike of its receiver and a config that leads there."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.channels import Delivery
from app.domain.messages.messages import Message
from tests.channels.sending import send
from tests.paging_providers import (
    GotifyLike,
    NtfyLike,
    OpsgenieLike,
    PagerDutyLike,
    PushoverLike,
    TwilioLike,
)
from tests.providers import (
    AppriseLike,
    DiscordLike,
    MattermostLike,
    Provider,
    SlackLike,
    TeamsLike,
    TelegramLike,
)
from tests.receivers import MailReceiver, Scripted

KEY = "0123456789abcdef0123456789abcdef"


@dataclass(frozen=True)
class Station:
    """Where one channel type's messages arrive."""

    kind: str
    config: Mapping[str, Any]
    lent: Mapping[str, Any]
    provider: Any

    def send(self, message: Message, **options: Any) -> Delivery:
        """Deliver a message here. Raises DeliveryError."""
        return send(self.kind, message, self.config, **{**self.lent, **options})

    @property
    def count(self) -> int:
        """Return how much has arrived."""
        if isinstance(self.provider, MailReceiver):
            return len(self.provider.mails)
        return len(self.provider.requests)

    @property
    def readings(self) -> list[str]:
        """Return what people see of everything that has arrived."""
        if isinstance(self.provider, MailReceiver):
            return [
                f"{mail.message['subject']}\n{mail.part('plain')}\n{mail.part('html')}"
                for mail in self.provider.mails
            ]
        return [self.provider.reading(request) for request in self.provider.requests]


_PROVIDERS: dict[str, type[Provider]] = {
    "apprise": AppriseLike,
    "discord": DiscordLike,
    "gotify": GotifyLike,
    "mattermost": MattermostLike,
    "ntfy": NtfyLike,
    "opsgenie": OpsgenieLike,
    "pagerduty": PagerDutyLike,
    "pushover": PushoverLike,
    "slack": SlackLike,
    "sms": TwilioLike,
    "teams": TeamsLike,
    "telegram": TelegramLike,
    "webhook": Provider,
}


@contextmanager
def station(kind: str, script: Iterable[Scripted] = ()) -> Iterator[Station]:
    """Run the receiver of a channel type."""
    if kind == "email":
        with MailReceiver() as mail:
            yield Station(kind, {"to": ["alice@example.com"]}, {"smtp_url": mail.url}, mail)
        return
    with _PROVIDERS[kind](script) as provider:
        endpoints = {
            "opsgenie.us": provider.url,
            "pagerduty.us": provider.url,
            "pushover": provider.url,
            "telegram": provider.url,
            "twilio": provider.url,
        }
        yield Station(kind, _config(kind, provider), {"endpoints": endpoints}, provider)


def _config(kind: str, provider: Provider) -> dict[str, Any]:
    url = f"{provider.url}/hooks/{KEY}"
    configs: dict[str, dict[str, Any]] = {
        "apprise": {"url": f"json://127.0.0.1:{provider.port}/"},
        "gotify": {"server": provider.url, "token": KEY},
        "ntfy": {"server": provider.url, "topic": "acme", "token": KEY},
        "opsgenie": {"api_key": KEY},
        "pagerduty": {"routing_key": KEY},
        "pushover": {"user_key": KEY, "app_token": KEY[::-1]},
        "sms": {
            "account_sid": "AC1",
            "auth_token": KEY,
            "from": "+15005550006",
            "to": ["+491701234567"],
        },
        "telegram": {"bot_token": f"123:{KEY}", "chat_id": "-100123"},
        "webhook": {"url": url, "secret": KEY},
    }
    return configs.get(kind, {"webhook_url": url})
