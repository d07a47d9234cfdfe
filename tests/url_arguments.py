"""How to make what the argument of a path names, for the sweeps over the URL map.

A route with a new kind of argument adds a line.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests import alerting
from tests.factories import PASSWORD, Person, make_service
from tests.times import ago, iso


def _created(path: str, **body: Any) -> Callable[[Person], str]:
    def make(person: Person) -> str:
        fresh = {name: value.format(uuid4().hex) for name, value in body.items()}
        return str(alerting.created(person, path, fresh)["id"])

    return make


def _key(person: Person) -> str:
    body = {"name": "CI", "scopes": ["read"]}
    return str(alerting.created(person, "/api-keys", body)["id"])


def _correction(person: Person) -> str:
    """Correct the service that was made last: the path names it as well."""
    stretch = {"from": ago(hours=2), "to": ago(hours=1)}
    body = {name: iso(at.replace(microsecond=0)) for name, at in stretch.items()}
    service_id = person.get("/services").json[0]["id"]
    body |= {"kind": "up", "reason": "A false alarm."}
    answer = person.post(f"/services/{service_id}/corrections", body)
    assert answer.status_code == 202, answer.text
    return str(answer.json["id"])


def _session(person: Person) -> str:
    """Return the id of a session that has just begun beside that of the person's token."""
    body = {"email": person.email, "password": PASSWORD}
    assert person.post("/auth/login", body).status_code == 200
    listed = person.get("/profile/sessions").json
    return next(str(each["id"]) for each in listed if not each["is_present"])


OWNED: dict[str, Callable[[Person], Any]] = {
    "service_id": lambda person: make_service(person)["id"],
    "correction_id": _correction,
    "heartbeat_id": _created("/heartbeats", name="Backup {}"),
    "invitation_id": _created("/members", email="{}@example.com"),
    "key_id": _key,
    "organization_id": lambda person: person.organization_id,
    "session_id": _session,
    "secret_id": _created("/secrets", name="KEY_{}", value="x"),
    "location_id": _created("/locations", name="Location {}"),
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
    "token": "no-such-target",
}


def make_owned(person: Person) -> dict[str, str]:
    """Make one of each for somebody and return their ids by the name of the argument."""
    return {name: str(make(person)) for name, make in OWNED.items()} | PUBLIC
