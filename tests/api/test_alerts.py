"""/alerts: listed, read, acknowledged, resolved, snoozed and commented on over HTTP."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.alerting import (
    NOW,
    insert,
    make_alert,
    make_policy,
    make_rule,
)
from tests.factories import make_member, make_service


@pytest.fixture
def dora(app, alice):
    """Dora is a responder in Alice's organization."""
    return make_member(app, alice, "Dora", "responder")


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [UUID(alert["id"]) for alert in answer.json]


def test_an_alert_has_every_field(alice, service, connection):
    rule = make_rule(alice)
    check = uuid4()
    id = make_alert(connection, service, alert_rule_id=rule["id"], check_id=check)
    (listed,) = alice.get("/alerts").json
    assert listed == {
        "id": str(id),
        "organization_id": str(alice.organization_id),
        "service_id": service["id"],
        "service_name": "Shop",
        "heartbeat_id": None,
        "alert_rule_id": rule["id"],
        "alert_rule_name": rule["name"],
        "severity": "critical",
        "title": "Service down Triggered by Check",
        "message": "Check failed with status RED: HTTP 503",
        "reason": None,
        "check_status": None,
        "explanation": None,
        "status": "firing",
        "fired_at": "2026-03-02T14:00:00Z",
        "acknowledged_at": None,
        "acknowledged_by": None,
        "resolved_at": None,
        "resolved_by": None,
        "snoozed_until": None,
        "suppressed_by": None,
        "suppressed_services": [],
        "escalation": None,
        "check_id": str(check),
        "is_flapping": False,
        "told": "none",
        "told_reason": "its messages were withdrawn, or there was none",
        "runbook_url": None,
    }
    read = alice.get(f"/alerts/{id}").json
    assert read.pop("timeline") == [
        {
            "at": "2026-03-02T14:00:00Z",
            "kind": "fired",
            "actor": None,
            "text": "Check failed with status RED: HTTP 503",
        }
    ]
    assert read == listed


def test_active_ones_are_listed_by_default(alice, service, connection):
    firing, taken, over = (
        make_alert(connection, service, status=status, fired_at=NOW + timedelta(minutes=at))
        for at, status in enumerate(("firing", "acknowledged", "resolved"))
    )
    assert ids(alice.get("/alerts")) == [taken, firing]
    assert ids(alice.get("/alerts?status=active")) == [taken, firing]
    assert ids(alice.get("/alerts?status=all")) == [over, taken, firing]
    assert ids(alice.get("/alerts?status=firing")) == [firing]
    assert ids(alice.get("/alerts?status=acknowledged")) == [taken]
    assert ids(alice.get("/alerts?status=resolved")) == [over]
    assert alice.get("/alerts?status=open").status_code == 422


def test_filters_narrow_the_list(alice, charlie, connection):
    shop, blog = make_service(alice), make_service(alice, name="Blog")
    first = make_alert(connection, shop, severity="info")
    second = make_alert(connection, blog, fired_at=NOW + timedelta(hours=1))
    foreign = make_service(charlie)
    make_alert(connection, foreign)
    assert ids(alice.get("/alerts")) == [second, first]
    assert ids(alice.get(f"/alerts?service_id={blog['id']}")) == [second]
    assert ids(alice.get(f"/alerts?service_id={foreign['id']}")) == []
    assert ids(alice.get("/alerts?severity=info")) == [first]
    assert ids(alice.get("/alerts?from=2026-03-02T14:30:00Z")) == [second]
    assert ids(alice.get("/alerts?to=2026-03-02T15:30:00%2B01:00")) == [first]
    assert ids(alice.get(f"/alerts?heartbeat_id={uuid4()}")) == []
    assert ids(alice.get(f"/alerts?alert_rule_id={uuid4()}")) == []


def test_pages_follow_one_another(alice, service, connection):
    made = [
        make_alert(connection, service, fired_at=NOW + timedelta(minutes=at // 2))
        for at in range(5)
    ]
    seen, path = [], "/alerts?limit=2"
    while path:
        answer = alice.get(path)
        assert answer.headers["X-Total-Count"] == "5"
        seen += ids(answer)
        link = answer.headers.get("Link")
        path = link and link.split("/api/v1")[1].split(">")[0]
    assert len(seen) == 5
    assert set(seen) == set(made)


def test_a_responder_takes_it_on_once(dora, alice, service, connection):
    id = make_alert(connection, service)
    taken = dora.post(f"/alerts/{id}/acknowledge", {"note": "looking into it"})
    assert taken.status_code == 200, taken.text
    assert taken.json["status"] == "acknowledged"
    assert taken.json["acknowledged_by"] == dora.email
    assert taken.json["acknowledged_at"].endswith("Z")
    line = taken.json["timeline"][-1]
    assert (line["kind"], line["actor"], line["text"]) == (
        "acknowledged",
        dora.email,
        "looking into it",
    )
    again = alice.put(f"/alerts/{id}/acknowledge")
    assert again.status_code == 200
    assert again.json == taken.json


def test_a_body_may_be_left_out(alice, service, connection):
    id = make_alert(connection, service)
    assert alice.call("POST", f"/alerts/{id}/acknowledge").status_code == 200
    assert alice.call("POST", f"/alerts/{id}/resolve").status_code == 200
    assert alice.call("POST", f"/alerts/{id}/snooze").status_code == 422
    assert alice.call("POST", f"/alerts/{id}/acknowledge", data="x").status_code == 415
    assert alice.post(f"/alerts/{id}/resolve", {"why": "x"}).status_code == 422


def test_resolving_by_hand_ends_it(alice, service, connection):
    rule = make_rule(alice)
    id = make_alert(connection, service, alert_rule_id=rule["id"])
    done = alice.post(f"/alerts/{id}/resolve", {"note": "restarted"}).json
    assert (done["status"], done["resolved_by"]) == ("resolved", alice.email)
    assert done["timeline"][-1]["text"] == "restarted"
    assert alice.post(f"/alerts/{id}/resolve").json == done
    late = alice.post(f"/alerts/{id}/acknowledge")
    assert late.status_code == 409
    assert late.json["error"] == "a resolved alert cannot be acknowledged"
    assert alice.post(f"/alerts/{id}/snooze", {"minutes": 5}).status_code == 409
    assert alice.post(f"/alerts/{id}/comments", {"text": "post mortem"}).status_code == 201
    assert ids(alice.get("/alerts")) == []


def test_snoozing_keeps_it_silent(alice, service, connection):
    id = make_alert(connection, service)
    snoozed = alice.post(f"/alerts/{id}/snooze", {"minutes": 30}).json
    assert snoozed["snoozed_until"] is not None
    assert snoozed["status"] == "firing"
    assert snoozed["timeline"][-1]["text"] == "for 30 minutes"
    for minutes in (0, -1, 10081, "5", 1.5, None, True):
        answer = alice.post(f"/alerts/{id}/snooze", {"minutes": minutes})
        assert answer.status_code == 422, minutes


def test_comments_join_the_timeline(alice, service, connection):
    id = make_alert(connection, service)
    text = "the <b>database</b>\nwas restarted"
    answer = alice.post(f"/alerts/{id}/comments", {"text": f" {text} "})
    assert answer.status_code == 201
    assert answer.json["timeline"][-1] | {"at": 0} == {
        "at": 0,
        "kind": "comment",
        "actor": alice.email,
        "text": text,
    }
    for bad in ("", "  ", "\x00", "x" * 2001, None, 5):
        assert alice.post(f"/alerts/{id}/comments", {"text": bad}).status_code == 422


def test_the_escalation_says_how_far_it_is(alice, service, connection):
    policy = make_policy(alice)
    id = make_alert(connection, service)
    for position, status in enumerate(("done", "skipped", "pending", "pending")):
        insert(
            connection,
            "escalation_levels",
            id=uuid4(),
            alert_id=id,
            policy_id=policy["id"],
            round=0,
            position=position,
            level=position + 1,
            notify_type="user",
            notify_id=alice.user_id,
            due_at=NOW + timedelta(minutes=10 * position),
            status=status,
        )
    (alert,) = alice.get("/alerts").json
    assert alert["escalation"] == {
        "policy_id": policy["id"],
        "level": 1,
        "next_level_at": "2026-03-02T14:20:00Z",
    }
    taken = alice.post(f"/alerts/{id}/acknowledge").json
    assert taken["escalation"] == alert["escalation"] | {"next_level_at": None}


def test_a_root_cause_names_what_it_hides(alice, connection):
    router, shop = make_service(alice, name="Router"), make_service(alice)
    root = make_alert(connection, router)
    hidden = make_alert(connection, shop, suppressed_by=root, fired_at=NOW - timedelta(seconds=30))
    found = alice.get(f"/alerts/{root}").json
    assert found["suppressed_services"] == [{"service_id": shop["id"], "service_name": "Shop"}]
    assert alice.get(f"/alerts/{hidden}").json["suppressed_by"] == str(root)


DEEDS = [
    ("GET", "", None),
    ("GET", "/notifications", None),
    ("POST", "/acknowledge", None),
    ("PUT", "/acknowledge", None),
    ("POST", "/resolve", None),
    ("POST", "/snooze", {"minutes": 5}),
    ("POST", "/comments", {"text": "x"}),
]


@pytest.mark.parametrize(("method", "path", "body"), DEEDS)
def test_alerts_of_others_do_not_exist(alice, charlie, connection, rows, method, path, body):
    foreign = make_alert(connection, make_service(charlie))
    answers = [
        alice.call(method, f"/alerts/{id}{path}", json=body, headers={"X-Request-Id": "x"})
        for id in (foreign, uuid4())
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].data == answers[1].data
    assert dict(answers[0].headers) == dict(answers[1].headers)
    assert rows("SELECT status FROM alerts") == [("firing",)]
    assert rows("SELECT count(*) FROM alert_events") == [(1,)]


def test_a_viewer_reads_and_does_nothing(app, alice, service, connection):
    viewer = make_member(app, alice, "Eve", "viewer")
    id = make_alert(connection, service)
    for method, path, body in DEEDS:
        expected = 200 if method == "GET" else 403
        assert viewer.call(method, f"/alerts/{id}{path}", json=body).status_code == expected


def test_an_api_key_acts_in_the_name_of_its_maker(app, alice, service, connection):
    id = make_alert(connection, service)
    made = alice.post("/api-keys", {"name": "pager", "scopes": ["alerts"]})
    assert made.status_code == 201, made.text
    headers = {"Authorization": f"Bearer {made.json['key']}"}
    client = app.test_client()
    path = f"/api/v1/alerts/{id}"
    taken = client.post(f"{path}/acknowledge", headers=headers)
    assert taken.json["acknowledged_by"] == f"{alice.email} (API key)"
    assert client.get(path, headers=headers).status_code == 200
    refused = client.post("/api/v1/alert-rules", headers=headers, json={})
    assert refused.status_code == 403
