"""/locations: made with a key that is shown once, named by services, never by strangers."""

import pytest

from tests.agents import make_location
from tests.factories import make_member, make_person, make_service, service_body


@pytest.fixture
def operator(app):
    """The first account: the operator's."""
    return make_person(app, "Olga")


def test_the_key_is_shown_once_and_stored_as_a_hash(operator, alice, rows):
    made = make_location(alice)
    assert made["key"].startswith("WL_")
    assert len(made["key"]) == 67
    assert made["region"].startswith("loc-berlin-office-")
    assert len(made["region"]) <= 30
    assert (made["is_alive"], made["agents"], made["is_shared"]) == (False, [], False)
    listed = alice.get("/locations")
    assert [one["id"] for one in listed.json] == [made["id"]]
    assert made["key"] not in listed.text + alice.get(f"/locations/{made['id']}").text
    ((stored,),) = rows("SELECT row_to_json(locations)::text FROM locations")
    assert made["key"] not in stored
    assert made["key"][3:] not in stored


def test_a_new_key_replaces_the_old_one(operator, alice, rows):
    made = make_location(alice)
    fresh = alice.post(f"/locations/{made['id']}/rotate-key").json
    assert fresh["key"] != made["key"]
    assert fresh["prefix"] == fresh["key"][:11] != made["prefix"]
    assert fresh["region"] == made["region"]
    assert rows("SELECT count(*) FROM locations") == [(1,)]


def test_a_long_name_gives_a_region_that_services_may_name(operator, alice):
    made = make_location(alice, name="Ä very long name – with signs, 北京 and more " * 3)
    assert len(made["region"]) <= 30
    assert make_service(alice, regions=[made["region"]])["regions"] == [made["region"]]


def test_only_admins_deal_with_locations(app, operator, alice):
    made = make_location(alice)
    editor = make_member(app, alice, "Ed", "editor")
    assert editor.get(f"/locations/{made['id']}").status_code == 200
    path = f"/locations/{made['id']}"
    answers = [
        editor.post("/locations", {"name": "Mine"}),
        editor.patch(path, {"name": "Mine"}),
        editor.post(f"{path}/rotate-key"),
        editor.delete(path),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    key = alice.post("/api-keys", {"name": "CI", "scopes": ["write"]}).json["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert alice.post("/locations", {"name": "X"}, headers=headers).status_code == 403


def test_the_audit_log_tells_of_it_without_the_key(operator, alice):
    made = make_location(alice)
    alice.post(f"/locations/{made['id']}/rotate-key")
    alice.patch(f"/locations/{made['id']}", {"name": "Munich"})
    alice.delete(f"/locations/{made['id']}")
    log = alice.get("/audit-logs")
    events = [entry["event"] for entry in log.json if entry["resource"]["type"] == "location"]
    assert events == [f"location.{verb}" for verb in ("deleted", "updated", "updated", "created")]
    assert made["key"] not in log.text
    assert "key_hash" not in log.text


def test_a_plan_has_so_many_locations(configure, operator, alice):
    make_location(alice)
    refused = alice.post("/locations", {"name": "One more"})
    assert refused.status_code == 403
    assert "at most 1 locations" in refused.json["error"]
    operator.patch("/instance", {"plans": {"free": {"max_locations": 2}}})
    make_location(alice)
    configure(plan_limits=False)
    make_location(alice)


def test_services_name_locations_of_their_own_organization_only(operator, alice, charlie):
    own, strange = make_location(alice)["region"], make_location(charlie)["region"]
    service = make_service(alice, regions=["default", own])
    for region in (strange, "loc-nothing-000000"):
        answers = [
            alice.post("/services", service_body(regions=[region])),
            alice.post("/services/test", service_body(regions=[region])),
            alice.patch(f"/services/{service['id']}", {"regions": [region]}),
            alice.put(f"/services/{service['id']}", {**service, "regions": [own, region]}),
        ]
        for answer in answers:
            assert answer.status_code == 422, answer.text
            assert answer.json["fields"] == {"regions": [f"There is no location {region}."]}


def test_operators_share_a_location_with_everybody(operator, alice):
    assert alice.post("/locations", {"name": "X", "is_shared": True}).status_code == 403
    shared = make_location(operator, name="Frankfurt", is_shared=True)
    own = make_location(alice)
    assert alice.get("/locations/regions").json == [
        {"region": own["region"], "name": "Berlin office", "is_shared": False},
        {"region": shared["region"], "name": "Frankfurt", "is_shared": True},
    ]
    make_service(alice, regions=[shared["region"]])
    assert alice.get(f"/locations/{shared['id']}").status_code == 404
    refused = operator.delete(f"/locations/{shared['id']}")
    assert refused.status_code == 409
    assert "services of other organizations (1)" in refused.json["error"]
    assert "Shop" not in refused.text


def test_a_location_in_use_stays(operator, alice):
    made = make_location(alice)
    service = make_service(alice, regions=[made["region"]])
    refused = alice.delete(f"/locations/{made['id']}")
    assert refused.status_code == 409
    assert "service Shop" in refused.json["error"]
    alice.patch(f"/services/{service['id']}", {"regions": ["default"]})
    assert alice.delete(f"/locations/{made['id']}").status_code == 204
    assert alice.get("/locations/regions").json == []
