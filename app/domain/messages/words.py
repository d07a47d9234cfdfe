"""Titles, texts and looks of events: one function an event, chosen by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.messages.events import SEVERITIES, usual_severity
from app.domain.messages.text import clean, duration, isolated, moment, one_line, read_time
from app.domain.messages.types import Fields, NotificationPayload, Phase, Tone

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


def describe(payload: NotificationPayload) -> Words:
    """Return what to say; an event nobody has words for is told by its name."""
    return _WORDS.get(payload.event, _unknown)(payload)


def severity_of(payload: NotificationPayload) -> str:
    """Return `critical`, `warning` or `info`: what is given, the alert's, or the usual."""
    if payload.severity in SEVERITIES:
        return payload.severity
    rows = [payload.alert, *payload.alerts, payload.heartbeat]
    given = {str(row.get("severity")) for row in rows if row}
    for severity in SEVERITIES:
        if severity in given:
            return severity
    return usual_severity(payload.event)


def subject_of(payload: NotificationPayload) -> str:
    """Return the name of what the message is about."""
    alert, service = payload.alert or _NOTHING, payload.service or _NOTHING
    heartbeat = payload.heartbeat or _NOTHING
    name = alert.get("service_name") or service.get("name") or heartbeat.get("name")
    return isolated(one_line(name) or one_line(payload.organization.get("name")) or "AlertifyPro")


def elapsed(row: Fields, end: object) -> str:
    """Return how long an alert has lasted, or an empty string when its times are not known."""
    start, stop = read_time(row.get("fired_at")), read_time(end)
    return duration((stop - start).total_seconds()) if start and stop else ""


def _problem(payload: NotificationPayload) -> tuple[str, str, Tone]:
    """Return headline, explanation and tone of an alert."""
    alert = payload.alert or _NOTHING
    headline = f"{subject_of(payload)}: {one_line(alert.get('title') or 'Alert')}"
    tone = _TONES.get(severity_of(payload), Tone.INFO)
    return headline, clean(alert.get("message")) or clean(payload.reason), tone


def _fired(payload: NotificationPayload) -> Words:
    headline, text, tone = _problem(payload)
    return Words(severity_of(payload).upper(), headline, text, tone, Phase.TRIGGER)


def _reminder(payload: NotificationPayload) -> Words:
    headline, text, tone = _problem(payload)
    alert = payload.alert or _NOTHING
    lasted = elapsed(alert, payload.at)
    by = one_line(alert.get("acknowledged_by"))
    state = f"acknowledged by {by}" if by else "not acknowledged"
    opening = f"Still firing{f' after {lasted}' if lasted else ''}, and {state}."
    return Words("REMINDER", headline, _paragraphs(opening, text), tone, Phase.TRIGGER)


def _escalated(payload: NotificationPayload) -> Words:
    headline, text, tone = _problem(payload)
    escalation = (payload.alert or _NOTHING).get("escalation") or _NOTHING
    level = escalation.get("level")
    opening = f"Escalated{f' to level {level}' if level else ''}: nobody has acknowledged it yet."
    return Words("ESCALATED", headline, _paragraphs(opening, text), tone, Phase.TRIGGER)


def _acknowledged(payload: NotificationPayload) -> Words:
    headline, text, _ = _problem(payload)
    opening = f"{one_line(payload.actor) or 'Somebody'} is on it."
    words = _paragraphs(opening, clean(payload.note), text)
    return Words("ACKNOWLEDGED", headline, words, Tone.MUTED, Phase.ACKNOWLEDGE)


def _resolved(payload: NotificationPayload) -> Words:
    headline, _, _ = _problem(payload)
    alert = payload.alert or _NOTHING
    lasted = elapsed(alert, alert.get("resolved_at") or payload.at)
    if payload.closed_because:
        after = f" after {lasted}" if lasted else ""
        opening = f"Closed{after}: {clean(payload.closed_because)}."
    elif payload.combined:
        opening = f"Was down{f' for {lasted}' if lasted else ''} and has recovered."
    elif payload.actor:
        after = f" after {lasted}" if lasted else ""
        opening = f"Resolved by {one_line(payload.actor)}{after}."
    else:
        opening = f"Recovered{f' after {lasted}' if lasted else ''}."
    # Not the alert's own text, "Check failed …", which is no longer so.
    was = f"It was: {clean(payload.reason)}." if payload.reason else ""
    words = _paragraphs(opening, clean(payload.note), was)
    return Words("RESOLVED", headline, words, Tone.GOOD, Phase.RESOLVE)


def _status_changed(payload: NotificationPayload) -> Words:
    service = {**(payload.service or _NOTHING), "name": subject_of(payload)}
    status = str(service.get("status") or "UNKNOWN")
    title = _is_now(service, payload.from_status)
    tone = _STATUS_TONES.get(status, Tone.MUTED)
    return Words(status, title, clean(payload.reason), tone, Phase.NOTE)


def _is_now(service: Fields, from_status: object) -> str:
    was = f" (was {from_status})" if from_status else ""
    return f"{one_line(service.get('name'))} is {service.get('status') or 'UNKNOWN'}{was}"


def _heartbeat_missed(payload: NotificationPayload) -> Words:
    heartbeat = payload.heartbeat or _NOTHING
    due = read_time(heartbeat.get("next_expected_at"))
    last = read_time(heartbeat.get("last_ping_at"))
    text = clean(payload.reason) or "No ping arrived in time."
    if due:
        text += f"\nExpected by {moment(due)}."
    text += f"\nLast ping: {moment(last) if last else 'never'}."
    tone = _TONES.get(severity_of(payload), Tone.CRITICAL)
    title = f"{subject_of(payload)}: heartbeat missed"
    return Words(severity_of(payload).upper(), title, text, tone, Phase.TRIGGER)


def _heartbeat_recovered(payload: NotificationPayload) -> Words:
    text = clean(payload.reason) or "Pings arrive again."
    title = f"{subject_of(payload)}: heartbeat recovered"
    return Words("RECOVERED", title, text, Tone.GOOD, Phase.RESOLVE)


def _ssl_expiring(payload: NotificationPayload) -> Words:
    certificate = payload.certificate or _NOTHING
    domain, until = _domain(payload), read_time(certificate.get("valid_to"))
    when = _in_time(until, payload.at) if until else "soon"
    text = f"The certificate of {domain} expires {when}"
    text += f", on {moment(until)}." if until else "."
    tone = _TONES.get(severity_of(payload), Tone.WARNING)
    title = f"{domain}: certificate expires {when}"
    words = _paragraphs(text, _issuer(certificate))
    return Words(severity_of(payload).upper(), title, words, tone, Phase.TRIGGER)


def _ssl_expired(payload: NotificationPayload) -> Words:
    certificate = payload.certificate or _NOTHING
    domain, until = _domain(payload), read_time(certificate.get("valid_to"))
    text = f"The certificate of {domain} expired{f' on {moment(until)}' if until else ''}."
    tone = _TONES.get(severity_of(payload), Tone.CRITICAL)
    title = f"{domain}: certificate has expired"
    words = _paragraphs(text, "Browsers and programs refuse it.", _issuer(certificate))
    return Words(severity_of(payload).upper(), title, words, tone, Phase.TRIGGER)


def _ssl_changed(payload: NotificationPayload) -> Words:
    """Say which certificate is shown now; where incidents are kept, that of the old one is over."""
    certificate = payload.certificate or _NOTHING
    domain, until = _domain(payload), read_time(certificate.get("valid_to"))
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


def _domain(payload: NotificationPayload) -> str:
    return one_line((payload.certificate or _NOTHING).get("domain")) or subject_of(payload)


def _issuer(certificate: Fields) -> str:
    return f"Issuer: {one_line(certificate['issuer'])}" if certificate.get("issuer") else ""


def _in_time(until: datetime, now: datetime) -> str:
    """Return how long it is until a time: in whole days, the last one in hours."""
    seconds = (until - now).total_seconds()
    days = round(seconds / 86_400)
    return f"in {days} day{'' if days == 1 else 's'}" if days else f"in {duration(seconds)}"


def _maintenance(payload: NotificationPayload) -> Words:
    window = payload.maintenance or _NOTHING
    name = one_line(window.get("name")) or "Maintenance"
    ended = payload.event == "maintenance.ended"
    title = f"{name}: maintenance has {'ended' if ended else 'started'}"
    tone = Tone.GOOD if ended else Tone.INFO
    return Words("MAINTENANCE", title, clean(window.get("description")), tone, Phase.NOTE)


def _incident(payload: NotificationPayload) -> Words:
    incident = payload.incident or _NOTHING
    status = one_line(incident.get("status")) or "investigating"
    text = clean(payload.note or incident.get("body"))
    tones = {"critical": Tone.CRITICAL, "major": Tone.CRITICAL, "minor": Tone.WARNING}
    tone = tones.get(str(incident.get("severity")), Tone.INFO)
    if payload.event == "incident.resolved":
        status, tone = "resolved", Tone.GOOD
    return Words(status.upper(), one_line(incident.get("title")), text, tone, Phase.NOTE)


def _digest(payload: NotificationPayload) -> Words:
    if payload.changes:
        return _digest_of_changes(payload)
    if payload.alerts and all(row.get("status") == "resolved" for row in payload.alerts):
        return _digest_of_ends(payload)
    lines = [
        f"- [{one_line(row.get('severity')).upper()}] "
        f"{one_line(row.get('service_name'))}: {one_line(row.get('title'))}"
        for row in payload.alerts
    ]
    opening = clean(payload.reason) or "So many alerts at once are told in one message."
    tone = _TONES.get(severity_of(payload), Tone.CRITICAL)
    title = f"{len(lines)} alerts at {one_line(payload.organization.get('name'))}"
    return Words("DIGEST", title, _paragraphs(opening, *_listed(lines)), tone, Phase.TRIGGER)


def _digest_of_ends(payload: NotificationPayload) -> Words:
    lines = [f"- {one_line(row.get('service_name'))}: {_end(row)}" for row in payload.alerts]
    opening = "So many ends of alerts at once are told in one message."
    title = f"{len(lines)} alerts are over at {one_line(payload.organization.get('name'))}"
    return Words("RESOLVED", title, _paragraphs(opening, *_listed(lines)), Tone.GOOD, Phase.NOTE)


def _end(row: Fields) -> str:
    title, lasted = one_line(row.get("title")), elapsed(row, row.get("resolved_at"))
    if row.get("combined"):
        return f"{title}, which lasted{f' {lasted}' if lasted else ''} and was not told before"
    return f"{title}{f', after {lasted}' if lasted else ''}"


def _digest_of_changes(payload: NotificationPayload) -> Words:
    lines = [f"- {_is_now(row, row.get('from_status'))}" for row in payload.changes]
    opening = "So many changes at once are told in one message."
    tone = _TONES.get(severity_of(payload), Tone.INFO)
    title = f"{len(lines)} services have changed at {one_line(payload.organization.get('name'))}"
    return Words("DIGEST", title, _paragraphs(opening, *_listed(lines)), tone, Phase.NOTE)


def _listed(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MAX_LISTED
    return [*lines[:MAX_LISTED], *([f"… and {more} more"] if more > 0 else [])]


def _unknown(payload: NotificationPayload) -> Words:
    title = f"{subject_of(payload)}: {one_line(payload.event)}"
    return Words("INFO", title, clean(payload.reason or payload.note), Tone.INFO, Phase.NOTE)


def _paragraphs(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


_WORDS: dict[str, Callable[[NotificationPayload], Words]] = {
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
