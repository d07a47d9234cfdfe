"""What each event says, what travels with it, and what stays at home."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from app.domain.messages.messages import (
    Fact,
    Links,
    Message,
    NotificationPayload,
    Phase,
    Tone,
    compose,
    sample,
)

NOW = datetime(2026, 3, 2, 14, 27, 12, tzinfo=UTC)
ALERT = {
    "id": UUID(int=10),
    "service_id": UUID(int=11),
    "service_name": "Checkout",
    "severity": "critical",
    "title": "Service down Triggered by Check",
    "message": "Check failed with status RED: connection refused",
    "status": "firing",
    "fired_at": NOW - timedelta(minutes=35),
}
SERVICE = {
    "id": UUID(int=11),
    "name": "Checkout",
    "endpoint": "https://user:pass@shop.example.com/health",
    "environment": "production",
    "status": "RED",
}
FIRED = NotificationPayload(
    id="del_1",
    event="alert.fired",
    at=NOW,
    organization={"id": UUID(int=1), "name": "Acme"},
    alert=ALERT,
    service=SERVICE,
)
HEADLINE = "Checkout: Service down Triggered by Check"
REASON = "Check failed with status RED: connection refused"


def composed(**changes: object) -> Message:
    return compose(replace(FIRED, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "changes", "subject", "text", "tone", "phase"),
    [
        ("alert.fired", {}, f"[CRITICAL] {HEADLINE}", REASON, Tone.CRITICAL, Phase.TRIGGER),
        (
            "alert.reminder",
            {},
            f"[REMINDER] {HEADLINE}",
            f"Still firing after 35 min, and not acknowledged.\n{REASON}",
            Tone.CRITICAL,
            Phase.TRIGGER,
        ),
        (
            "alert.reminder",
            {"alert": {**ALERT, "acknowledged_by": "Alice"}},
            f"[REMINDER] {HEADLINE}",
            f"Still firing after 35 min, and acknowledged by Alice.\n{REASON}",
            Tone.CRITICAL,
            Phase.TRIGGER,
        ),
        (
            "alert.escalated",
            {"alert": {**ALERT, "escalation": {"level": 2}}},
            f"[ESCALATED] {HEADLINE}",
            f"Escalated to level 2: nobody has acknowledged it yet.\n{REASON}",
            Tone.CRITICAL,
            Phase.TRIGGER,
        ),
        (
            "alert.acknowledged",
            {"actor": "Alice", "note": "on it"},
            f"[ACKNOWLEDGED] {HEADLINE}",
            f"Alice is on it.\non it\n{REASON}",
            Tone.MUTED,
            Phase.ACKNOWLEDGE,
        ),
        (
            "alert.resolved",
            {"reason": "connection refused", "alert": {**ALERT, "resolved_at": NOW}},
            f"[RESOLVED] {HEADLINE}",
            "Recovered after 35 min.\nIt was: connection refused.",
            Tone.GOOD,
            Phase.RESOLVE,
        ),
        (
            "alert.resolved",
            {"reason": "connection refused", "actor": "Bob"},
            f"[RESOLVED] {HEADLINE}",
            "Resolved by Bob after 35 min.\nIt was: connection refused.",
            Tone.GOOD,
            Phase.RESOLVE,
        ),
        (
            "alert.resolved",
            {"reason": "connection refused", "combined": True},
            f"[RESOLVED] {HEADLINE}",
            "Was down for 35 min and has recovered.\nIt was: connection refused.",
            Tone.GOOD,
            Phase.RESOLVE,
        ),
        (
            "service.status_changed",
            {"alert": None, "from_status": "GREEN", "reason": "connection refused"},
            "[RED] Checkout is RED (was GREEN)",
            "connection refused",
            Tone.CRITICAL,
            Phase.NOTE,
        ),
        (
            "heartbeat.missed",
            {"alert": None, "service": None, "heartbeat": {"id": 1, "name": "Backup"}},
            "[CRITICAL] Backup: heartbeat missed",
            "No ping arrived in time.\nLast ping: never.",
            Tone.CRITICAL,
            Phase.TRIGGER,
        ),
        (
            "ssl.expiring",
            {
                "alert": None,
                "certificate": {
                    "domain": "shop.example.com",
                    "days_until_expiry": 1,
                    "valid_to": "2026-03-03T14:27:12Z",
                    "issuer": "Let's Encrypt",
                },
            },
            "[WARNING] shop.example.com: certificate expires in 1 day",
            "The certificate of shop.example.com expires in 1 day, on 2026-03-03 14:27:12 UTC.\n"
            "Issuer: Let's Encrypt",
            Tone.WARNING,
            Phase.TRIGGER,
        ),
        (
            "maintenance.started",
            {
                "alert": None,
                "maintenance": {"id": 1, "name": "Upgrade", "description": "New disks"},
            },
            "[MAINTENANCE] Upgrade: maintenance has started",
            "New disks",
            Tone.INFO,
            Phase.NOTE,
        ),
        (
            "incident.updated",
            {
                "alert": None,
                "incident": {"id": 1, "title": "Slow", "status": "identified", "severity": "minor"},
                "note": "A bad index.",
            },
            "[IDENTIFIED] Slow",
            "A bad index.",
            Tone.WARNING,
            Phase.NOTE,
        ),
    ],
)
def test_what_is_said(event, changes, subject, text, tone, phase):
    message = composed(event=event, **changes)
    assert message.subject == subject
    assert message.text == text
    assert message.tone is tone
    assert message.phase is phase


def test_the_facts_beside_it():
    facts = composed(
        event="alert.reminder",
        region="eu-west-1",
        root_cause="Database down",
        hidden_services=[{"service_name": "Shop"}, {"service_name": "Cart"}],
        alert={**ALERT, "is_flapping": True},
    ).facts
    assert facts == (
        Fact("Service", "Checkout"),
        Fact("Endpoint", "https://shop.example.com/health"),
        Fact("Environment", "production"),
        Fact("Severity", "critical"),
        Fact("Region", "eu-west-1"),
        Fact("Since", "2026-03-02 13:52:12 UTC"),
        Fact("Duration", "35 min"),
        Fact("Root cause", "Database down"),
        Fact("Also affected", "Shop, Cart"),
        Fact("Flapping", "yes, the state keeps changing"),
    )


def test_a_long_list_is_counted():
    (fact,) = [
        one
        for one in composed(hidden_services=[{"service_name": "x"}] * 25).facts
        if one.label[:4] == "Also"
    ]
    assert fact.value.endswith("x and 5 more")


def test_rows_travel_as_json_and_without_what_is_private():
    service = {**SERVICE, "config": {"bearer_token": "s3cret"}, "last_response_time_ms": Decimal(7)}
    heartbeat = {"id": UUID(int=3), "name": "Backup", "unique_key": "k", "ping_url": "https://x/k"}
    data = composed(service=service, heartbeat=heartbeat).data
    assert data["alert"]["id"] == str(ALERT["id"])
    assert data["alert"]["fired_at"] == "2026-03-02T13:52:12Z"
    assert data["service"]["last_response_time_ms"] == 7.0
    assert data["service"]["endpoint"] == "https://shop.example.com/health"
    assert "config" not in data["service"]
    assert data["heartbeat"] == {"id": str(UUID(int=3)), "name": "Backup"}


def test_the_key_of_an_alert_lasts_its_life():
    keys = {
        composed(event=f"alert.{what}").dedup_key for what in ("fired", "acknowledged", "resolved")
    }
    assert keys == {str(ALERT["id"])}


def test_other_matters_have_a_key_that_comes_again():
    row = {"id": 5, "name": "Upgrade"}
    started = composed(event="maintenance.started", alert=None, maintenance=row)
    ended = composed(id="del_2", event="maintenance.ended", alert=None, maintenance=row)
    assert started.dedup_key == ended.dedup_key == "maintenance-5"
    assert composed(event="digest", alert=None, service=None).dedup_key == "digest-del_1"
    assert composed(dedup_key="given").dedup_key == "given"


def test_a_digest_is_as_severe_as_its_worst_alert():
    alerts = [{**ALERT, "severity": severity} for severity in ("info", "warning")] * 15
    message = composed(event="digest", alert=None, service=None, alerts=alerts)
    assert message.severity == "warning"
    assert message.title == "30 alerts at Acme"
    assert message.text.count("\n- [") == 20
    assert message.text.endswith("… and 10 more")
    assert len(message.data["alerts"]) == 30


def test_any_row_at_all_makes_a_message():
    empty: dict[str, object] = {"id": 1}
    for event in ("alert.fired", "heartbeat.missed", "ssl.expiring", "incident.created", "x"):
        message = composed(
            event=event,
            organization={"id": 1},
            alert=empty,
            service=empty,
            heartbeat=empty,
            certificate=empty,
            maintenance=empty,
            incident=empty,
        )
        assert message.title
        assert message.text
        assert message.source == "AlertifyPro"


def test_a_name_of_control_characters_is_no_name():
    message = composed(alert={**ALERT, "service_name": "\x00\x1b\u202e"})
    assert message.title == "Acme: Service down Triggered by Check"


def test_the_plain_body_holds_everything():
    links = Links(view="https://v", acknowledge="https://a", snooze="https://s")
    body = composed(links=links, runbook_url="https://r").body()
    assert body.startswith(f"{REASON}\n\nService: Checkout\n")
    assert body.endswith(
        "View alert: https://v\nAcknowledge: https://a\nSnooze: https://s\nRunbook: https://r"
    )
    assert "https://" not in composed(links=links, service=None).body(links=False)


def test_the_test_button_says_that_it_is_a_test():
    message = sample(id="del_9", at=NOW, organization={"id": 1, "name": "Acme"})
    assert message.test
    assert message.subject == "[TEST] Example service: Test notification"
    assert message.dedup_key == "test-del_9"
    assert message.data["test"] is True


def test_a_name_of_another_script_leaves_the_words_around_it():
    message = composed(alert={**ALERT, "service_name": "חנות (1)", "title": "Down"})
    assert "\u2068חנות (1)\u2069" in message.title
    assert ("Service", "\u2068חנות (1)\u2069") in [(f.label, f.value) for f in message.facts]
    assert message.data["alert"]["service_name"] == "חנות (1)", "programs get the name itself"
