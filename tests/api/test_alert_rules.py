"""/alert-rules: written, read and tried out over HTTP."""

from uuid import uuid4

import pytest

from tests.alerting import RED, make_alert, make_channel, make_policy, make_rule
from tests.factories import make_member, make_service


@pytest.fixture
def service(alice):
    return make_service(alice, tags=["web"])


def version(rows, person):
    ((found,),) = rows(
        "SELECT alerting_version FROM organizations WHERE id = %s", person.organization_id
    )
    return found


def test_a_new_organization_hears_of_every_outage(alice):
    (rule,) = alice.get("/alert-rules").json
    assert rule["name"] == "Service down"
    assert rule["severity"] == "critical"
    assert rule["condition"] == RED
    assert rule["is_enabled"]
    assert rule["service_id"] is None
    assert alice.delete(f"/alert-rules/{rule['id']}").status_code == 204
    assert alice.get("/alert-rules").json == []


def test_a_rule_from_its_making_to_its_end(alice, bob, service, rows):
    before = version(rows, alice)
    rule = make_rule(
        bob, service_id=service["id"], condition={"all": [RED, {"not": RED}]}, cooldown_minutes=5
    )
    assert rule["condition"] == {"all": [RED, {"not": RED}]}
    assert rule["tags"] == []
    assert rule["auto_resolve"]
    assert rule["reminder_interval_minutes"] is None
    assert rule["organization_id"] == str(alice.organization_id)
    path = f"/alert-rules/{rule['id']}"
    assert alice.get(path).json == rule

    changed = alice.patch(path, {"severity": "info", "runbook_url": "https://wiki.example.com/a"})
    assert changed.json | {"updated_at": 0} == rule | {
        "severity": "info",
        "runbook_url": "https://wiki.example.com/a",
        "updated_at": 0,
    }
    replaced = alice.put(path, changed.json | {"name": "Slower"})
    assert (replaced.status_code, replaced.json["name"]) == (200, "Slower")

    assert version(rows, alice) == before + 3
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404
    assert version(rows, alice) == before + 4


@pytest.mark.parametrize(
    "condition",
    [
        {},
        "response_time > 5000",
        '!body_contains("ok") && status_code != 200',
        {"metric": "response_time_ms", "operator": ">", "value": 800, "at_least": 3, "of_last": 5},
        {"metric": "uptime_percentage", "operator": "<", "value": 99.9, "window_minutes": 60},
    ],
)
def test_a_condition_is_kept_as_it_was_written(alice, condition):
    rule = make_rule(alice, condition=condition)
    assert alice.get(f"/alert-rules/{rule['id']}").json["condition"] == condition


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"condition": "response_time >"}, "condition", "at character"),
        ({"condition": {"metric": "mood"}}, "condition", "metric"),
        ({"condition": {"all": [RED, {"metric": "x"}]}}, "condition", "all[1]"),
        ({"condition": 5}, "condition", "object"),
        ({"condition": None}, "condition", "null"),
        ({"severity": "fatal"}, "severity", "Must be one of"),
        ({"name": " "}, "name", "not blank"),
        ({"runbook_url": "javascript:alert(1)"}, "runbook_url", "URL"),
        ({"runbook_url": "ftp://example.com/"}, "runbook_url", "not supported"),
        ({"reminder_interval_minutes": 0}, "reminder_interval_minutes", "greater"),
        ({"cooldown_minutes": True}, "cooldown_minutes", "integer"),
        ({"mood": 1}, "mood", "Unknown"),
        ({"organization_id": str(uuid4())}, "organization_id", "Unknown"),
        ({"service_id": "x"}, "service_id", "UUID"),
    ],
)
def test_bad_values_are_named(alice, changes, field, said):
    body = {"name": "Slow", "severity": "warning"} | changes
    answer = alice.post("/alert-rules", body)
    assert answer.status_code == 422
    assert said in str(answer.json["fields"][field])


def test_a_rule_has_a_service_or_tags(alice, service):
    body = {"name": "x", "severity": "info", "service_id": service["id"], "tags": ["web"]}
    assert alice.post("/alert-rules", body).status_code == 422
    rule = make_rule(alice, tags=["web"])
    answer = alice.patch(f"/alert-rules/{rule['id']}", {"service_id": service["id"]})
    assert "tags" in answer.json["fields"]
    both = {"service_id": service["id"], "tags": []}
    assert alice.patch(f"/alert-rules/{rule['id']}", both).status_code == 200


def test_references_stay_within_the_organization(alice, charlie, rows):
    theirs = {
        "service_id": make_service(charlie)["id"],
        "escalation_policy_id": make_policy(charlie)["id"],
        "notification_channel_ids": [make_channel(charlie)["id"]],
    }
    rule = make_rule(alice)
    for field, foreign in theirs.items():
        unknown = [str(uuid4())] if isinstance(foreign, list) else str(uuid4())
        for value in (foreign, unknown):
            body = {"name": "x", "severity": "info", field: value}
            answer = alice.post("/alert-rules", body)
            assert answer.status_code == 422
            shown = value[0] if isinstance(value, list) else value
            assert answer.json["error"].replace(shown, "ID").endswith(" ID.")
            assert alice.patch(f"/alert-rules/{rule['id']}", {field: value}).status_code == 422
    assert len(alice.get("/alert-rules").json) == 2


def test_rules_of_others_do_not_exist(alice, charlie):
    foreign, unknown = make_rule(charlie)["id"], str(uuid4())
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        body = {} if method in ("PATCH", "PUT") else None
        answers = [
            alice.call(method, f"/alert-rules/{id}", json=body, headers={"X-Request-Id": "x"})
            for id in (foreign, unknown)
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].data == answers[1].data
        assert dict(answers[0].headers) == dict(answers[1].headers)
    assert charlie.get(f"/alert-rules/{foreign}").status_code == 200


def test_lists_are_filtered_and_paged(alice, charlie, service):
    mine = make_rule(alice, service_id=service["id"], is_enabled=False)
    assert alice.get("/alert-rules").json[0] == mine
    for query in (f"service_id={service['id']}", "is_enabled=false", "severity=warning"):
        assert [rule["id"] for rule in alice.get(f"/alert-rules?{query}").json] == [mine["id"]]
    theirs = make_service(charlie)["id"]
    assert alice.get(f"/alert-rules?service_id={theirs}").json == []
    first = alice.get("/alert-rules?limit=1")
    assert first.headers["X-Total-Count"] == "2"
    following = alice.get(first.headers["Link"].split("/api/v1")[1].split(">")[0])
    assert "Link" not in following.headers
    assert following.json[0]["name"] == "Service down"
    assert alice.get("/alert-rules?cursor=nonsense").status_code == 422


def test_viewers_and_responders_only_read(app, alice):
    rule = make_rule(alice)
    for role in ("viewer", "responder"):
        person = make_member(app, alice, "Dora", role)
        assert person.get(f"/alert-rules/{rule['id']}").status_code == 200
        assert person.post("/alert-rules", {}).status_code == 403
        assert person.patch(f"/alert-rules/{rule['id']}", {}).status_code == 403
        assert person.delete(f"/alert-rules/{rule['id']}").status_code == 403


@pytest.mark.parametrize("end", ["switch off", "delete"])
def test_a_rule_that_ends_resolves_its_alerts(alice, service, connection, end):
    rule = make_rule(alice)
    alert = make_alert(connection, service, alert_rule_id=rule["id"])
    if end == "delete":
        assert alice.delete(f"/alert-rules/{rule['id']}").status_code == 204
    else:
        assert alice.patch(f"/alert-rules/{rule['id']}", {"is_enabled": False}).status_code == 200
    found = alice.get(f"/alerts/{alert}").json
    assert found["status"] == "resolved"
    assert found["resolved_by"] is None
    assert "rule was" in found["timeline"][-1]["text"]
    assert found["alert_rule_id"] == (None if end == "delete" else rule["id"])


def test_a_rule_that_looks_elsewhere_resolves_what_it_left(alice, service, connection):
    other = make_service(alice, name="Blog", tags=["blog"])
    rule = make_rule(alice)
    ids = [make_alert(connection, one, alert_rule_id=rule["id"]) for one in (service, other)]
    path = f"/alert-rules/{rule['id']}"
    assert alice.patch(path, {"tags": ["web", "shop"]}).status_code == 200
    assert [alice.get(f"/alerts/{id}").json["status"] for id in ids] == ["firing", "resolved"]
    assert alice.patch(path, {"tags": [], "service_id": other["id"]}).status_code == 200
    assert alice.get(f"/alerts/{ids[0]}").json["status"] == "resolved"
