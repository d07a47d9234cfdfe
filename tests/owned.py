"""How to make what the argument of a path names, for the sweeps over the URL map.

A route with a new kind of argument adds a line.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests import alerting
from tests.factories import Person, make_service


def _created(path: str, **body: Any) -> Callable[[Person], str]:
    def make(person: Person) -> str:
        fresh = {name: value.format(uuid4().hex) for name, value in body.items()}
        return str(alerting.created(person, path, fresh)["id"])

    return make


def _key(person: Person) -> str:
    body = {"name": "CI", "scopes": ["read"]}
    return str(alerting.created(person, "/api-keys", body)["id"])


OWNED: dict[str, Callable[[Person], Any]] = {
    "service_id": lambda person: make_service(person)["id"],
    "heartbeat_id": _created("/heartbeats", name="Backup {}"),
    "invitation_id": _created("/members", email="{}@example.com"),
    "key_id": _key,
    "organization_id": lambda person: person.organization_id,
    "secret_id": _created("/secrets", name="KEY_{}", value="x"),
    "team_id": _created("/teams", name="Team {}"),
    "view_id": _created("/saved-views", name="View {}", screen="services", query="tag=a"),
    "calendar_id": _created("/on-call/calendars", scope="mine"),
    "user_id": lambda person: person.user_id,
    **alerting.OWNED,
}
# Arguments of public paths: they name the same for everybody.
PUBLIC = {
    "slug": "no-such-page",
    "rest": "history",
    "signed": "not-a-link",
    "key": "no-such-key",
    "action": "start",
    "what": "status",
}


def make_owned(person: Person) -> dict[str, str]:
    """Make one of each for somebody and return their ids by the name of the argument."""
    return {name: str(make(person)) for name, make in OWNED.items()} | PUBLIC
