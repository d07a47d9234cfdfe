"""/config: export, plan and apply; what is in the file, what is kept, what is refused."""

import json
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
import yaml

from app.api.configuration_kinds import KINDS as CONFIGURATION_KINDS
from app.domain.configuration.documents import KINDS
from app.operations.configuration import applying
from tests.alerting import created, make_channel, make_policy, make_rule, make_schedule, make_window
from tests.factories import make_member, make_service
from tests.heartbeats import make_heartbeat

YAML = {"Content-Type": "application/yaml"}


@pytest.fixture(autouse=True)
def unlimited(configure):
    configure(plan_limits=False)


@pytest.fixture
def furnished(alice, bob):
    """Alice's organization with one of everything, each referring to others."""
    channel = make_channel(alice)["id"]
    make_channel(alice, name="Second", fallback_channel_id=channel)
    schedule = make_schedule(alice, alice, bob)["id"]
    rules = [
        {"level": 1, "delay_minutes": 0, "notify_type": "schedule", "notify_id": schedule},
        {"level": 2, "delay_minutes": 5, "notify_type": "user", "notify_id": str(bob.user_id)},
        {"level": 3, "delay_minutes": 9, "notify_type": "channel", "notify_id": channel},
    ]
    policy = make_policy(alice, rules=rules)["id"]
    db = make_service(alice, name="db", config={"headers": {"Authorization": "Bearer hush"}})["id"]
    shop = make_service(alice, depends_on=[db], escalation_policy_id=policy, tags=["web"])["id"]
    make_rule(alice, service_id=shop, notification_channel_ids=[channel])
    make_heartbeat(alice, notification_channel_ids=[channel], schedule="0 2 * * *")
    section = {"name": "All", "service_ids": [shop, db]}
    page = created(alice, "/status-pages", {"name": "Acme", "sections": [section]})["id"]
    make_window(alice, service_ids=[shop], status_page_ids=[page])
    return alice


def export(person, form="json"):
    answer = person.get(f"/config/export?format={form}")
    assert answer.status_code == 200, answer.text
    return answer.json if form == "json" else yaml.safe_load(answer.text)


def send(person, what, document, query=""):
    return person.post(f"/config/{what}{query}", document)


def ok(answer):
    assert answer.status_code == 200, answer.text
    assert answer.json["errors"] == []
    return answer.json


def by_key(document, kind):
    return {item["key"]: item for item in document[kind]}


def test_the_file_names_everything_by_keys(furnished, bob, rows):
    document = export(furnished)
    assert set(document) == {"version", *KINDS}
    services = by_key(document, "services")
    assert services["shop"]["depends_on"] == ["db"]
    assert services["shop"]["escalation_policy_id"] == "on-call"
    assert services["db"]["config"]["headers"]["Authorization"] == "********"
    channels = by_key(document, "notification_channels")
    assert channels["second"]["fallback_channel_id"] == "ops"
    (policy,) = document["escalation_policies"]
    assert [rule["notify_id"] for rule in policy["rules"]] == ["operations", bob.email, "ops"]
    assert bob.email in document["on_call_schedules"][0]["layers"][0]["users"]
    assert document["status_pages"][0]["sections"][0]["service_ids"] == ["shop", "db"]
    assert document["maintenance_windows"][0]["status_page_ids"] == ["acme"]
    text = json.dumps(document)
    assert "hush" not in text
    for (id,) in rows("SELECT id FROM services UNION SELECT id FROM notification_channels"):
        assert str(id) not in text
    assert export(furnished, "yaml") == document


def test_what_was_exported_changes_nothing(furnished):
    document = export(furnished)
    for what in ("plan", "apply"):
        found = ok(send(furnished, what, document, "?prune=true"))
        assert found["changes"] == []
        assert found["summary"]["unchanged"] == sum(len(document[kind]) for kind in KINDS)


def test_it_can_be_moved_to_another_organization(furnished, bob, rows):
    document = export(furnished)
    for channel in document["notification_channels"]:
        channel["config"] = {"webhook_url": "https://hooks.slack.com/services/T/B/new"}
    by_key(document, "services")["db"]["config"] = {}
    document["status_pages"][0]["slug"] = "acme-two"
    ((home,),) = rows(
        "SELECT o.slug FROM organizations o JOIN memberships m ON m.organization_id = o.id"
        " WHERE m.user_id = %s AND m.role = 'owner'",
        bob.user_id,
    )
    text = json.dumps(document).replace(furnished.email, bob.email)
    document = json.loads(text)
    layer = document["on_call_schedules"][0]["layers"][0]
    layer["users"] = list(dict.fromkeys(layer["users"]))
    found = ok(send(bob, "apply", document, f"?org={home}"))
    assert found["summary"]["create"] == sum(len(document[kind]) for kind in KINDS) - 1
    there = bob.get(f"/config/export?format=json&org={home}").json
    assert by_key(there, "services")["shop"]["depends_on"] == ["db"]
    assert ok(send(bob, "plan", document, f"?org={home}"))["summary"]["create"] == 0


def test_a_plan_stores_nothing_and_applying_does_what_it_says(alice, rows):
    document = {
        "version": 1,
        "services": [
            {"key": "web", "name": "Web", "endpoint": "https://a.example.com", "check_type": "http",
             "depends_on": ["db"]},
            {"key": "db", "name": "DB", "endpoint": "db.example.com:5432", "check_type": "TCP"},
        ],
    }  # fmt: skip
    planned = ok(send(alice, "plan", document))
    assert rows("SELECT count(*) FROM services") == [(0,)]
    assert rows("SELECT count(*) FROM configuration_keys") == [(0,)]
    assert [(c["action"], c["key"]) for c in planned["changes"]] == [
        ("create", "db"),
        ("create", "web"),
    ]
    assert ok(send(alice, "apply", document)) == planned
    assert ok(send(alice, "apply", document))["summary"]["unchanged"] == 2
    document["services"][1]["timeout_seconds"] = 3
    (change,) = ok(send(alice, "plan", document))["changes"]
    assert (change["key"], change["fields"]) == (
        "db",
        {"timeout_seconds": {"before": 10, "after": 3}},
    )


def test_yaml_is_read_as_it_looks(alice):
    text = """
    services:
      - key: shop
        name: Shop
        endpoint: https://shop.example.com
        check_type: HTTP
        tags: [no, on, 12:30, 2026-01-01]
        environment: yes
    """
    answer = alice.call("POST", "/config/apply", data=text, headers=YAML)
    ok(answer)
    (service,) = alice.get("/services").json
    assert service["tags"] == ["no", "on", "12:30", "2026-01-01"]
    assert service["environment"] == "yes"


def test_keys_stay_when_names_change(alice):
    id = make_service(alice)["id"]
    assert [item["key"] for item in export(alice)["services"]] == ["shop"]
    alice.patch(f"/services/{id}", {"name": "Till"})
    make_service(alice)
    assert {i["name"]: i["key"] for i in export(alice)["services"]} == {
        "Till": "shop",
        "Shop": "shop-2",
    }
    document = {"services": [{"key": "shop", "name": "Counter"}]}
    assert ok(send(alice, "apply", document))["summary"]["update"] == 1
    assert alice.get(f"/services/{id}").json["name"] == "Counter"


def test_pruning_spares_what_no_file_held(furnished):
    document = export(furnished)
    make_service(furnished, name="By hand")
    shop = by_key(document, "services")["shop"]
    document["services"].remove(shop)
    document["alert_rules"] = [r for r in document["alert_rules"] if r["service_id"] != "shop"]
    document["maintenance_windows"] = []
    document["status_pages"][0]["sections"][0]["service_ids"] = ["db"]
    assert ok(send(furnished, "plan", document))["summary"]["delete"] == 0
    found = ok(send(furnished, "apply", document, "?prune=true"))
    deleted = [(c["kind"], c["key"]) for c in found["changes"] if c["action"] == "delete"]
    assert {kind for kind, _ in deleted} == {"maintenance_windows", "alert_rules", "services"}
    assert {s["name"] for s in furnished.get("/services").json} == {"db", "By hand"}


def test_all_or_nothing_with_every_error(alice, charlie):
    make_service(charlie, name="theirs")
    service = {"endpoint": "https://a.example.com", "check_type": "HTTP"}
    document = {
        "services": [
            {"key": "good", "name": "Good", **service},
            {"key": "bad", "name": "Bad", **service, "timeout_seconds": 99},
            {"key": "lost", "name": "Lost", **service, "depends_on": ["theirs"]},
            {"key": "odd", "name": "Odd", **service, "colour": "red"},
            {"key": "bare", "name": "Bare"},
        ]
    }
    planned = send(alice, "plan", document).json
    assert {error["key"] for error in planned["errors"]} == {"bad", "lost", "odd", "bare"}
    assert planned["summary"]["create"] == 1
    answer = send(alice, "apply", document)
    assert answer.status_code == 422
    assert set(answer.json["fields"]) == {f"services.{k}" for k in ("bad", "lost", "odd", "bare")}
    assert "theirs" in answer.json["fields"]["services.lost"][0]
    assert alice.get("/services").json == []


def test_a_failed_plan_leaves_the_rules_as_they_were(alice, app):
    make_channel(alice)
    make_service(alice)
    before = alice.get("/coverage").json
    document = {"alert_rules": [{"key": "service-down", "is_enabled": False}]}
    assert ok(send(alice, "plan", document))["summary"]["update"] == 1
    assert alice.get("/coverage").json == before
    ok(send(alice, "apply", document))
    assert alice.get("/coverage").json["services"]["covered"] == 0


def test_a_circle(alice):
    service = {"endpoint": "https://a.example.com", "check_type": "HTTP"}
    document = {
        "services": [
            {"key": "a", "name": "A", **service, "depends_on": ["b"]},
            {"key": "b", "name": "B", **service, "depends_on": ["a"]},
        ]
    }
    assert send(alice, "apply", document).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        "", "[]", "7", "services: x", "services: [1]", "nonsense: []", "version: 2", "a: b: c",
        "services: [{name: x}]", "services: [{key: 'A B', name: x}]",
        "services: [{key: a}, {key: a}]", "x: &a [*a]", "a: &a [1]\nb: *a",
        "!!python/name:os.system",
        "services: [{key: a, name: \"\\0\"}]", "{" * 5000, "\x01", "a: .nan",
    ],
)  # fmt: skip
def test_what_is_no_document(alice, body):
    answer = alice.call("POST", "/config/plan", data=body, headers=YAML)
    assert answer.status_code in (400, 422), answer.text


def test_limits_of_the_plan_hold(alice, configure):
    configure(plan_limits=True)
    service = {"endpoint": "https://a.example.com", "check_type": "HTTP"}
    document = {"services": [{"key": f"s{n}", "name": f"S{n}", **service} for n in range(6)]}
    answer = send(alice, "apply", document)
    assert answer.status_code == 422
    assert "at most 5" in answer.text
    assert alice.get("/services").json == []


@pytest.mark.parametrize(("role", "status"), [("responder", 403), ("editor", 200)])
def test_editors_apply_and_responders_do_not(app, alice, role, status):
    person = make_member(app, alice, "Mia", role)
    assert person.get("/config/export").status_code == status
    assert send(person, "plan", {}).status_code == status
    assert send(person, "apply", {}).status_code == status


def test_others_see_nothing_of_it(furnished, charlie):
    document = export(charlie)
    assert [len(document[kind]) for kind in KINDS if kind != "alert_rules"] == [0] * 7
    wanted = {"heartbeats": [{"key": "h", "name": "H", "notification_channel_ids": ["ops"]}]}
    known = send(charlie, "plan", wanted).json["errors"]
    wanted["heartbeats"][0]["notification_channel_ids"] = [uuid4().hex]
    assert len(known) == len(send(charlie, "plan", wanted).json["errors"]) == 1


def test_what_the_database_ends_for_a_circle_of_locks_is_done_again(context, alice):
    make_channel(alice)
    document = export(alice)
    (channel,) = document["notification_channels"]
    channel["name"] = "Chat"
    tries = []

    def once_in_a_circle(update):
        def tried(*arguments):
            tries.append(arguments)
            if len(tries) == 1:
                raise psycopg.errors.DeadlockDetected("deadlock detected")
            return update(*arguments)

        return tried

    kinds = [replace(kind, update=once_in_a_circle(kind.update)) for kind in CONFIGURATION_KINDS]
    found = applying.run(alice.organization_id, document, kinds, prune=False, dry_run=False)
    assert (found["summary"]["update"], len(tries)) == (1, 2)
    assert [one["name"] for one in alice.get("/notification-channels").json] == ["Chat"]
