"""GET /services/types, /summary and /beats; shortened errors and chosen fields of lists."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from app.checks import CHECK_TYPES
from tests import times
from tests.alerting import make_channel, make_window
from tests.factories import make_result, make_service
from tests.json_schemas import jsonschema

UNKNOWN = UUID(int=0)
TOO_MANY = ",".join(str(UUID(int=number)) for number in range(101))


def test_every_check_type_is_described(alice):
    found = alice.get("/services/types").json
    assert [each["type"] for each in found] == [kind for kind, _ in CHECK_TYPES.items()]
    for each in found:
        schema = each["config_schema"]
        jsonschema().Draft202012Validator.check_schema(schema)
        assert schema["properties"], each["type"]
        assert each["label"], each
        assert each["endpoint_hint"], each
        assert CHECK_TYPES[each["type"]].validate_endpoint(each["example"]) == each["example"]
    assert len({each["label"] for each in found}) == len(found)


def test_the_example_of_every_type_makes_a_service(alice, configure):
    configure(plan_limits=False)
    step = {"steps": [{"method": "GET", "url": "https://www.example.com/"}]}
    for each in alice.get("/services/types").json:
        body = {"name": each["label"], "check_type": each["type"], "endpoint": each["example"]}
        config = {"config": step} if each["type"] == "MULTI_STEP" else {}
        answer = alice.post("/services", body | config)
        assert answer.status_code == 201, answer.text
        assert answer.json["slow_threshold_ms"] == each["slow_threshold_ms"]


@pytest.fixture
def shop(alice, rows):
    """Four services in several states."""
    services = [
        make_service(alice, name="Shop", tags=["web", "eu"], environment="production"),
        make_service(alice, name="Blog", tags=["web"]),
        make_service(alice, name="Off", tags=["old"], is_active=False),
        make_service(alice, name="db", check_type="TCP", endpoint="db.example.com:5432"),
    ]
    rows("UPDATE services SET status = 'RED' WHERE name IN ('Shop', 'Off')")
    return services


def test_counts(alice, charlie, shop):
    make_service(charlie, tags=["web"])
    make_window(alice, tags=["web"])
    assert alice.get("/services/summary").json == {
        "total": 4,
        "paused": 1,
        "in_maintenance": sum(s["in_maintenance"] for s in alice.get("/services").json),
        "by_status": {"GREEN": 0, "YELLOW": 0, "RED": 1, "PENDING": 2, "UNKNOWN": 0},
        "by_tag": {"eu": 1, "old": 1, "web": 2},
        "by_check_type": {"HTTP": 3, "TCP": 1},
        "by_environment": {"": 3, "production": 1},
    }


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("tag=web", 2),
        ("status=RED", 2),
        ("is_active=true", 3),
        ("q=shop", 3),
        ("check_type=tcp", 1),
    ],
)
def test_counts_of_what_matches(alice, shop, query, total):
    assert alice.get(f"/services/summary?{query}").json["total"] == total
    assert len(alice.get(f"/services?{query}").json) == total


def test_maintenance_is_counted(alice, shop):
    started = times.iso(times.ago(minutes=5))
    ends = times.iso(times.now() + timedelta(hours=1))
    make_window(alice, starts_at=started, ends_at=ends, tags=["web"], service_ids=[])
    assert alice.get("/services/summary").json["in_maintenance"] == 2


def test_no_service_at_all(alice):
    found = alice.get("/services/summary").json
    assert (found["total"], found["by_tag"], sum(found["by_status"].values())) == (0, {}, 0)


@pytest.mark.parametrize("query", ["status=BLUE", "check_type=x", "is_active=maybe", "q="])
def test_bad_filters_of_counts(alice, query):
    assert alice.get(f"/services/summary?{query}").status_code == 422


def test_beats(alice, connection):
    first, second, silent = (make_service(alice, name=f"s{n}")["id"] for n in range(3))
    for minutes in range(5):
        status = "RED" if minutes == 0 else "GREEN"
        make_result(connection, first, times.ago(minutes=minutes), status)
    make_result(connection, second, times.ago(minutes=1), in_maintenance=True)
    found = alice.get(f"/services/beats?ids={second},{first},{silent}&n=3").json
    assert [each["service_id"] for each in found] == [second, first, silent]
    assert [beat["status"] for beat in found[1]["beats"]] == ["GREEN", "GREEN", "RED"]
    at = [beat["checked_at"] for beat in found[1]["beats"]]
    assert at == sorted(at)
    assert found[0]["beats"][0]["in_maintenance"] is True
    assert found[2]["beats"] == []
    assert len(alice.get(f"/services/beats?ids={first}").json[0]["beats"]) == 5


def test_beats_of_others_are_like_those_of_nobody(alice, charlie, connection):
    own, foreign, nobody = make_service(alice)["id"], make_service(charlie)["id"], str(uuid4())
    make_result(connection, foreign, times.ago(minutes=1))
    for other in (foreign, nobody):
        found = alice.get(f"/services/beats?ids={other},{own}").json
        assert [each["service_id"] for each in found] == [own]


def test_a_hundred_ids_fit(alice):
    ids = [make_service(alice)["id"], *(str(uuid4()) for _ in range(99))]
    assert len(alice.get(f"/services/beats?ids={','.join(ids)}").json) == 1


@pytest.mark.parametrize(
    "query",
    ["", "ids=", "ids=x", f"ids={UNKNOWN},", f"ids={TOO_MANY}",
     f"ids={UNKNOWN}&n=0", f"ids={UNKNOWN}&n=101", f"ids={UNKNOWN}&n=x"],
)  # fmt: skip
def test_bad_queries_of_beats(alice, query):
    assert alice.get(f"/services/beats?{query}").status_code == 422


def test_lists_show_the_beginning_of_an_error(alice, rows):
    id, error = make_service(alice)["id"], "ü" * 500
    rows("UPDATE schedule_entries SET last_error = %s", error)
    (listed,) = alice.get("/services").json
    assert len(listed["last_error"]) == 200
    assert listed["last_error"] == "ü" * 199 + "…"
    assert alice.get(f"/services/{id}").json["last_error"] == error
    rows("UPDATE schedule_entries SET last_error = %s", "ü" * 200)
    assert alice.get("/services").json[0]["last_error"] == "ü" * 200


def test_channels_show_the_beginning_of_an_error(alice, rows):
    id, error = make_channel(alice)["id"], "x" * 300
    rows("UPDATE notification_channels SET last_error = %s", error)
    assert len(alice.get("/notification-channels").json[0]["last_error"]) == 200
    assert alice.get(f"/notification-channels/{id}").json["last_error"] == error


def test_chosen_fields(alice):
    services = [make_service(alice, name=f"s{n}") for n in range(3)]
    answer = alice.get("/services?fields=name,id&limit=2")
    assert answer.json == [{"name": s["name"], "id": s["id"]} for s in reversed(services[1:])]
    assert answer.headers["X-Total-Count"] == "3"
    assert "fields=name%2Cid" in answer.headers["Link"]
    following = alice.get("/services?" + answer.headers["Link"].partition("?")[2].partition(">")[0])
    assert following.json == [{"name": "s0", "id": services[0]["id"]}]


@pytest.mark.parametrize(
    "path",
    ["/services", "/alerts", "/heartbeats", "/alert-rules", "/notification-channels", "/members",
     "/maintenance-windows", "/escalation-policies", "/on-call-schedules", "/teams", "/api-keys",
     "/audit-logs", "/invitations"],
)  # fmt: skip
def test_every_list_takes_fields(alice, path):
    make_service(alice)
    answer = alice.get(f"{path}?fields=id")
    assert answer.status_code == 200
    assert all(set(item) == {"id"} for item in answer.json)


@pytest.mark.parametrize(
    "fields", ["", "nothing", "id,", ",id", "id name", "ID", "id,nothing", "__class__", "id,'"]
)
def test_bad_fields(alice, fields):
    for _ in range(2):  # also where there is nothing to show
        answer = alice.get(f"/services?fields={fields}")
        assert (answer.status_code, list(answer.json["fields"])) == (422, ["fields"])
        make_service(alice)
