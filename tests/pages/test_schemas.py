"""JSON of pages against its schema, in every state and whatever their texts hold."""

from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from app.pages.status import responses
from app.pages.status.snapshot import Freshness
from tests.alerting import make_incident, make_window
from tests.pages import scenes
from tests.pages.test_rendering import UNUSUAL
from tests.status_pages import make_shown, take_snapshots

_SCHEMA = orjson.loads((Path(__file__).parent / "page.schema.json").read_bytes())
FILES = ("summary.json", "status.json", "incidents.json", "page.json")


def faults(name, document):
    schema = _SCHEMA | {"$ref": f"#/$defs/{name}"}
    found = Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(document)
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
