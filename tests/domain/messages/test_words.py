"""What is said of certificates, of maintenance, and of alerts that end without a recovery."""

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.messages.messages import Fact, NotificationPayload, Phase, Tone, compose

NOW = datetime(2026, 3, 2, 14, 27, 12, tzinfo=UTC)
ORGANIZATION = {"id": 1, "name": "Acme"}
SERVICE = {"id": 11, "name": "Checkout", "endpoint": "https://shop.example.com/"}
REASON = "Check failed with status RED: connection refused"
ALERT = {
    "id": 10,
    "service_name": "Checkout",
    "severity": "critical",
    "title": "Service down Triggered by Check",
    "message": REASON,
    "fired_at": NOW - timedelta(minutes=35),
}
HEADLINE = "Checkout: Service down Triggered by Check"


def composed(event, **changes):
    rows = {"service": SERVICE} | changes
    return compose(
        NotificationPayload(id="del_1", event=event, at=NOW, organization=ORGANIZATION, **rows)
    )


@pytest.mark.parametrize(
    ("event", "changes", "subject", "text", "tone", "phase"),
    [
        (
            "ssl.expiring",
            {
                "certificate": {"domain": "shop.example.com", "valid_to": "2026-03-16T14:26:12Z"},
                "severity": "info",
            },
            "[INFO] shop.example.com: certificate expires in 14 days",
            "The certificate of shop.example.com expires in 14 days, on 2026-03-16 14:26:12 UTC.",
            Tone.INFO,
            Phase.TRIGGER,
        ),
        (
            "ssl.expiring",
            {
                "certificate": {"domain": "shop.example.com", "valid_to": "2026-03-02T20:27:12Z"},
            },
            "[WARNING] shop.example.com: certificate expires in 6 h",
            "The certificate of shop.example.com expires in 6 h, on 2026-03-02 20:27:12 UTC.",
            Tone.WARNING,
            Phase.TRIGGER,
        ),
        (
            "ssl.expired",
            {
                "certificate": {
                    "domain": "shop.example.com",
                    "valid_to": "2026-03-02T14:27:00Z",
                    "issuer": "Let's Encrypt",
                },
            },
            "[CRITICAL] shop.example.com: certificate has expired",
            "The certificate of shop.example.com expired on 2026-03-02 14:27:00 UTC.\n"
            "Browsers and programs refuse it.\nIssuer: Let's Encrypt",
            Tone.CRITICAL,
            Phase.TRIGGER,
        ),
        (
            "ssl.changed",
            {
                "certificate": {
                    "domain": "shop.example.com",
                    "valid_to": "2026-06-02T14:27:00Z",
                    "issuer": "Let's Encrypt",
                    "fingerprint_sha256": "bb",
                    "previous_fingerprint": "aa",
                },
            },
            "[CERTIFICATE] shop.example.com: certificate has changed",
            "shop.example.com shows another certificate than before, valid until"
            " 2026-06-02 14:27:00 UTC.\nIssuer: Let's Encrypt\nFingerprint: bb\nBefore: aa",
            Tone.INFO,
            Phase.RESOLVE,
        ),
        (
            "ssl.changed",
            {
                "certificate": {"domain": "shop.example.com", "error": "self-signed certificate"},
            },
            "[CERTIFICATE] shop.example.com: certificate has changed",
            "shop.example.com shows another certificate than before.\n"
            "It is not valid: self-signed certificate.",
            Tone.WARNING,
            Phase.RESOLVE,
        ),
        (
            "alert.resolved",
            {
                "alert": ALERT,
                "closed_because": "the service was deleted",
                "reason": "connection refused",
                "combined": True,
            },
            f"[RESOLVED] {HEADLINE}",
            "Closed after 35 min: the service was deleted.\nIt was: connection refused.",
            Tone.GOOD,
            Phase.RESOLVE,
        ),
        (
            "service.status_changed",
            {"service": {**SERVICE, "status": "YELLOW"}, "from_status": "GREEN", "reason": "slow"},
            "[YELLOW] Checkout is YELLOW (was GREEN)",
            "slow",
            Tone.WARNING,
            Phase.NOTE,
        ),
    ],
)
def test_what_is_said(event, changes, subject, text, tone, phase):
    message = composed(event, **changes)
    assert (message.subject, message.text) == (subject, text)
    assert (message.tone, message.phase) == (tone, phase)


def test_a_digest_of_changes():
    changes = [{**SERVICE, "status": "RED", "from_status": "GREEN", "config": "x"}] * 25
    message = composed("digest", service=None, changes=changes, severity="critical")
    assert message.subject == "[DIGEST] 25 services have changed at Acme"
    assert message.text.count("\n- Checkout is RED (was GREEN)") == 20
    assert message.text.endswith("… and 5 more")
    assert (message.severity, message.tone, message.phase) == (
        "critical",
        Tone.CRITICAL,
        Phase.NOTE,
    )
    assert message.data["changes"][0] == {**SERVICE, "status": "RED", "from_status": "GREEN"}


def test_a_digest_of_ends_says_that_they_are_over():
    over = {**ALERT, "status": "resolved", "severity": "critical", "title": "Check failed"}
    times = {"fired_at": "2026-03-02T14:00:00Z", "resolved_at": "2026-03-02T14:05:00Z"}
    alerts = [over | times, over | times | {"combined": True}]
    message = composed("digest", service=None, alerts=alerts)
    assert message.subject == "[RESOLVED] 2 alerts are over at Acme"
    known, new = message.text.splitlines()[-2:]
    assert known.endswith(": Check failed, after 5 min")
    assert new.endswith(": Check failed, which lasted 5 min and was not told before")
    assert (message.tone, message.phase) == (Tone.GOOD, Phase.NOTE), "it wakes nobody"
    assert [row.get("combined") for row in message.data["alerts"]] == [None, True]
    firing = composed("digest", service=None, alerts=[ALERT, *alerts])
    assert firing.phase is Phase.TRIGGER


def test_a_maintenance_says_when():
    window = {
        "id": 5,
        "name": "Upgrade",
        "starts_at": "2026-03-02T14:00:00Z",
        "ends_at": "2026-03-02T16:00:00Z",
    }
    message = composed("maintenance.ended", service=None, maintenance=window)
    assert message.subject == "[MAINTENANCE] Upgrade: maintenance has ended"
    assert message.facts == (
        Fact("From", "2026-03-02 14:00:00 UTC"),
        Fact("Until", "2026-03-02 16:00:00 UTC"),
    )


def test_what_is_given_as_severity_counts():
    assert composed("ssl.expiring").severity == "warning"
    assert composed("ssl.expiring", severity="info").severity == "info"
    assert composed("service.status_changed", severity="critical").severity == "critical"


def test_all_messages_about_a_certificate_are_one_matter_at_the_receiver():
    keys = {composed(f"ssl.{what}", certificate={}).dedup_key for what in ("expiring", "expired")}
    assert keys == {composed("ssl.changed", certificate={}).dedup_key} == {"ssl-11"}
