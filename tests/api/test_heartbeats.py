"""Heartbeats over the API: fields, lists, edits, pauses, keys, histories, and who may what."""

import re
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.factories import make_member
from tests.heartbeats import age, make_heartbeat, sweep


def at(text):
    return datetime.fromisoformat(text)


def ping(client, heartbeat, suffix=""):
    answer = client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}{suffix}")
    assert answer.status_code == 200


def test_the_defaults(alice, config):
    heartbeat = make_heartbeat(alice, name="Nightly: Backup!")
    assert re.fullmatch(r"nightly-backup-[0-9a-f]{32}", heartbeat["unique_key"])
    assert heartbeat["ping_url"] == (
        f"{config.base_url}/api/v1/heartbeat/{heartbeat['unique_key']}"
    )
    created = at(heartbeat["created_at"])
    assert at(heartbeat["next_expected_at"]) - created == timedelta(hours=1)
    defaults = {
        "description": "",
        "schedule": "every 1h",
        "timezone": "UTC",
        "grace_period_seconds": 300,
        "tags": [],
        "severity": "critical",
        "notification_channel_ids": [],
        "escalation_policy_id": None,
        "max_runtime_seconds": None,
        "min_interval_seconds": None,
        "min_duration_seconds": None,
        "max_duration_seconds": None,
        "is_active": True,
        "status": "healthy",
        "status_reason": None,
        "last_ping_at": None,
        "last_duration_ms": None,
        "running": 0,
    }
    assert {name: heartbeat[name] for name in defaults} == defaults
    assert alice.get(f"/heartbeats/{heartbeat['id']}").json == heartbeat
    assert heartbeat["organization_id"] == str(alice.organization_id)


def test_every_field_can_be_set(alice):
    given = {
        "name": "Report",
        "description": "weekly\nfigures",
        "schedule": "30 2 * * MON",
        "timezone": "Europe/Berlin",
        "grace_period_seconds": 0,
        "tags": ["a", "b"],
        "severity": "warning",
        "max_runtime_seconds": 3600,
        "min_interval_seconds": 60,
        "min_duration_seconds": 2,
        "max_duration_seconds": 1800,
        "is_active": False,
    }
    heartbeat = make_heartbeat(alice, **given)
    assert {name: heartbeat[name] for name in given} == given
    assert heartbeat["status"] == "paused"
    assert heartbeat["next_expected_at"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": None}, "name"),
        ({"schedule": "hourly"}, "schedule"),
        ({"schedule": "every 1y"}, "schedule"),
        ({"schedule": "0 0 30 2 *"}, "schedule"),
        ({"schedule": "x" * 300}, "schedule"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../etc"}, "timezone"),
        ({"grace_period_seconds": -1}, "grace_period_seconds"),
        ({"grace_period_seconds": 2_592_001}, "grace_period_seconds"),
        ({"grace_period_seconds": "5"}, "grace_period_seconds"),
        ({"severity": "fatal"}, "severity"),
        ({"max_runtime_seconds": 0}, "max_runtime_seconds"),
        ({"min_interval_seconds": 3601}, "min_interval_seconds"),
        ({"min_duration_seconds": 9, "max_duration_seconds": 8}, "min_duration_seconds"),
        ({"tags": ["x"] * 2 + [str(n) for n in range(51)]}, "tags"),
        ({"notification_channel_ids": [str(uuid4())]}, "notification_channel_ids"),
        ({"notification_channel_ids": ["x"]}, "notification_channel_ids"),
        ({"escalation_policy_id": str(uuid4())}, "escalation_policy_id"),
        ({"status": "healthy"}, "status"),
        ({"unique_key": "mine"}, "unique_key"),
    ],
)
def test_bad_values_are_refused(alice, change, field):
    answer = alice.post("/heartbeats", {"name": "Backup"} | change)
    assert answer.status_code == 422, answer.text
    assert field in answer.json["fields"]
    heartbeat = make_heartbeat(alice)
    answer = alice.patch(f"/heartbeats/{heartbeat['id']}", change)
    assert answer.status_code == 422, answer.text
    assert field in answer.json["fields"]
    assert alice.get(f"/heartbeats/{heartbeat['id']}").json == heartbeat


def test_limits_are_validated_with_what_is_stored(alice):
    heartbeat = make_heartbeat(alice, max_duration_seconds=10)
    path = f"/heartbeats/{heartbeat['id']}"
    assert alice.patch(path, {"min_duration_seconds": 11}).status_code == 422
    assert alice.patch(path, {"min_duration_seconds": 10}).status_code == 200


def test_channels_and_policies_of_others_do_not_exist(alice, charlie, rows):
    ids = {}
    for person in (alice, charlie):
        for table, columns, values in (
            (
                "notification_channels",
                "type, config, is_enabled, min_severity, events, consecutive_failures",
                "'webhook', '{}', true, 'info', '{}', 0",
            ),
            ("escalation_policies", "rules, repeat_count, is_default", "'[]', 0, false"),
        ):
            ids[person, table] = str(uuid4())
            rows(
                f"INSERT INTO {table} (id, organization_id, name, {columns})"
                f" VALUES (%s, %s, 'x', {values})",
                ids[person, table],
                person.organization_id,
            )
    own = {
        "notification_channel_ids": [ids[alice, "notification_channels"]],
        "escalation_policy_id": ids[alice, "escalation_policies"],
    }
    heartbeat = make_heartbeat(alice, **own)
    assert {name: heartbeat[name] for name in own} == own
    for foreign in (
        {"notification_channel_ids": [ids[charlie, "notification_channels"]]},
        {"escalation_policy_id": ids[charlie, "escalation_policies"]},
    ):
        assert alice.post("/heartbeats", {"name": "x"} | foreign).status_code == 422
        assert alice.patch(f"/heartbeats/{heartbeat['id']}", foreign).status_code == 422


def test_lists_are_filtered_and_paged(alice, charlie, client):
    names = ["Zeta backup", "alpha", "Beta"]
    made = [make_heartbeat(alice, name=name, tags=[name[0]]) for name in names]
    make_heartbeat(charlie, name="foreign")
    ping(client, made[1], "/fail")
    alice.post(f"/heartbeats/{made[2]['id']}/pause")

    def listed(query=""):
        return [heartbeat["name"] for heartbeat in alice.get(f"/heartbeats{query}").json]

    assert listed() == names[::-1]
    assert listed("?status=failed") == ["alpha"]
    assert listed("?status=paused") == listed("?is_active=false") == ["Beta"]
    assert listed("?tag=Z") == ["Zeta backup"]
    assert listed("?q=BACK") == ["Zeta backup"]
    assert listed("?q=%25") == []
    first = alice.get("/heartbeats?limit=2")
    assert first.headers["X-Total-Count"] == "3"
    following = re.search(r"<http://[^/]+(/.+)>", first.headers["Link"])[1]
    assert [h["name"] for h in alice.get(following.removeprefix("/api/v1")).json] == names[:1]
    assert alice.get("/heartbeats?status=fine").status_code == 422


def test_objects_of_others_are_not_found(alice, charlie):
    heartbeat = make_heartbeat(alice)
    for id in (heartbeat["id"], uuid4()):
        path = f"/heartbeats/{id}"
        answers = [
            charlie.get(path),
            charlie.patch(path, {"name": "x"}),
            charlie.put(path, {"name": "x"}),
            charlie.delete(path),
            *(charlie.post(f"{path}/{verb}") for verb in ("pause", "resume", "rotate-key")),
            *(charlie.get(f"{path}/{what}") for what in ("pings", "flips")),
        ]
        assert {(a.status_code, a.data) for a in answers} == {(404, b'{"error":"not found"}')}
    assert alice.get(f"/heartbeats/{heartbeat['id']}").json == heartbeat


def test_roles_that_read_and_change_heartbeats(app, alice):
    heartbeat = make_heartbeat(alice)
    viewer = make_member(app, alice, "Vera", "viewer")
    path = f"/heartbeats/{heartbeat['id']}"
    assert viewer.get(path).status_code == 200
    assert viewer.patch(path, {"name": "x"}).status_code == 403
    assert viewer.post(f"{path}/rotate-key").status_code == 403
    assert viewer.post("/heartbeats", {"name": "x"}).status_code == 403
    assert make_member(app, alice, "Ed", "editor").post(f"{path}/pause").status_code == 200


def test_an_edit_keeps_the_key_and_what_is_not_named(alice):
    heartbeat = make_heartbeat(alice, tags=["a"])
    changed = alice.patch(f"/heartbeats/{heartbeat['id']}", {"name": "Other"}).json
    assert changed == heartbeat | {"name": "Other", "updated_at": changed["updated_at"]}
    whole = alice.put(f"/heartbeats/{heartbeat['id']}", changed | {"description": "d"}).json
    assert whole["description"] == "d"


def test_a_new_schedule_begins_a_new_wait(alice, rows, app):
    heartbeat = make_heartbeat(alice, schedule="every 1h")
    path = f"/heartbeats/{heartbeat['id']}"
    age(rows, heartbeat["id"], minutes=62)
    sweep(app, rows)
    assert alice.get(path).json["status"] == "late"
    changed = alice.patch(path, {"schedule": "every 5m"}).json
    assert changed["status"] == "healthy"
    left = at(changed["next_expected_at"]) - at(changed["updated_at"])
    assert timedelta(minutes=4.9) < left <= timedelta(minutes=5)
    assert at(alice.patch(path, {"schedule": "0 0 29 2 *"}).json["next_expected_at"]).day == 29


def test_pause_and_resume(alice, rows, app):
    heartbeat = make_heartbeat(alice)
    path = f"/heartbeats/{heartbeat['id']}"
    assert alice.post(f"{path}/pause").json["status"] == "paused"
    assert alice.post(f"{path}/pause").json["is_active"] is False
    age(rows, heartbeat["id"], days=3)
    sweep(app, rows)
    assert alice.get(path).json["status"] == "paused"
    resumed = alice.post(f"{path}/resume").json
    assert (resumed["status"], resumed["is_active"]) == ("healthy", True)
    left = at(resumed["next_expected_at"]) - at(resumed["status_changed_at"])
    assert left == timedelta(hours=1)
    flips = alice.get(f"{path}/flips").json
    assert [(flip["from"], flip["to"]) for flip in flips] == [
        ("paused", "healthy"),
        ("healthy", "paused"),
    ]
    sweep(app, rows)
    assert alice.get("/alerts?status=all").json == []


def test_rotation_twice_ends_the_first_key_at_once(alice, client):
    heartbeat = make_heartbeat(alice)
    path = f"/heartbeats/{heartbeat['id']}"
    once = alice.post(f"{path}/rotate-key").json
    assert once["unique_key"] != heartbeat["unique_key"]
    assert once["previous_key_until"] is not None
    twice = alice.post(f"{path}/rotate-key").json
    ping(client, once)
    ping(client, twice)
    assert client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}").status_code == 404


def test_pings_are_paged_and_filtered(alice, client):
    heartbeat = make_heartbeat(alice)
    for suffix in ("", "/start", "", "/log", "/fail"):
        ping(client, heartbeat, suffix)
    path = f"/heartbeats/{heartbeat['id']}/pings"
    kinds = ["fail", "log", "success", "start", "success"]
    assert [p["kind"] for p in alice.get(path).json] == kinds
    assert [p["kind"] for p in alice.get(f"{path}?kind=success").json] == ["success"] * 2
    seen, query = [], f"{path}?limit=2"
    while query:
        page = alice.get(query)
        seen += [p["kind"] for p in page.json]
        link = re.search(r"<http://[^/]+/api/v1(/.+)>", page.headers.get("Link", ""))
        query = link[1] if link else None
    assert seen == kinds
    assert alice.get(f"{path}?cursor=abc").status_code == 422


def test_delete_ends_everything(alice, client, rows):
    heartbeat = make_heartbeat(alice)
    ping(client, heartbeat, "/fail")
    assert alice.delete(f"/heartbeats/{heartbeat['id']}").status_code == 204
    assert alice.get(f"/heartbeats/{heartbeat['id']}").status_code == 404
    assert client.post(f"/api/v1/heartbeat/{heartbeat['unique_key']}").status_code == 404
    for table in ("heartbeats", "heartbeat_pings", "heartbeat_flips"):
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)]
