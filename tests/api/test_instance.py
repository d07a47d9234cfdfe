"""/instance and the commands: what operators change."""

import pytest

from tests.factories import make_person, make_service, service_body


@pytest.fixture
def run(app):
    """Run a command and return its exit code and what it printed."""

    def run(*words):
        result = app.test_cli_runner().invoke(args=words)
        return result.exit_code, result.output.strip()

    return run


def test_settings_are_for_operators(alice, bob):
    assert bob.get("/instance").status_code == 403
    key = alice.post("/api-keys", {"name": "k", "scopes": ["admin"]}).json["key"]
    answer = alice.get("/instance", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 403, "operators are people"
    found = alice.get("/instance").json
    assert found["registration"] == "open"
    assert found["plans"]["free"] == {
        "max_services": 5,
        "requests_per_minute": 30,
        "burst": 50,
        "max_locations": 1,
    }
    assert (found["users_count"], found["organizations_count"]) == (2, 2)


def test_registration_is_changed_at_run_time(client, alice):
    register = {"email": "eve@example.com", "password": "correct horse battery", "full_name": "Eve"}
    assert alice.patch("/instance", {"registration": "closed"}).json["registration"] == "closed"
    assert client.post("/api/v1/auth/register", json=register).status_code == 403
    assert alice.patch("/instance", {"registration": None}).json["registration"] == "open"
    assert client.post("/api/v1/auth/register", json=register).status_code == 201


def test_plans(app, alice, charlie):
    changed = alice.patch("/instance", {"plans": {"free": {"max_services": 2}}})
    assert changed.json["plans"]["free"]["max_services"] == 2
    assert charlie.get("/organization").json["max_services"] == 2
    make_service(charlie)
    make_service(charlie)
    refused = charlie.post("/services", service_body())
    assert (refused.status_code, "at most 2 services" in refused.json["error"]) == (403, True)
    assert make_person(app, "Nora").get("/organization").json["max_services"] == 2
    path = f"/instance/organizations/{charlie.organization_id}"
    assert alice.patch(path, {"max_services": 3}).json["max_services"] == 3
    alice.patch("/instance", {"plans": {"free": {"max_services": 9}}})
    assert charlie.get("/organization").json["max_services"] == 3, "it has a number of its own"
    (listed,) = alice.get(f"/instance/organizations?slug={listed_slug(charlie)}").json
    assert (listed["max_services"], listed["services_count"]) == (3, 2)
    assert len(alice.get("/instance/organizations").json) == 3


def listed_slug(person):
    return person.get("/organization").json["slug"]


@pytest.mark.parametrize(
    "body",
    [
        {"registration": "sometimes"},
        {"plans": {"gold": {}}},
        {"plans": {"free": {"max_services": -1}}},
        {"plans": {"free": {"burst": 0}}},
        {"other": 1},
    ],
)
def test_bad_settings(alice, body):
    assert alice.patch("/instance", body).status_code == 422


def test_operators_by_command(alice, bob, run):
    assert run("operators", "list") == (0, alice.email)
    code, text = run("operators", "remove", alice.email)
    assert code == 1
    assert "last operator" in text
    assert run("operators", "add", bob.email.upper())[0] == 0
    assert bob.get("/instance").status_code == 200
    assert run("operators", "remove", alice.email)[0] == 0
    assert alice.get("/instance").status_code == 403
    code, text = run("operators", "add", "nobody@example.com")
    assert (code, "nobody has an account" in text) == (1, True)
    assert alice.get("/instance/audit-logs").status_code == 403
    latest, first = bob.get("/instance/audit-logs?event=user").json
    assert latest["actor"]["type"] == first["actor"]["type"] == "command_line"
    assert (first["before"], first["after"]) == ({"is_operator": False}, {"is_operator": True})
    assert latest["resource"]["name"] == alice.email
    assert bob.get("/instance/audit-logs?format=csv").mimetype == "text/csv"


def test_help_for_people_who_cannot_sign_in(client, alice, run):
    code, link = run("accounts", "reset-link", alice.email)
    assert code == 0
    token = link.partition("#token=")[2]
    body = {"token": token, "password": "an entirely new passphrase"}
    assert client.post("/api/v1/auth/reset-password", json=body).status_code == 204
    assert run("accounts", "disable-2fa", alice.email)[0] == 0
    assert run("accounts", "disable-2fa", "nobody@example.com")[0] == 1


def test_plans_by_command(alice, run):
    slug = listed_slug(alice)
    assert run("organizations", "plan", slug, "starter")[0] == 0
    assert alice.get("/organization").json["max_services"] == 25
    code, text = run("organizations", "plan", slug, "enterprise", "--max-services", "77")
    assert (code, "at most 77 services" in text) == (0, True)
    assert run("organizations", "plan", "no-such", "free")[0] == 1
    assert run("organizations", "plan", slug, "gold")[0] == 2


def test_operators_read_how_the_installation_itself_is(alice, bob, rows):
    rows("UPDATE users SET is_operator = true WHERE id = %s", alice.user_id)
    rows(
        "INSERT INTO ingest_gaps (starts_at, ends_at)"
        " VALUES (now() - interval '1 hour', now() - interval '59 minutes'),"
        " (now() - interval '60 days', now() - interval '59 days')"
    )
    rows(
        "INSERT INTO tick_runs (job, finished_at)"
        " VALUES ('workers.escalations.advance', now() - interval '90 seconds')"
    )
    found = alice.get("/instance/health").json
    assert found["is_late"]
    assert 90 <= found["last"]["escalations"]["age_seconds"] < 120
    assert found["last"]["results"] == {"at": None, "age_seconds": None}
    assert [one["part"] for one in found["late"]] == ["escalations"]
    assert [one["kind"] for one in found["blind_periods"]] == ["pings"], "of the last 30 days"
    assert bob.get("/instance/health").status_code == 403
