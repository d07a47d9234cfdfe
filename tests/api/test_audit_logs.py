"""The audit log: every change, whoever made it, before and after, and nobody to alter it."""

import csv
import io
import json
from datetime import UTC, datetime

import psycopg
import pytest

from app.api import audit_logs as audit_logs_api
from app.models.base import OrganizationOwned
from app.platform.errors import Unauthorized
from tests.factories import PASSWORD, make_member, make_service, service_body
from tests.url_arguments import OWNED

# Rows of organizations that people do not change by hand, and why they need no line.
UNAUDITED = {
    "notifications": "what the outbox sends",
    "probe_requests": "one-off checks",
}


def log(person, query=""):
    return person.get(f"/audit-logs{query}").json


def subclasses(model):
    for child in model.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_table_of_an_organization_is_audited(app, rows):
    """A new table: call `SELECT audit_table('things', 'thing')` in its migration."""
    audited = {
        name
        for (name,) in rows("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit'")
    }
    owned = {model.__tablename__ for model in subclasses(OrganizationOwned)}
    assert owned - audited - set(UNAUDITED) == set()
    assert {"organizations", "users", "memberships", "team_members"} <= audited


def test_a_change_tells_who_what_and_from_where(alice):
    service = make_service(alice, config={"headers": {"Authorization": "Bearer hush"}})
    changes = {"name": "Till", "timeout_seconds": 7}
    answer = alice.patch(f"/services/{service['id']}", changes)
    assert answer.status_code == 200
    updated, created = log(alice, "?event=service")
    assert set(created) == {"id", "timestamp", "event", "actor", "resource", "before", "after"}
    assert created["actor"] == {
        "type": "user",
        "id": str(alice.user_id),
        "email": alice.email,
        "ip": "127.0.0.1",
    }
    assert (created["event"], created["before"]) == ("service.created", None)
    assert created["after"]["name"] == "Shop"
    assert created["after"]["config"]["headers"]["Authorization"] == "********"
    assert updated["event"] == "service.updated"
    assert updated["before"] == {"name": "Shop", "timeout_seconds": service["timeout_seconds"]}
    assert updated["after"] == changes
    assert updated["resource"] == {"type": "service", "id": service["id"], "name": "Till"}


def test_pausing_deleting_and_many_at_once(alice):
    ids = [make_service(alice, name=f"S{n}")["id"] for n in range(2)]
    alice.post(f"/services/{ids[0]}/pause")
    alice.post(f"/services/{ids[0]}/resume")
    alice.post("/services/bulk", {"action": "delete", "ids": ids})
    events = [entry["event"] for entry in log(alice, "?event=service")]
    assert sorted(events[:2]) == ["service.deleted"] * 2
    assert events[2:4] == ["service.resumed", "service.paused"]


def test_members_teams_keys_and_settings(app, alice, bob):
    team = alice.post("/teams", {"name": "On call"}).json
    alice.post(f"/teams/{team['id']}/members", {"user_id": str(bob.user_id)})
    key = alice.post("/api-keys", {"name": "Deploy", "scopes": ["read"]}).json
    alice.delete(f"/api-keys/{key['id']}")
    alice.patch(f"/members/{bob.user_id}", {"role": "viewer"})
    alice.delete(f"/members/{bob.user_id}")
    alice.post("/members", {"email": "dora@example.com"})
    alice.patch("/organization", {"name": "Ours", "timezone": "Europe/Berlin"})
    alice.put("/profile", {"full_name": "Alice B."})
    entries = log(alice)
    events = [entry["event"] for entry in reversed(entries)]
    wanted = [
        "team.created",
        "team_member.added",
        "api_key.created",
        "api_key.revoked",
        "member.role_changed",
        "team_member.removed",
        "member.removed",
        "invitation.created",
        "organization.updated",
        "user.updated",
    ]
    assert [event for event in events if not event.startswith("auth.")] == wanted
    role = next(entry for entry in entries if entry["event"] == "member.role_changed")
    assert (role["before"], role["after"]) == ({"role": "editor"}, {"role": "viewer"})
    assert role["resource"] == {"type": "member", "id": str(bob.user_id), "name": bob.email}
    text = json.dumps(entries)
    assert key["key"] not in text
    assert "_hash" not in text


def test_signing_in_and_out(client, alice, rows):
    login = "/api/v1/auth/login"
    client.post(login, json={"email": alice.email, "password": "wrong horse"})
    token = client.post(login, json={"email": alice.email, "password": PASSWORD}).json["token"]
    headers = {"Authorization": f"Bearer {token}"}
    client.post("/api/v1/auth/logout", headers=headers)
    events = [(entry["event"], entry["actor"]["type"]) for entry in log(alice, "?event=auth")]
    assert events[:3] == [
        ("auth.logout", "user"),
        ("auth.login", "user"),
        ("auth.login_failed", "anonymous"),
    ]
    alice.put("/profile/password", {"current_password": PASSWORD, "new_password": PASSWORD[::-1]})
    assert rows("SELECT count(*) FROM audit_logs WHERE event = 'auth.password_changed'") == [(1,)]


def test_programs_act_under_the_name_of_their_key(client, alice):
    made = alice.post("/api-keys", {"name": "Deploy", "scopes": ["write"]}).json
    headers = {"Authorization": f"Bearer {made['key']}"}
    client.post("/api/v1/services", json=service_body(), headers=headers)
    (entry,) = log(alice, "?event=service.created")
    assert (entry["actor"]["type"], entry["actor"]["id"]) == ("api_key", made["id"])


def test_filters_and_pages(app, alice, bob):
    service = make_service(bob)
    alice.patch(f"/services/{service['id']}", {"name": "Till"})
    alice.patch(f"/services/{service['id']}", {"name": "Desk"})
    assert len(log(alice, f"?actor={alice.user_id}&event=service")) == 2
    assert len(log(alice, f"?actor={bob.email}&event=service")) == 1
    assert len(log(alice, f"?resource_id={service['id']}")) == 3
    assert len(log(alice, "?resource_type=service&event=service.updated")) == 2
    assert log(alice, "?event=serv") == []
    now = datetime.now(UTC).isoformat().replace("+", "%2B")
    assert log(alice, f"?from={now}") == []
    assert len(log(alice, f"?to={now}&event=service")) == 3
    first = alice.get("/audit-logs?event=service&limit=2")
    link = first.headers["Link"].split("?")[1].split(">")[0]
    (last,) = log(alice, f"?{link}")
    assert last["event"] == "service.created"
    assert alice.get("/audit-logs?cursor=abc").status_code == 422
    assert alice.get("/audit-logs?from=yesterday").status_code == 422


def test_an_export_ends_with_the_access_of_its_reader(app, alice, monkeypatch, rows):
    """However slowly it is read: what is asked of the database later is not theirs any more."""
    monkeypatch.setattr(audit_logs_api, "_CHECK_EVERY", 1)
    admin = make_member(app, alice, "Ada", "admin")
    answer = app.test_client().get("/api/v1/audit-logs?format=csv", headers=admin.headers)
    lines = answer.iter_encoded()
    assert next(lines).startswith(b"id,timestamp")
    rows("DELETE FROM memberships WHERE user_id = %s", admin.user_id)
    with pytest.raises(Unauthorized):
        list(lines)


def test_export_as_csv(alice):
    make_service(alice, name="=cmd()", description='"quoted", and\nbroken')
    answer = alice.get("/audit-logs?event=service&format=csv")
    assert answer.mimetype == "text/csv"
    header, line = csv.reader(io.StringIO(answer.text))
    entry = dict(zip(header, line, strict=True))
    assert entry["event"] == "service.created"
    assert entry["resource_name"] == "'=cmd()", "no formula"
    assert json.loads(entry["after"])["description"] == '"quoted", and\nbroken'


def test_admins_read_the_log_of_their_own_organization_only(app, alice, bob, charlie):
    make_service(alice)
    assert bob.get("/audit-logs").status_code == 403
    assert make_member(app, alice, "Ann", "admin").get("/audit-logs").status_code == 200
    make_service(charlie)
    ids = {entry["id"] for entry in log(alice)}
    assert ids
    assert not ids & {entry["id"] for entry in log(charlie)}


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_logs SET event = 'x'", "DELETE FROM audit_logs", "TRUNCATE audit_logs"],
)
def test_nobody_changes_the_log(alice, connection, statement):
    make_service(alice)
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute(statement)


def test_what_fails_leaves_no_line(alice):
    before = len(log(alice))
    assert alice.post("/services", service_body(name="")).status_code == 422
    for _ in range(5):
        make_service(alice)
    assert alice.post("/services", service_body()).status_code == 403
    assert len(log(alice)) == before + 5


def test_alerts_and_what_goes_along_with_a_deleted_thing(alice):
    alert_id = OWNED["alert_id"](alice)
    assert alice.post(f"/alerts/{alert_id}/acknowledge").status_code == 200
    assert alice.post(f"/alerts/{alert_id}/resolve").status_code == 200
    events = [entry["event"] for entry in log(alice, f"?resource_id={alert_id}")]
    assert events == ["alert.resolved", "alert.acknowledged"]
    team = alice.post("/teams", {"name": "On call"}).json
    alice.post(f"/teams/{team['id']}/members", {"user_id": str(alice.user_id)})
    alice.delete(f"/teams/{team['id']}")
    assert log(alice)[0]["event"] == "team.deleted"
