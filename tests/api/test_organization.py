"""/organization."""

import pytest

from tests.factories import make_member, make_service


def test_reading_it(alice):
    make_service(alice)
    found = alice.get("/organization").json
    assert found == {
        "id": str(alice.organization_id),
        "name": "Alice's Organization",
        "slug": "alices-organization",
        "plan_type": "free",
        "max_services": 5,
        "services_count": 1,
        "timezone": "UTC",
        "default_escalation_policy_id": None,
        "settings": {},
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
    }


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_changing_it(alice, method):
    changes = {"name": "Acme", "timezone": "Europe/Berlin", "settings": {"a": [1, {"b": None}]}}
    answer = alice.call(method, "/organization", json=changes | {"slug": "acme-2"})
    assert answer.status_code == 200
    found = alice.get("/organization").json
    assert {name: found[name] for name in changes} == changes
    assert alice.get("/services?org=acme-2").status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("slug", "Acme"),
        ("slug", "-acme"),
        ("slug", ""),
        ("slug", "a" * 61),
        ("slug", "acme\n"),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("timezone", "localtime"),  # another one on each machine
        ("timezone", "Factory"),
        ("settings", []),
        ("settings", {"x": "x" * 20_000}),
        ("plan_type", "enterprise"),
        ("max_services", 1000),
        ("id", "x"),
    ],
)
def test_bad_changes(alice, field, value):
    before = alice.get("/organization").json
    answer = alice.patch("/organization", {field: value})
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])
    assert alice.get("/organization").json == before


def test_a_slug_is_taken_once(alice, charlie):
    taken = alice.get("/organization").json["slug"]
    answer = charlie.patch("/organization", {"slug": taken})
    assert answer.status_code == 409
    assert charlie.patch("/organization", {"slug": "free-slug"}).status_code == 200


def test_admins_change_it_and_editors_read_it(app, alice, bob):
    assert bob.get("/organization").status_code == 200
    assert bob.patch("/organization", {"name": "x"}).status_code == 403
    admin = make_member(app, alice, "Ada", "admin")
    assert admin.patch("/organization", {"name": "x"}).status_code == 200


def test_without_limits_there_is_no_number_of_services(alice, configure):
    configure(plan_limits=False)
    assert alice.get("/organization").json["max_services"] is None
