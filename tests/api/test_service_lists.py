"""GET /services: filters and pages; POST /services/bulk."""

from uuid import uuid4

import pytest

from tests.factories import make_service


@pytest.fixture
def five(alice):
    """Five services, oldest first."""
    return [
        make_service(alice, name="Shop 100%", tags=["web", "eu"], environment="production"),
        make_service(alice, name="Blog", tags=["web"], is_active=False),
        make_service(alice, name="db_1", check_type="TCP", endpoint="db.example.com:5432"),
        make_service(alice, name="Mail", description="the SHOP's mail"),
        make_service(alice, name="Last"),
    ]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [4, 3, 2, 1, 0]),
        ("tag=web", [1, 0]),
        ("tag=eu", [0]),
        ("tag=we", []),
        ("environment=production", [0]),
        ("check_type=tcp", [2]),
        ("check_type=telnet", [2]),
        ("is_active=false", [1]),
        ("is_active=true&tag=web", [0]),
        ("status=PENDING", [4, 3, 2, 1, 0]),
        ("status=RED", []),
        ("q=shop", [4, 3, 1, 0]),
        ("q=100%25", [0]),
        ("q=db_1", [2]),
        ("q=_", [2]),
        ("q=%25", [0]),
        ("q=\\", []),
        ("q='; DROP TABLE services; --", []),
        ("limit=2", [4, 3]),
        ("nonsense=1", [4, 3, 2, 1, 0]),
    ],
)
def test_filters(alice, five, query, places):
    answer = alice.get(f"/services?{query}")
    assert [service["id"] for service in answer.json] == [five[place]["id"] for place in places]
    total = 5 if "limit" in query else len(places)
    assert answer.headers["X-Total-Count"] == str(total)


@pytest.mark.parametrize(
    "query",
    [
        "status=BLUE",
        "status=",
        "check_type=PIGEON",
        "is_active=yes",
        "is_active=",
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=ten",
        "limit=1e3",
        "limit=١٠",
        "limit=" + "9" * 5000,
        "cursor=x",
        "cursor=AAAA",
        "cursor=" + "A" * 201,
        "cursor=MjAyNi0wMS0wMVQwMDowMDowMFp8eA",
        "cursor=MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OXx4",
        "q=",
        "q=" + "x" * 201,
        "tag=%0a",
        "q=%00",
        "q=%ff",
        "q=%ed%a0%80",
    ],
)
def test_bad_queries(alice, query):
    answer = alice.get(f"/services?{query}")
    assert answer.status_code == 422
    assert set(answer.json) <= {"error", "fields", "code"}


def test_pages_cover_everything_once(alice, five):
    path, seen = "/services?limit=2&is_active=true", []
    while path:
        answer = alice.get(path)
        assert len(answer.json) <= 2
        assert answer.headers["X-Total-Count"] == "4"
        seen += [service["id"] for service in answer.json]
        link = answer.headers.get("Link")
        path = None
        if link:
            assert link.endswith('; rel="next"')
            path = link[1 : link.index(">")].removeprefix("http://localhost/api/v1")
    assert seen == [five[place]["id"] for place in (4, 3, 2, 0)]


def test_a_cursor_of_another_organization_shows_nothing_of_it(alice, charlie, five):
    link = alice.get("/services?limit=1").headers["Link"]
    path = link[1 : link.index(">")].removeprefix("http://localhost/api/v1")
    assert charlie.get(path).json == []


def test_bulk_actions(alice, five):
    ids = [service["id"] for service in five[:3]]
    paused = alice.post("/services/bulk", {"action": "pause", "ids": ids})
    assert (paused.status_code, paused.json["action"], paused.json["ids"]) == (200, "pause", ids)
    assert [result["ok"] for result in paused.json["results"]] == [True, True, True]
    active = {service["id"]: service["is_active"] for service in alice.get("/services").json}
    assert [active[service["id"]] for service in five] == [False, False, False, True, True]
    alice.post("/services/bulk", {"action": "resume", "ids": ids})
    assert len(alice.get("/services?is_active=true").json) == 5
    alice.post("/services/bulk", {"action": "tag", "ids": ids, "tags": ["web", "new"]})
    assert alice.get(f"/services/{ids[0]}").json["tags"] == ["web", "eu", "new"]
    alice.post("/services/bulk", {"action": "untag", "ids": ids, "tags": ["web", "other"]})
    assert alice.get(f"/services/{ids[0]}").json["tags"] == ["eu", "new"]
    assert alice.post("/services/bulk", {"action": "delete", "ids": ids}).status_code == 200
    assert len(alice.get("/services").json) == 2


def test_bulk_is_all_or_nothing(alice, charlie, five):
    foreign = make_service(charlie)["id"]
    own = five[0]["id"]
    before = alice.get("/services").json
    for action in ("pause", "resume", "delete", "tag", "untag"):
        tags = {"tags": ["x"]} if action.endswith("tag") else {}
        answers = [
            alice.post("/services/bulk", {"action": action, "ids": [own, other], **tags})
            for other in (foreign, str(uuid4()))
        ]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert answers[0].data == answers[1].data
    assert alice.get("/services").json == before
    assert charlie.get(f"/services/{foreign}").json["is_active"] is True


@pytest.mark.parametrize(
    "body",
    [
        {"action": "tag", "ids": [str(uuid4())]},
        {"action": "pause", "ids": [str(uuid4())], "tags": ["x"]},
        {"action": "untag", "ids": [str(uuid4())]},
        {"action": "update", "ids": [str(uuid4())]},
        {"action": "pause", "ids": [str(uuid4())], "changes": {"tags": []}},
        {"action": "update", "ids": [str(uuid4())], "changes": {"name": "x"}},
        {"action": "update", "ids": [str(uuid4())], "changes": {"endpoint": "x"}},
        {"action": "update", "ids": [str(uuid4())], "changes": {"timeout_seconds": 61}},
        {"action": "update", "ids": [str(uuid4())], "changes": []},
        {"action": "pause", "ids": []},
        {"action": "pause"},
        {"action": "explode", "ids": [str(uuid4())]},
        {"action": "pause", "ids": [str(uuid4()) for _ in range(1001)]},
        {"action": "pause", "ids": ["x"]},
    ],
)
def test_bad_bulk_bodies(alice, body):
    assert alice.post("/services/bulk", body).status_code == 422


def test_too_many_tags_change_nothing(alice):
    full = make_service(alice, tags=[f"t{n}" for n in range(50)])
    empty = make_service(alice)
    ids = [empty["id"], full["id"]]
    answer = alice.post("/services/bulk", {"action": "tag", "ids": ids, "tags": ["new"]})
    assert answer.status_code == 422
    assert alice.get(f"/services/{empty['id']}").json["tags"] == []
