"""Messages and the payload they are composed from: values without behaviour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.messages.text import one_line

Fields = Mapping[str, Any]


class Tone(StrEnum):
    """Tone of a message: a channel turns it into a colour, a sign or a priority."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    GOOD = "good"
    MUTED = "muted"


class Phase(StrEnum):
    """Phase of an incident, in a system that keeps incidents, that a message brings about."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    NOTE = "note"  # worth knowing, nothing to open or close


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a message's table."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Links:
    """Links of a message; `acknowledge` and `snooze` are signed, expiring addresses."""

    view: str | None = None
    acknowledge: str | None = None
    snooze: str | None = None

    def named(self) -> list[tuple[str, str]]:
        """Return (label, address) of every link there is, the most useful first."""
        pairs = (
            ("View alert", self.view),
            ("Acknowledge", self.acknowledge),
            ("Snooze", self.snooze),
        )
        return [(label, address) for label, address in pairs if address]


@dataclass(frozen=True, slots=True)
class Organization:
    """Organization that a message belongs to."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPayload:
    """Payload of a notification, as rows: the input of `compose`.

    `alert` has the fields of the API's section 5; `actor` is the name of whoever acted;
    `from_status` belongs to `service.status_changed`; `severity` to events about no alert;
    `closed_because` to the end of an alert that has not recovered; `alerts`, or `changes`, services
    with a `from_status`, to a `digest`; `certificate`, `maintenance` and `incident` to the events
    named after them. Rows may hold more than is told: only known fields travel on, so that no
    config, key or ping address leaks into a message.
    """

    id: str
    event: str
    at: datetime
    organization: Fields
    alert: Fields | None = None
    service: Fields | None = None
    heartbeat: Fields | None = None
    certificate: Fields | None = None
    maintenance: Fields | None = None
    incident: Fields | None = None
    alerts: Sequence[Fields] = ()
    changes: Sequence[Fields] = ()
    reason: str | None = None
    region: str | None = None
    from_status: str | None = None
    severity: str | None = None
    closed_because: str | None = None
    root_cause: str | None = None
    hidden_services: Sequence[Fields] = ()
    actor: str | None = None
    note: str | None = None
    runbook_url: str | None = None
    links: Links = Links()
    dedup_key: str | None = None
    combined: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One notification, ready for any channel.

    `id` stays the same over retries; `dedup_key` over the life of an alert. `label` is the short
    word in front of the title (`CRITICAL`, `RESOLVED`), empty where a template wrote the title.
    `template_body` is the text that a channel's template made, `template_error` why there is none.
    `data` is the machine-readable part, `alert` and `service` among it. A `combined` message tells
    of an alert that fired and resolved before anybody could be told.
    """

    id: str
    event: str
    at: datetime
    organization: Organization
    severity: str
    tone: Tone
    phase: Phase
    label: str
    title: str
    text: str
    reason: str
    dedup_key: str
    facts: tuple[Fact, ...] = ()
    links: Links = Links()
    runbook_url: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    combined: bool = False
    test: bool = False
    template_body: str = ""
    template_error: str = ""
    unsubscribe_url: str = ""  # of one who asked for it: nobody else's message has a way out
    unsubscribe_mail: str = ""  # the same as a `mailto:` address, where such mail is read

    @property
    def alert(self) -> Fields | None:
        """Return the alert with the fields of the API."""
        return self.data.get("alert")

    @property
    def service(self) -> Fields | None:
        """Return the service, without its config."""
        return self.data.get("service")

    @property
    def heartbeat(self) -> Fields | None:
        """Return the heartbeat, without its key."""
        return self.data.get("heartbeat")

    @property
    def subject(self) -> str:
        """Return label and title on one line."""
        return f"[{self.label}] {self.title}" if self.label else self.title

    @property
    def source(self) -> str:
        """Return what the message is about: a service, a heartbeat or the organization."""
        row = self.service or self.heartbeat or {}
        named = (self.alert or {}).get("service_name")
        return one_line(named or row.get("name")) or self.organization.name or "AlertifyPro"

    @property
    def addresses(self) -> list[tuple[str, str]]:
        """Return (label, address) of every link and of the runbook."""
        runbook = [("Runbook", self.runbook_url)] if self.runbook_url else []
        return self.links.named() + runbook

    def body(self, *, links: bool = True) -> str:
        """Return text, facts and, if wanted, addresses as plain text."""
        parts = [self.text]
        if self.facts:
            parts.append("\n".join(f"{fact.label}: {fact.value}" for fact in self.facts))
        if links:
            parts.append("\n".join(f"{label}: {address}" for label, address in self.addresses))
        return "\n\n".join(part for part in parts if part)
