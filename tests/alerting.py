"""Rules, alerts and channels in one line."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from app.platform.clock import utcnow
from app.platform.events import timestamp
from app.platform.transaction import transaction
from tests.factories import Person, make_service

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
RED = {"metric": "status", "operator": "in", "value": ["RED"]}
SECRET_URL = "https://hooks.slack.com/services/T00/B00/a-secret"


def created(person: Person, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create an object over the API and return its answer."""
    answer = person.post(path, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def make_rule(person: Person, **changes: Any) -> dict[str, Any]:
    """Create an alert rule."""
    body = {"name": "Slow", "severity": "warning", "condition": "response_time > 800"}
    return created(person, "/alert-rules", body | changes)


def make_channel(person: Person, **changes: Any) -> dict[str, Any]:
    """Create a Slack channel."""
    body = {"name": "Ops", "type": "slack", "config": {"webhook_url": SECRET_URL}}
    return created(person, "/notification-channels", body | changes)


def make_policy(person: Person, **changes: Any) -> dict[str, Any]:
    """Create an escalation policy that tells the person at once."""
    rule = {
        "level": 1,
        "delay_minutes": 0,
        "notify_type": "user",
        "notify_id": str(person.user_id),
    }
    return created(person, "/escalation-policies", {"name": "On call", "rules": [rule]} | changes)


def make_schedule(person: Person, *users: Person, **layer: Any) -> dict[str, Any]:
    """Create an on-call schedule of one layer, in Berlin; the first week is the first user's."""
    ids = [str(user.user_id) for user in users or (person,)]
    layer = {"name": "Primary", "users": ids, "starts_at": "2026-03-02T00:00:00Z"} | layer
    body = {"name": "Operations", "timezone": "Europe/Berlin", "layers": [layer]}
    return created(person, "/on-call-schedules", body)


def policy_of(person: Person, notify_type: str, notify_id: Any, **changes: Any) -> dict[str, Any]:
    """Create an escalation policy of one line, which acts at once."""
    line = {
        "level": 1,
        "delay_minutes": 0,
        "notify_type": notify_type,
        "notify_id": str(notify_id),
    }
    return make_policy(person, rules=[line], **changes)


def team_of(person: Person, *users: Person) -> str:
    """Create a team of people; return its id."""
    team: str = created(person, "/teams", {"name": "Night"})["id"]
    for user in users:
        created(person, f"/teams/{team}/members", {"user_id": str(user.user_id)})
    return team


def make_override(person: Person, schedule: dict[str, Any]) -> dict[str, Any]:
    """Let a person stand in for a day."""
    body = {
        "user_id": str(person.user_id),
        "from": timestamp(utcnow()),
        "to": timestamp(utcnow() + timedelta(days=1)),
    }
    return created(person, f"/on-call-schedules/{schedule['id']}/overrides", body)


def make_window(person: Person, **changes: Any) -> dict[str, Any]:
    """Create a maintenance window that is active for two hours."""
    times = {
        "starts_at": timestamp(utcnow() - timedelta(hours=1)),
        "ends_at": timestamp(utcnow() + timedelta(hours=1)),
    }
    return created(person, "/maintenance-windows", {"name": "Upgrade", **times} | changes)


def make_page(person: Person, **changes: Any) -> dict[str, Any]:
    """Create a status page."""
    body = {"name": "Acme status", "slug": f"acme-{uuid4().hex[:12]}"}
    return created(person, "/status-pages", body | changes)


def make_incident(person: Person, page: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Publish an incident on a page."""
    body = {"title": "Payments fail", "body": "We look at it."}
    return created(person, f"/status-pages/{page['id']}/incidents", body | changes)


def make_subscriber(person: Person, page: dict[str, Any], email: str = "") -> dict[str, Any]:
    """Bring somebody along as a subscriber who has agreed."""
    path = f"/status-pages/{page['id']}/subscribers"
    email = email or f"{uuid4().hex[:8]}@example.com"
    body = {"emails": [email], "has_consent": True, "reason": "They asked for it by phone."}
    assert person.post(path, body).status_code == 200
    found: dict[str, Any] = person.get(path).json[0]
    return found


def insert(connection: psycopg.Connection[Any], table: str, **columns: Any) -> Any:
    """Insert a row and return its id."""
    names = ", ".join(columns)
    marks = ", ".join(f"%({name})s" for name in columns)
    values = {
        name: Jsonb(value) if isinstance(value, dict) else value for name, value in columns.items()
    }
    row = connection.execute(
        f"INSERT INTO {table} ({names}) VALUES ({marks}) RETURNING id", values
    ).fetchone()
    return row[0] if row else None


def make_alert(
    connection: psycopg.Connection[Any], service: dict[str, Any], **changes: Any
) -> UUID:
    """Store an alert of a service, with the first line of its timeline; return its id."""
    columns = {
        "id": uuid4(),
        "organization_id": service["organization_id"],
        "service_id": service["id"],
        "service_name": service["name"],
        "severity": "critical",
        "title": "Service down Triggered by Check",
        "message": "Check failed with status RED: HTTP 503",
        "status": "firing",
        "fired_at": NOW,
        "is_flapping": False,
    } | changes
    found: UUID = insert(connection, "alerts", **columns)
    insert(
        connection,
        "alert_events",
        alert_id=found,
        at=columns["fired_at"],
        kind="fired",
        text=columns["message"],
    )
    return found


def make_notification(
    connection: psycopg.Connection[Any], organization_id: UUID, **changes: Any
) -> UUID:
    """Store a message of the outbox and return its id."""
    columns = {
        "id": uuid4(),
        "organization_id": organization_id,
        "kind": "alert.fired",
        "step": 0,
        "severity": "critical",
        "message": {},
        "status": "sent",
        "attempts": 1,
        "next_try_at": NOW,
    } | changes
    found: UUID = insert(connection, "notifications", **columns)
    return found


def make_stored_alert(person: Person) -> UUID:
    """Store an alert of a new service of somebody's; return its id."""
    service = make_service(person)
    with person.app.app_context(), transaction() as tx:
        found = make_alert(tx.driver, service)
    return found


def make_dead_message(person: Person) -> UUID:
    """Store a message about an open alert of somebody's that was given up; return its id."""
    alert_id = make_stored_alert(person)
    channel = make_channel(person)["id"]
    with person.app.app_context(), transaction() as tx:
        found = make_notification(
            tx.driver,
            person.organization_id,
            alert_id=alert_id,
            channel_id=channel,
            subject_key=f"alert:{alert_id}",
            recipient_key=f"channel:{channel}",
            status="dead",
        )
    return found


# For tests.url_arguments: how to make what the argument of a path names.
OWNED: dict[str, Callable[[Person], Any]] = {
    "rule_id": lambda person: make_rule(person)["id"],
    "alert_id": make_stored_alert,
    "notification_id": make_dead_message,
    "channel_id": lambda person: make_channel(person)["id"],
    "policy_id": lambda person: make_policy(person)["id"],
    "schedule_id": lambda person: make_schedule(person)["id"],
    "override_id": lambda person: make_override(person, make_schedule(person))["id"],
    "page_id": lambda person: make_page(person)["id"],
    "incident_id": lambda person: make_incident(person, make_page(person))["id"],
    "update_id": lambda person: make_incident(person, make_page(person))["updates"][0]["id"],
    "subscriber_id": lambda person: make_subscriber(person, make_page(person))["id"],
    "window_id": lambda person: make_window(person)["id"],
}


def make_pending(
    person: Person, connection: psycopg.Connection[Any], channel: dict[str, Any], **fields: Any
) -> UUID:
    """Make an alert of a new service and its message to a channel, not sent yet; return the id of
    the alert."""
    alert_id = make_alert(connection, make_service(person))
    make_notification(
        connection,
        person.organization_id,
        alert_id=alert_id,
        channel_id=channel["id"],
        subject_key=f"alert:{alert_id}",
        recipient_key=f"channel:{channel['id']}",
        status="pending",
        attempts=0,
        **fields,
    )
    return alert_id


def latest_alert(person: Person) -> Any:
    """Return the newest alert of a person's organization, with its timeline."""
    return person.get(f"/alerts/{person.get('/alerts?status=all').json[0]['id']}").json


def timeline_texts(alert: Any, kind: str) -> list[str]:
    """Return the texts of one kind in an alert's timeline."""
    return [line["text"] for line in alert["timeline"] if line["kind"] == kind]


def stored_messages(rows: Callable[..., list[tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """Return kind, recipient and status of each message, in the order of their making."""
    return rows("SELECT kind, recipient_key, status FROM notifications ORDER BY created_at, kind")
