"""What each event is called, said and looks like: one function an event, chosen by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.messages.events import SEVERITIES, usual_severity
from app.domain.messages.text import clean, duration, moment, one_line, read_time
from app.domain.messages.types import Occasion, Phase, Row, Tone

MAX_LISTED = 20
_TONES = {"critical": Tone.CRITICAL, "warning": Tone.WARNING, "info": Tone.INFO}
_STATUS_TONES = {"GREEN": Tone.GOOD, "YELLOW": Tone.WARNING, "RED": Tone.CRITICAL}
_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Words:
    """The spoken part of a message."""

    label: str
    title: str
    text: str
    tone: Tone
    phase: Phase


def speak(occasion: Occasion) -> Words:
    """Return what to say; an event nobody has words for is told by its name."""
    return _WORDS.get(occasion.event, _unknown)(occasion)


def severity_of(occasion: Occasion) -> str:
    """Return `critical`, `warning` or `info`: what is given, the alert's, or the usual."""
    if occasion.severity in SEVERITIES:
        return occasion.severity
    rows = [occasion.alert, *occasion.alerts, occasion.heartbeat]
    given = {str(row.get("severity")) for row in rows if row}
    for severity in SEVERITIES:
        if severity in given:
            return severity
    return usual_severity(occasion.event)


def subject_of(occasion: Occasion) -> str:
    """Return the name of what the message is about."""
    alert, service = occasion.alert or _NOTHING, occasion.service or _NOTHING
    heartbeat = occasion.heartbeat or _NOTHING
    name = alert.get("service_name") or service.get("name") or heartbeat.get("name")
    return one_line(name) or one_line(occasion.organization.get("name")) or "AlertifyPro"


def elapsed(row: Row, end: object) -> str:
    """Return how long an alert has lasted, or an empty string when its times are not known."""
    start, stop = read_time(row.get("fired_at")), read_time(end)
    return duration((stop - start).total_seconds()) if start and stop else ""


def _problem(occasion: Occasion) -> tuple[str, str, Tone]:
    """Return headline, explanation and tone of an alert."""
    alert = occasion.alert or _NOTHING
    headline = f"{subject_of(occasion)}: {one_line(alert.get('title') or 'Alert')}"
    tone = _TONES.get(severity_of(occasion), Tone.INFO)
    return headline, clean(alert.get("message")) or clean(occasion.reason), tone


def _fired(occasion: Occasion) -> Words:
    headline, text, tone = _problem(occasion)
    return Words(severity_of(occasion).upper(), headline, text, tone, Phase.TRIGGER)


def _reminder(occasion: Occasion) -> Words:
    headline, text, tone = _problem(occasion)
    lasted = elapsed(occasion.alert or _NOTHING, occasion.at)
    opening = f"Still firing{f' after {lasted}' if lasted else ''}, and not acknowledged."
    return Words("REMINDER", headline, _paragraphs(opening, text), tone, Phase.TRIGGER)


def _escalated(occasion: Occasion) -> Words:
    headline, text, tone = _problem(occasion)
    escalation = (occasion.alert or _NOTHING).get("escalation") or _NOTHING
    level = escalation.get("level")
    opening = f"Escalated{f' to level {level}' if level else ''}: nobody has acknowledged it yet."
    return Words("ESCALATED", headline, _paragraphs(opening, text), tone, Phase.TRIGGER)


def _acknowledged(occasion: Occasion) -> Words:
    headline, text, _ = _problem(occasion)
    opening = f"{one_line(occasion.actor) or 'Somebody'} is on it."
    words = _paragraphs(opening, clean(occasion.note), text)
    return Words("ACKNOWLEDGED", headline, words, Tone.MUTED, Phase.ACKNOWLEDGE)


def _resolved(occasion: Occasion) -> Words:
    headline, _, _ = _problem(occasion)
    alert = occasion.alert or _NOTHING
    lasted = elapsed(alert, alert.get("resolved_at") or occasion.at)
    if occasion.closed_because:
        after = f" after {lasted}" if lasted else ""
        opening = f"Closed{after}: {clean(occasion.closed_because)}."
    elif occasion.combined:
        opening = f"Was down{f' for {lasted}' if lasted else ''} and has recovered."
    elif occasion.actor:
        after = f" after {lasted}" if lasted else ""
        opening = f"Resolved by {one_line(occasion.actor)}{after}."
    else:
        opening = f"Recovered{f' after {lasted}' if lasted else ''}."
    # Not the alert's own text, "Check failed …", which is no longer so.
    was = f"It was: {clean(occasion.reason)}." if occasion.reason else ""
    words = _paragraphs(opening, clean(occasion.note), was)
    return Words("RESOLVED", headline, words, Tone.GOOD, Phase.RESOLVE)


def _status_changed(occasion: Occasion) -> Words:
    service = {**(occasion.service or _NOTHING), "name": subject_of(occasion)}
    status = str(service.get("status") or "UNKNOWN")
    title = _is_now(service, occasion.from_status)
    tone = _STATUS_TONES.get(status, Tone.MUTED)
    return Words(status, title, clean(occasion.reason), tone, Phase.NOTE)


def _is_now(service: Row, from_status: object) -> str:
    was = f" (was {from_status})" if from_status else ""
    return f"{one_line(service.get('name'))} is {service.get('status') or 'UNKNOWN'}{was}"


def _heartbeat_missed(occasion: Occasion) -> Words:
    heartbeat = occasion.heartbeat or _NOTHING
    due = read_time(heartbeat.get("next_expected_at"))
    last = read_time(heartbeat.get("last_ping_at"))
    text = clean(occasion.reason) or "No ping arrived in time."
    if due:
        text += f"\nExpected by {moment(due)}."
    text += f"\nLast ping: {moment(last) if last else 'never'}."
    tone = _TONES.get(severity_of(occasion), Tone.CRITICAL)
    title = f"{subject_of(occasion)}: heartbeat missed"
    return Words(severity_of(occasion).upper(), title, text, tone, Phase.TRIGGER)


def _heartbeat_recovered(occasion: Occasion) -> Words:
    text = clean(occasion.reason) or "Pings arrive again."
    title = f"{subject_of(occasion)}: heartbeat recovered"
    return Words("RECOVERED", title, text, Tone.GOOD, Phase.RESOLVE)


def _ssl_expiring(occasion: Occasion) -> Words:
    certificate = occasion.certificate or _NOTHING
    domain, until = _domain(occasion), read_time(certificate.get("valid_to"))
    when = _in_time(until, occasion.at) if until else "soon"
    text = f"The certificate of {domain} expires {when}"
    text += f", on {moment(until)}." if until else "."
    tone = _TONES.get(severity_of(occasion), Tone.WARNING)
    title = f"{domain}: certificate expires {when}"
    words = _paragraphs(text, _issuer(certificate))
    return Words(severity_of(occasion).upper(), title, words, tone, Phase.TRIGGER)


def _ssl_expired(occasion: Occasion) -> Words:
    certificate = occasion.certificate or _NOTHING
    domain, until = _domain(occasion), read_time(certificate.get("valid_to"))
    text = f"The certificate of {domain} expired{f' on {moment(until)}' if until else ''}."
    tone = _TONES.get(severity_of(occasion), Tone.CRITICAL)
    title = f"{domain}: certificate has expired"
    words = _paragraphs(text, "Browsers and programs refuse it.", _issuer(certificate))
    return Words(severity_of(occasion).upper(), title, words, tone, Phase.TRIGGER)


def _ssl_changed(occasion: Occasion) -> Words:
    """Say which certificate is shown now; where incidents are kept, that of the old one is over."""
    certificate = occasion.certificate or _NOTHING
    domain, until = _domain(occasion), read_time(certificate.get("valid_to"))
    text = f"{domain} shows another certificate than before"
    text += f", valid until {moment(until)}." if until else "."
    prints = (("Fingerprint", "fingerprint_sha256"), ("Before", "previous_fingerprint"))
    lines = [
        f"{label}: {one_line(certificate[name])}" for label, name in prints if certificate.get(name)
    ]
    trouble = clean(certificate.get("error"))
    words = _paragraphs(
        text, f"It is not valid: {trouble}." if trouble else "", _issuer(certificate), *lines
    )
    tone = Tone.WARNING if trouble else Tone.INFO
    return Words("CERTIFICATE", f"{domain}: certificate has changed", words, tone, Phase.RESOLVE)


def _domain(occasion: Occasion) -> str:
    return one_line((occasion.certificate or _NOTHING).get("domain")) or subject_of(occasion)


def _issuer(certificate: Row) -> str:
    return f"Issuer: {one_line(certificate['issuer'])}" if certificate.get("issuer") else ""


def _in_time(until: datetime, now: datetime) -> str:
    """Return how long it is until a time: in whole days, the last one in hours."""
    seconds = (until - now).total_seconds()
    days = round(seconds / 86_400)
    return f"in {days} day{'' if days == 1 else 's'}" if days else f"in {duration(seconds)}"


def _maintenance(occasion: Occasion) -> Words:
    window = occasion.maintenance or _NOTHING
    name = one_line(window.get("name")) or "Maintenance"
    ended = occasion.event == "maintenance.ended"
    title = f"{name}: maintenance has {'ended' if ended else 'started'}"
    tone = Tone.GOOD if ended else Tone.INFO
    return Words("MAINTENANCE", title, clean(window.get("description")), tone, Phase.NOTE)


def _incident(occasion: Occasion) -> Words:
    incident = occasion.incident or _NOTHING
    status = one_line(incident.get("status")) or "investigating"
    text = clean(occasion.note or incident.get("body"))
    tones = {"critical": Tone.CRITICAL, "major": Tone.CRITICAL, "minor": Tone.WARNING}
    tone = tones.get(str(incident.get("severity")), Tone.INFO)
    if occasion.event == "incident.resolved":
        status, tone = "resolved", Tone.GOOD
    return Words(status.upper(), one_line(incident.get("title")), text, tone, Phase.NOTE)


def _digest(occasion: Occasion) -> Words:
    if occasion.changes:
        return _digest_of_changes(occasion)
    lines = [
        f"- [{one_line(row.get('severity')).upper()}] "
        f"{one_line(row.get('service_name'))}: {one_line(row.get('title'))}"
        for row in occasion.alerts
    ]
    opening = clean(occasion.reason) or "So many alerts at once are told in one message."
    tone = _TONES.get(severity_of(occasion), Tone.CRITICAL)
    title = f"{len(lines)} alerts at {one_line(occasion.organization.get('name'))}"
    return Words("DIGEST", title, _paragraphs(opening, *_listed(lines)), tone, Phase.TRIGGER)


def _digest_of_changes(occasion: Occasion) -> Words:
    lines = [f"- {_is_now(row, row.get('from_status'))}" for row in occasion.changes]
    opening = "So many changes at once are told in one message."
    tone = _TONES.get(severity_of(occasion), Tone.INFO)
    title = f"{len(lines)} services have changed at {one_line(occasion.organization.get('name'))}"
    return Words("DIGEST", title, _paragraphs(opening, *_listed(lines)), tone, Phase.NOTE)


def _listed(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MAX_LISTED
    return [*lines[:MAX_LISTED], *([f"… and {more} more"] if more > 0 else [])]


def _unknown(occasion: Occasion) -> Words:
    title = f"{subject_of(occasion)}: {one_line(occasion.event)}"
    return Words("INFO", title, clean(occasion.reason or occasion.note), Tone.INFO, Phase.NOTE)


def _paragraphs(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


_WORDS: dict[str, Callable[[Occasion], Words]] = {
    "alert.fired": _fired,
    "alert.reminder": _reminder,
    "alert.escalated": _escalated,
    "alert.acknowledged": _acknowledged,
    "alert.resolved": _resolved,
    "service.status_changed": _status_changed,
    "heartbeat.missed": _heartbeat_missed,
    "heartbeat.recovered": _heartbeat_recovered,
    "ssl.expiring": _ssl_expiring,
    "ssl.expired": _ssl_expired,
    "ssl.changed": _ssl_changed,
    "maintenance.started": _maintenance,
    "maintenance.ended": _maintenance,
    "incident.created": _incident,
    "incident.updated": _incident,
    "incident.resolved": _incident,
    "digest": _digest,
}
