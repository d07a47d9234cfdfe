"""Valid people and rows in one line."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import psycopg
from flask import Flask
from psycopg import sql
from werkzeug.test import TestResponse

from app.domain.accounts.plans import FREE, plan_of
from app.domain.accounts.slugs import slugify
from app.operations.accounts import auth
from app.platform.crypto import hash_password
from app.platform.transaction import single_statement
from app.security import access
from app.security.future_ids import future_user_id

API = "/api/v1"
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Person:
    """Somebody signed in; their calls go to the API with their token."""

    app: Flask = field(repr=False)
    name: str
    email: str
    user_id: UUID
    organization_id: UUID
    token: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The header that signs them in."""
        return {"Authorization": f"Bearer {self.token}"}

    def with_epoch(self, epoch: int = 0) -> "Person":
        """Return the same person with a new token."""
        with self.app.app_context():
            token = access.issue_token(self.user_id, self.organization_id, self.email, epoch)
        return replace(self, token=token)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        """Return the answer to a call of the API."""
        headers = self.headers | options.pop("headers", {})
        client = self.app.test_client(use_cookies=False)  # a jar of its own was always empty
        return client.open(f"{API}{path}", method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        """Return the answer to GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Return the answer to POST."""
        return self.call("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Return the answer to PATCH."""
        return self.call("PATCH", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Return the answer to PUT."""
        return self.call("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """Return the answer to DELETE."""
        return self.call("DELETE", path, **options)


@cache
def _hash() -> str:
    return hash_password(PASSWORD)


# The rows that `auth.register` makes in ten statements, five thousand times in a run;
# tests/test_factories.py compares the two. No row where it would have decided otherwise.
_REGISTER = """
    WITH made AS (
        INSERT INTO users (id, email, password_hash, full_name, timezone, contact_methods,
            token_epoch, is_operator)
        SELECT %(user)s, %(email)s, %(hash)s, %(name)s, 'UTC', '[]', 0,
            NOT EXISTS (SELECT FROM users)
        WHERE NOT EXISTS (SELECT FROM instance_settings)
            AND NOT EXISTS (SELECT FROM organizations WHERE slug = %(slug)s)
        RETURNING id, is_operator
    ), founded AS (
        INSERT INTO organizations (id, name, slug, plan_type, max_services, timezone, settings,
            is_strangers)
        SELECT %(organization)s, %(title)s, %(slug)s, %(plan)s, %(services)s, 'UTC', '{}',
            NOT is_operator
        FROM made RETURNING id
    ), joined AS (
        INSERT INTO memberships (id, organization_id, user_id, role)
        SELECT gen_random_uuid(), founded.id, made.id, 'owner' FROM founded, made
    ), ruled AS (
        INSERT INTO alert_rules (id, organization_id, name, severity, tags, condition, is_enabled,
            notification_channel_ids, auto_resolve, cooldown_minutes)
        SELECT gen_random_uuid(), id, 'Service down', 'critical', '{}',
            '{"metric": "status", "operator": "in", "value": ["RED"]}', true, '{}', true, 0
        FROM founded
    ), recorded AS (
        INSERT INTO audit_logs (organization_id, event, actor_kind, actor_id, actor_email,
            resource_type, resource_id, resource_name)
        SELECT founded.id, 'auth.registered', 'user', made.id, %(email)s, 'user', made.id,
            %(email)s
        FROM founded, made
    )
    SELECT id FROM founded
"""


def _register(email: str, name: str) -> tuple[UUID, UUID]:
    """Register somebody as `auth.register` does; return their id and their organization's."""
    title = f"{name}'s Organization"
    values: dict[str, Any] = {
        "user": future_user_id(email),
        "email": email,
        "hash": _hash(),
        "name": name,
        "organization": uuid4(),
        "title": title,
        "slug": slugify(title, "organization"),
        "plan": FREE,
        "services": plan_of(FREE, None).max_services,
    }
    if single_statement(_REGISTER, values):
        return values["user"], values["organization"]
    return auth.register(email, _hash(), name, "open")


def make_person(app: Flask, name: str) -> Person:
    """Register somebody with an organization of their own; the password is PASSWORD."""
    email = f"{name.lower()}-{uuid4().hex[:8]}@example.com"
    with app.app_context():
        user_id, organization_id = _register(email, name)
    return _signed_in(app, name, email, user_id, organization_id)


def make_member(app: Flask, owner: Person, name: str, role: str) -> Person:
    """Register somebody and make them a member of the owner's organization, where they act."""
    person = make_person(app, name)
    with app.app_context():
        single_statement(
            "INSERT INTO memberships (id, organization_id, user_id, role)"
            " VALUES (gen_random_uuid(), %s, %s, %s)",
            (owner.organization_id, person.user_id, role),
        )
    return _signed_in(app, name, person.email, person.user_id, owner.organization_id)


def _signed_in(app: Flask, name: str, email: str, user_id: UUID, organization_id: UUID) -> Person:
    return Person(app, name, email, user_id, organization_id, "").with_epoch()


def service_body(**changes: Any) -> dict[str, Any]:
    """Return the body of a new service."""
    body = {"name": "Shop", "endpoint": "https://shop.example.com/", "check_type": "HTTP"}
    return body | changes


def make_service(person: Person, **changes: Any) -> dict[str, Any]:
    """Create a service over the API and return its answer."""
    answer = person.post("/services", service_body(**changes))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def make_partition(connection: psycopg.Connection[Any], day: date) -> None:
    """Make the partition of check results for a day in UTC."""
    connection.execute(
        sql.SQL("CREATE TABLE {} PARTITION OF check_results FOR VALUES FROM ({}) TO ({})").format(
            sql.Identifier(f"check_results_{day:%Y%m%d}"),
            sql.Literal(f"{day} 00:00:00+00"),
            sql.Literal(f"{day + timedelta(days=1)} 00:00:00+00"),
        )
    )


def make_result(
    connection: psycopg.Connection[Any],
    service_id: str,
    at: datetime,
    status: str = "GREEN",
    **changes: Any,
) -> UUID:
    """Store a check result and return its id; days that have no partition yet get one."""
    columns = {
        "id": uuid4(),
        "service_id": service_id,
        "scheduled_for": at - timedelta(milliseconds=5),
        "checked_at": at,
        "region": "default",
        "status": status,
        "response_time_ms": 12.5,
        "status_code": 200,
    } | changes
    names = ", ".join(columns)
    marks = ", ".join(f"%({name})s" for name in columns)
    insert = f"INSERT INTO check_results ({names}) VALUES ({marks})"
    try:
        connection.execute(insert, columns)
    except psycopg.errors.CheckViolation:  # just after midnight, 25 hours ago is two days ago
        make_partition(connection, columns["scheduled_for"].astimezone(UTC).date())
        connection.execute(insert, columns)
    found: UUID = columns["id"]
    return found
