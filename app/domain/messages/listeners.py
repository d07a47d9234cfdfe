"""Listening of a channel to events, and in words why it does not take one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from app.domain.messages.events import SEVERITIES, is_at_least, rank, wanted


@dataclass(frozen=True, slots=True)
class Listener:
    """Settings of a channel that decide which messages it takes."""

    name: str
    is_enabled: bool
    min_severity: str
    events: Collection[str]


def why_not(listener: Listener, event: str, severity: str) -> str | None:
    """Return why a channel does not take an event of a severity; None when it takes it."""
    if not listener.is_enabled:
        return f"{listener.name} is switched off"
    if event not in wanted(listener.events):
        return f"{listener.name} does not listen to {event}"
    if not is_at_least(severity, listener.min_severity):
        taken = " and ".join(SEVERITIES[: rank(listener.min_severity) + 1])
        return f"{listener.name} takes {taken} alerts only"
    return None


def why_nobody(reasons: Sequence[str], *, are_named: bool) -> str:
    """Return why no channel takes an alert, given why each does not.

    `are_named`: they are those that a rule or heartbeat names, not all of the organization.
    """
    if reasons:
        return "; ".join(reasons)
    if are_named:
        return "the channels it names are gone"
    return "the organization has no notification channel"
