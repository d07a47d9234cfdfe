"""JSON of pages against its schema, in every state and whatever their texts hold."""

from pathlib import Path

import orjson
import pytest

from app.pages.status import responses, statuspage
from app.pages.status.snapshot import Freshness
from tests.alerting import make_incident, make_window
from tests.json_schemas import jsonschema
from tests.pages import scenes
from tests.pages.test_rendering import UNUSUAL
from tests.status_pages import make_shown, take_snapshots

_SCHEMA = orjson.loads((Path(__file__).parent / "page.schema.json").read_bytes())
FILES = (*statuspage.FILES, "page.json")


def faults(name, document):
    schema = _SCHEMA | {"$ref": f"#/$defs/{name.replace('/', '~1')}"}
    library = jsonschema()
    validator = library.Draft202012Validator(schema, format_checker=library.FormatChecker())
    found = validator.iter_errors(document)
    return [f"{name} {one.json_path}: {one.message}" for one in found]


def read(snapshot, name, freshness=Freshness.FRESH):
    return orjson.loads(responses.find(snapshot, name, {}, freshness, "/status/x").body)


@pytest.mark.parametrize("name", FILES)
def test_every_state_is_as_the_schema_says(name):
    for scene, snapshot in scenes.scenes().items():
        for freshness in Freshness:
            assert faults(name, read(snapshot, name, freshness)) == [], (scene, freshness)
    for text in UNUSUAL:
        if text != "\ud800":
            assert faults(name, read(scenes.hostile(text), name)) == [], text


def test_the_schema_refuses_what_it_does_not_know():
    document = read(scenes.scenes()["one_down"], "summary.json")
    assert faults("summary.json", document | {"owner": "x"})
    document["components"][0]["status"] = "broken"
    document["incidents"][0]["updated_at"] = "yesterday"
    assert len(faults("summary.json", document)) == 2


def test_what_is_served_is_as_the_schema_says(app, alice, client):
    page, services = make_shown(alice, "Checkout", "Search", show={"response_times": True})
    shop = services[0]["id"]
    make_incident(alice, page, service_ids=[shop], service_states={shop: "down"})
    over = make_incident(alice, page, title="Over")
    path = f"/status-pages/{page['id']}/incidents/{over['id']}"
    for status in ("monitoring", "resolved"):
        alice.post(f"{path}/updates", {"status": status, "body": "Better."})
    make_window(alice, status_page_ids=[page["id"]], service_ids=[shop], description="New disks.")
    take_snapshots(app)
    for name in FILES:
        answer = client.get(f"/status/{page['slug']}/{name}")
        assert faults(name, answer.json) == []
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        if name != "page.json":  # where tools that are made for Statuspage look
            again = client.get(f"/status/{page['slug']}/api/v2/{name}")
            assert again.json == answer.json
    told = client.get(f"/status/{page['slug']}/incidents.json").json["incidents"]
    assert {one["status"] for one in told} == {"investigating", "resolved"}
    (resolved,) = [one for one in told if one["status"] == "resolved"]
    assert resolved["monitoring_at"] <= resolved["resolved_at"]


# What clients that are written after Atlassian's documentation read of each, and require.
DOCUMENTED = {
    "page": {"id", "name", "url", "time_zone", "updated_at"},
    "component": {
        "id", "page_id", "group_id", "name", "status", "created_at", "updated_at", "position",
        "description", "showcase", "start_date", "group", "only_show_if_degraded",
    },
    "incident": {
        "id", "page_id", "name", "status", "impact", "created_at", "updated_at", "started_at",
        "monitoring_at", "resolved_at", "shortlink", "incident_updates", "components",
    },
    "maintenance": {
        "id", "page_id", "name", "status", "impact", "created_at", "updated_at", "started_at",
        "monitoring_at", "resolved_at", "shortlink", "incident_updates", "components",
        "scheduled_for", "scheduled_until",
    },
    "incident_update": {
        "id", "incident_id", "status", "body", "created_at", "updated_at", "display_at",
        "affected_components", "deliver_notifications", "custom_tweet", "tweet_id",
    },
}  # fmt: skip


def test_our_schema_requires_what_statuspage_documents():
    for name, fields in DOCUMENTED.items():
        assert fields <= set(_SCHEMA["$defs"][name]["required"]), name


def test_files_of_statuspage_hold_what_their_names_say():
    all_scenes = scenes.scenes()
    (open_one,) = read(all_scenes["one_down"], "incidents/unresolved.json")["incidents"]
    assert open_one["status"] != "resolved"
    both = read(all_scenes["maintenance"], "scheduled-maintenances.json")["scheduled_maintenances"]
    assert {one["status"] for one in both} >= {"in_progress", "scheduled"}
    for name, status in (("active", "in_progress"), ("upcoming", "scheduled")):
        found = read(all_scenes["maintenance"], f"scheduled-maintenances/{name}.json")
        assert [one["status"] for one in found["scheduled_maintenances"]] == [status]
