"""Messages about no single alert: who listens, what was planned, several ticks at once."""

import json
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask

from app.domain.types import Certificate, Observation, Status
from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from app.platform.clock import utcnow
from tests.alerting import make_channel
from tests.factories import Person

Rows = Callable[..., list[tuple[Any, ...]]]


def listen(person: Person, *events: str, **changes: Any) -> str:
    """Make a channel that hears of these events only; return its id."""
    found: str = make_channel(person, events=list(events), **changes)["id"]
    return found


def planned(rows: Rows) -> list[tuple[str, str, int]]:
    """Return kind, severity and step of every message, oldest first."""
    return [
        (kind, severity, step)
        for kind, severity, step in rows(
            "SELECT kind, severity, step FROM notifications ORDER BY created_at, step DESC"
        )
    ]


def kinds(rows: Rows) -> list[str]:
    """Return the kind of every message, oldest first."""
    return [kind for kind, _, _ in planned(rows)]


def status_messages(rows: Rows) -> list[str]:
    """Return every message about a status as `from>to severity`, oldest first."""
    found = rows(
        "SELECT message, severity FROM notifications WHERE kind = 'service.status_changed'"
        " ORDER BY created_at"
    )
    return [
        f"{message['from_status'] or ''}>{message['service']['status']} {severity}"
        for message, severity in found
    ]


def let_pass(rows: Rows, seconds: float) -> None:
    """Make everything that alerts and messages remember so much older."""
    rows("UPDATE alerts SET fired_at = fired_at - %s * interval '1 second'", seconds)
    for column in ("created_at", "sent_at", "next_try_at"):
        rows(f"UPDATE notifications SET {column} = {column} - %s * interval '1 second'", seconds)


def live_events(app: Flask, person: Person, family: str) -> list[dict[str, Any]]:
    """Return the live events of a family, such as `ssl`, oldest first."""
    frames = map(json.loads, app.extensions["runtime"].feed.kept(person.organization_id))
    return [frame for frame in frames if frame["type"].startswith(family)]


def at_once(app: Flask, call: Callable[[], object], times: int = 4) -> list[object]:
    """Make a call in several threads that begin together; return what each returned."""
    barrier, found = threading.Barrier(times), []

    def run() -> None:
        with app.app_context():
            barrier.wait()
            found.append(call())

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == times, "a call has failed"
    return found


def certificate(valid_to: datetime, fingerprint: str = "aa", **changes: Any) -> Certificate:
    """Return a certificate as a check brings it."""
    fields = {
        "domain": "shop.example.com",
        "port": 443,
        "subject": "CN=shop.example.com",
        "issuer": "Let's Encrypt",
        "sans": ("shop.example.com",),
        "valid_from": utcnow(),
        "valid_to": valid_to,
        "fingerprint_sha256": fingerprint,
        "key_type": "ECDSA P-256",
        "chain_valid": True,
    }
    return Certificate(**(fields | changes))


def claim(
    app: Flask, rows: Rows, region: str = "default", only: str | None = None
) -> checks_claim.Claimed:
    """Take everything that is checked in a region, or only one service of it."""
    rows(
        "UPDATE schedule_entries SET next_due_at = now() + CASE"
        " WHEN service_id = coalesce(%s, service_id) THEN interval '0' ELSE interval '1 hour' END"
        " WHERE next_due_at IS NOT NULL",
        only,
    )
    with app.app_context():
        return checks_claim.claim(region, 100)


def record(
    app: Flask, claimed: checks_claim.Claimed, status: str, shown: Certificate | None = None
) -> None:
    """Record the same result for everything that was taken."""
    error = None if status in ("GREEN", "YELLOW") else "connection refused"
    observation = Observation(Status(status), 12.0, error=error, certificate=shown)
    checks = [claim.finished(observation, claimed.now) for claim in claimed.claims]
    with app.app_context():
        app.extensions["runtime"].feed.publish(checks_record.record(checks, claimed.now))


def check(
    app: Flask,
    rows: Rows,
    status: str = "GREEN",
    *,
    region: str = "default",
    shown: Certificate | None = None,
    only: str | None = None,
) -> None:
    """Record one result for everything that is checked in a region, or for one service of it."""
    record(app, claim(app, rows, region, only), status, shown)
