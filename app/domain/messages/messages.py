"""Composition of messages: rows in, one plain-text value out that every channel can show."""

from collections.abc import Iterable
from datetime import datetime

from app.domain.messages.text import (
    clean,
    isolated,
    moment,
    one_line,
    plain,
    read_time,
    without_password,
)
from app.domain.messages.types import (
    Fact,
    Fields,
    Links,
    Message,
    NotificationPayload,
    Organization,
    Phase,
    Tone,
)
from app.domain.messages.words import MAX_LISTED, describe, elapsed, severity_of, subject_of

__all__ = [
    "Fact",
    "Links",
    "Message",
    "NotificationPayload",
    "Organization",
    "Phase",
    "Tone",
    "compose",
    "sample",
]


def _names(words: str) -> tuple[str, ...]:
    return tuple(words.split())


# What may travel; anything else in a row stays at home.
_ALERT = _names(
    "id organization_id service_id service_name alert_rule_id severity title message status "
    "fired_at acknowledged_at acknowledged_by resolved_at resolved_by snoozed_until heartbeat_id "
    "suppressed_by escalation check_id is_flapping"
)
_SERVICE = _names(
    "id organization_id name endpoint check_type description environment tags status "
    "last_checked_at last_response_time_ms last_error status_changed_at in_maintenance"
)
_HEARTBEAT = _names(
    "id organization_id name schedule timezone grace_period_seconds description severity tags "
    "status last_ping_at last_duration_ms next_expected_at"
)
_CERTIFICATE = _names(
    "service_id domain port subject issuer sans valid_from valid_to days_until_expiry status "
    "fingerprint_sha256 previous_fingerprint chain_valid error key_type threshold_days"
)
_MAINTENANCE = _names("id name description starts_at ends_at service_ids tags status")
_INCIDENT = _names("id title status severity status_page_id service_ids body created_at")


def compose(payload: NotificationPayload) -> Message:
    """Return the message for an payload; any text at all is made fit to show."""
    words = describe(payload)
    title = one_line(words.title, 500) or f"{subject_of(payload)}: {one_line(payload.event)}"
    return Message(
        id=payload.id,
        event=payload.event,
        at=payload.at,
        organization=Organization(
            str(payload.organization["id"]), one_line(payload.organization.get("name"))
        ),
        severity=severity_of(payload),
        tone=words.tone,
        phase=words.phase,
        label="TEST" if payload.test else words.label,
        title=title,
        text=words.text or title,
        reason=clean(payload.reason) or clean((payload.alert or {}).get("message")),
        dedup_key=payload.dedup_key or _dedup_key(payload),
        facts=tuple(_facts(payload)),
        links=payload.links,
        runbook_url=one_line(payload.runbook_url, 2_000) or None,
        data=_data(payload),
        combined=payload.combined,
        test=payload.test,
    )


def sample(*, id: str, at: datetime, organization: Fields, links: Links | None = None) -> Message:
    """Return the message of a channel's test button."""
    text = "This is a test. If you can read it, this channel works."
    alert = {
        "id": id,
        "organization_id": organization["id"],
        "service_name": "Example service",
        "severity": "info",
        "title": "Test notification",
        "message": text,
        "status": "firing",
        "fired_at": at,
    }
    return compose(
        NotificationPayload(
            id=id,
            event="alert.fired",
            at=at,
            organization=organization,
            alert=alert,
            links=links or Links(),
            dedup_key=f"test-{id}",
            test=True,
        )
    )


def _dedup_key(payload: NotificationPayload) -> str:
    """Return the alert's id, else a key that the same matter gets again."""
    if payload.alert is not None:
        return str(payload.alert["id"])
    family = payload.event.partition(".")[0]
    rows = (payload.heartbeat, payload.maintenance, payload.incident, payload.service)
    for row in rows:
        if row is not None:
            return f"{family}-{row['id']}"
    return f"{family}-{payload.id}"


def _facts(payload: NotificationPayload) -> Iterable[Fact]:
    alert, service = payload.alert or {}, payload.service or {}
    window = payload.maintenance or {}
    hidden = list(payload.hidden_services)
    listed = ", ".join(isolated(one_line(row["service_name"], 100)) for row in hidden[:MAX_LISTED])
    more = f" and {len(hidden) - MAX_LISTED} more" if len(hidden) > MAX_LISTED else ""
    end = alert.get("resolved_at") or payload.at
    names = {
        "Service": subject_of(payload) if service or alert.get("service_id") else "",
        "Heartbeat": (payload.heartbeat or {}).get("name"),
        "Endpoint": without_password(service.get("endpoint")),
        "Environment": service.get("environment"),
        "Severity": severity_of(payload) if alert else "",
        "Region": payload.region,
        "Since": _moment(alert.get("fired_at")),
        "Duration": elapsed(alert, end) if payload.event != "alert.fired" else "",
        "From": _moment(window.get("starts_at")),
        "Until": _moment(window.get("ends_at")),
        "Root cause": payload.root_cause,
        "Also affected": listed + more,
        "Flapping": "yes, the state keeps changing" if alert.get("is_flapping") else "",
    }
    for label, value in names.items():
        shown = one_line(value, 500)
        if shown:
            yield Fact(label, isolated(shown))


def _moment(value: object) -> str:
    at = read_time(value)
    return moment(at) if at else ""


def _data(payload: NotificationPayload) -> Fields:
    data: dict[str, object] = {
        "alert": _alert(payload),
        "service": _only(payload.service, _SERVICE),
    }
    extra = {
        "heartbeat": _only(payload.heartbeat, _HEARTBEAT),
        "certificate": _only(payload.certificate, _CERTIFICATE),
        "maintenance": _only(payload.maintenance, _MAINTENANCE),
        "incident": _only(payload.incident, _INCIDENT),
        "alerts": [_only(row, (*_ALERT, "combined")) for row in payload.alerts],
        "changes": [_only(row, (*_SERVICE, "from_status")) for row in payload.changes],
        "reason": plain(payload.reason),
        "region": plain(payload.region),
        "from_status": plain(payload.from_status),
        "combined": payload.combined,
        "test": payload.test,
    }
    data.update({name: value for name, value in extra.items() if value})
    return data


def _alert(payload: NotificationPayload) -> dict[str, object] | None:
    result = _only(payload.alert, _ALERT)
    if result is not None:
        hidden = [_only(row, ("service_id", "service_name")) for row in payload.hidden_services]
        result["suppressed_services"] = hidden
    return result


def _only(row: Fields | None, names: Iterable[str]) -> dict[str, object] | None:
    if row is None:
        return None
    kept = {name: plain(row[name]) for name in names if name in row}
    if "endpoint" in kept:
        kept["endpoint"] = without_password(kept["endpoint"])
    return kept
