"""/services: a conversation, and what each field accepts."""

from datetime import datetime

import pytest

from tests.factories import make_service, service_body

UNKNOWN = "57d6a8cc-c3e6-44e8-9798-26af13195d78"


def test_a_service_from_birth_to_death(alice):
    created = alice.post("/services", service_body(name="  Shop ", check_type="https"))
    assert created.status_code == 201
    service = created.json
    assert service["name"] == "Shop"
    assert service["check_type"] == "HTTP"
    assert service["organization_id"] == str(alice.organization_id)
    assert service["status"] == "PENDING"
    assert datetime.fromisoformat(service["next_check_at"]) <= datetime.fromisoformat(
        service["updated_at"]
    )
    path = f"/services/{service['id']}"
    assert alice.get(path).json == service
    assert alice.get("/services").json == [service]

    changed = alice.patch(path, {"name": "Shop 2", "tags": ["web", "web", "eu"]})
    assert changed.status_code == 200
    assert changed.json["name"] == "Shop 2"
    assert changed.json["tags"] == ["web", "eu"]
    assert changed.json["endpoint"] == service["endpoint"]

    paused = alice.post(f"{path}/pause")
    assert (paused.json["is_active"], paused.json["next_check_at"]) == (False, None)
    assert alice.post(f"{path}/pause").json["updated_at"] == paused.json["updated_at"]
    resumed = alice.post(f"{path}/resume").json
    assert (resumed["is_active"], resumed["next_check_at"] is None) == (True, False)

    gone = alice.delete(path)
    assert (gone.status_code, gone.data) == (204, b"")
    assert alice.get(path).status_code == alice.delete(path).status_code == 404
    assert alice.get("/services").json == []


def test_every_field_has_its_documented_default(alice):
    service = make_service(alice)
    expected = {
        "description": "",
        "environment": "",
        "check_interval_seconds": 60,
        "timeout_seconds": 10,
        "tags": [],
        "is_active": True,
        "config": {},
        "slow_threshold_ms": 1000,
        "failure_threshold": 1,
        "recovery_threshold": 1,
        "retry_interval_seconds": None,
        "regions": ["default"],
        "region_quorum": "majority",
        "depends_on": [],
        "escalation_policy_id": None,
        "in_maintenance": False,
        "last_checked_at": None,
        "last_response_time_ms": None,
        "last_error": None,
        "status_changed_at": None,
    }
    assert {name: service[name] for name in expected} == expected
    assert service["created_at"].endswith("Z")


def test_put_takes_back_what_get_gave(alice):
    service = make_service(alice)
    answer = alice.put(f"/services/{service['id']}", {**service, "name": "New"})
    assert answer.status_code == 200
    assert answer.json["name"] == "New"
    assert alice.put(f"/services/{service['id']}", {"color": "red"}).status_code == 422
    assert alice.patch(f"/services/{service['id']}", {"status": "GREEN"}).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", " \t "),
        ("name", "x" * 201),
        ("name", "a\nb"),
        ("name", 5),
        ("endpoint", ""),
        ("endpoint", "https://example.com/\nx"),
        ("endpoint", "not a url"),
        ("endpoint", "ftp://example.com"),
        ("endpoint", "https://" + "x" * 2048),
        ("check_type", "CARRIER_PIGEON"),
        ("check_type", None),
        ("description", "x" * 2001),
        ("environment", "x" * 101),
        ("check_interval_seconds", 9),
        ("check_interval_seconds", 86401),
        ("check_interval_seconds", "60"),
        ("check_interval_seconds", True),
        ("check_interval_seconds", 60.5),
        ("timeout_seconds", 0),
        ("timeout_seconds", 61),
        ("tags", [f"t{n}" for n in range(51)]),
        ("tags", ["x" * 51]),
        ("tags", [""]),
        ("tags", "web"),
        ("tags", [[]]),
        ("is_active", "true"),
        ("is_active", 1),
        ("config", []),
        ("config", {"colour": "red"}),
        ("config", {"method": "BREW"}),
        ("config", {"headers": {"a": 5}}),
        ("slow_threshold_ms", 0),
        ("failure_threshold", 11),
        ("recovery_threshold", 0),
        ("retry_interval_seconds", 0),
        ("regions", []),
        ("regions", ["EU"]),
        ("regions", ["a b"]),
        ("regions", ["a\n"]),
        ("environment", "a\n"),
        ("regions", [f"r{n}" for n in range(21)]),
        ("region_quorum", "most"),
        ("depends_on", ["x"]),
        ("depends_on", [UNKNOWN]),
        ("escalation_policy_id", UNKNOWN),
        ("escalation_policy_id", "x"),
        ("organization_id", UNKNOWN),
        ("id", UNKNOWN),
        ("status", "GREEN"),
        ("created_at", "2026-03-02T14:23:00Z"),
        ("unknown_field", 1),
    ],
)
def test_bad_values(alice, rows, field, value):
    answer = alice.post("/services", service_body(**{field: value}))
    assert answer.status_code == 422
    assert field in answer.json["fields"]
    assert field in answer.json["error"]
    assert rows("SELECT count(*) FROM services") == [(0,)]


@pytest.mark.parametrize("field", ["name", "endpoint", "check_type"])
def test_required_fields(alice, field):
    body = service_body()
    del body[field]
    answer = alice.post("/services", body)
    assert (answer.status_code, list(answer.json["fields"])) == (422, [field])


def test_the_timeout_is_not_above_the_interval(alice):
    body = service_body(check_interval_seconds=10, timeout_seconds=11)
    assert "timeout_seconds" in alice.post("/services", body).json["fields"]
    service = make_service(alice, timeout_seconds=30)
    answer = alice.patch(f"/services/{service['id']}", {"check_interval_seconds": 20})
    assert "check_interval_seconds" in answer.json["fields"]
    both = {"check_interval_seconds": 20, "timeout_seconds": 20}
    assert alice.patch(f"/services/{service['id']}", both).status_code == 200


def test_the_server_may_ask_for_longer_intervals(alice, configure):
    configure(min_check_interval_seconds=30)
    answer = alice.post("/services", service_body(check_interval_seconds=29))
    assert answer.json["fields"] == {
        "check_interval_seconds": ["Must be at least 30 on this server."]
    }
    assert alice.post("/services", service_body(check_interval_seconds=30)).status_code == 201


def test_secrets_are_sealed_masked_and_kept(alice, rows):
    config = {
        "bearer_token": "s3cret-bearer",
        "headers": {"Authorization": "s3cret-header", "Accept": "text/html"},
        "basic_auth": {"username": "ann", "password": "s3cret-basic"},
    }
    masked = {
        "bearer_token": "********",
        "headers": {"Authorization": "********", "Accept": "text/html"},
        "basic_auth": {"username": "ann", "password": "********"},
    }
    service = make_service(alice, config=config)
    path = f"/services/{service['id']}"
    stored = "SELECT config::text FROM services"
    assert service["config"] == masked
    ((before,),) = rows(stored)
    assert "s3cret" not in before

    assert alice.patch(path, {"config": masked}).json["config"] == masked
    assert rows(stored) == [(before,)], "the mask keeps what is stored"
    assert alice.patch(path, {"config": {**masked, "bearer_token": "new"}}).status_code == 200
    assert rows(stored) != [(before,)]

    answer = alice.post("/services", service_body(config={"bearer_token": "********"}))
    assert answer.status_code == 422
    assert "config" in answer.json["fields"]


def test_config_errors_say_where(alice):
    answer = alice.post("/services", service_body(config={"basic_auth": {"username": 5}}))
    assert answer.status_code == 422
    assert answer.json["fields"]["config"]["basic_auth"]["username"]
    assert answer.json["error"].startswith("config.basic_auth.")


def test_another_check_type_begins_with_an_empty_config(alice):
    service = make_service(alice, config={"method": "HEAD"})
    path = f"/services/{service['id']}"
    assert alice.patch(path, {"check_type": "TCP"}).json["fields"].keys() == {"endpoint"}
    changed = alice.patch(path, {"check_type": "tcp", "endpoint": "db.example.com:5432"})
    assert changed.status_code == 200
    assert (changed.json["config"], changed.json["check_type"]) == ({}, "TCP")


def test_organization_id_may_name_an_own_organization(alice, bob, rows):
    ((own,),) = rows(
        "SELECT organization_id FROM memberships WHERE user_id = %s AND role = 'owner'", bob.user_id
    )
    made = make_service(bob, organization_id=str(own))
    assert made["organization_id"] == str(own)
    assert make_service(bob, organization_id=str(alice.organization_id))
    moved = bob.patch(f"/services/{made['id']}?", {"organization_id": str(own)})
    assert moved.status_code == 422, "a service stays where it is"
    rows("UPDATE memberships SET role = 'viewer' WHERE user_id = %s", bob.user_id)
    assert bob.post("/services", service_body(organization_id=str(own))).status_code == 403


def test_the_plan_limits_how_many(alice, configure):
    for _ in range(5):
        make_service(alice)
    answer = alice.post("/services", service_body())
    assert (answer.status_code, answer.json) == (
        403,
        {"error": "the free plan allows at most 5 services"},
    )
    configure(plan_limits=False)
    assert alice.post("/services", service_body()).status_code == 201


def test_dependencies_do_not_run_in_circles(alice, charlie):
    foreign = make_service(charlie)["id"]
    first = make_service(alice)["id"]
    second = make_service(alice, depends_on=[first, first])
    assert second["depends_on"] == [first]
    for needs in ([second["id"]], [first], [foreign], [UNKNOWN]):
        answer = alice.patch(f"/services/{first}", {"depends_on": needs})
        assert (answer.status_code, list(answer.json["fields"])) == (422, ["depends_on"])
    assert alice.delete(f"/services/{first}").status_code == 204
    assert alice.get(f"/services/{second['id']}").json["depends_on"] == []


@pytest.mark.parametrize(
    ("check_type", "endpoint"),
    [
        ("HTTP", "http://169.254.169.254/latest/meta-data"),
        ("HTTP", "http://[::ffff:169.254.169.254]/"),
        ("TCP", "0.0.0.0:80"),
        ("REDIS", "[fd00:ec2::254]:6379"),
    ],
)
def test_an_address_that_is_never_checked_is_refused_early(alice, check_type, endpoint):
    answer = alice.post("/services", service_body(check_type=check_type, endpoint=endpoint))
    assert answer.status_code == 422
    assert "does not check" in answer.json["fields"]["endpoint"][0]


def test_private_addresses_are_refused_early_where_the_operator_says_so(alice, configure):
    body = service_body(endpoint="http://192.168.1.7/")
    assert alice.post("/services", body).status_code == 201
    configure(probe_targets="public")
    assert alice.post("/services", body).status_code == 422
