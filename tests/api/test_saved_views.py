"""Saved views: a person's own, and those that are shared; preferences of a person."""

from uuid import uuid4

import pytest

from tests.alerting import created
from tests.factories import make_member

VIEW = {"name": "Payments", "screen": "services", "query": "tag=pay&status=RED,YELLOW"}


def make_view(person, **changes):
    return created(person, "/saved-views", VIEW | changes)


def names(person, query=""):
    answer = person.get(f"/saved-views{query}")
    assert answer.status_code == 200
    return [view["name"] for view in answer.json]


def test_a_view_of_ones_own(alice, bob):
    view = make_view(alice)
    assert view["is_own"] is True
    assert (view["is_shared"], view["is_pinned"]) == (False, False)
    path = f"/saved-views/{view['id']}"
    assert alice.get(path).json == view
    changed = alice.patch(path, {"name": "Money", "is_pinned": True}).json
    assert (changed["name"], changed["is_pinned"], changed["query"]) == (
        "Money",
        True,
        VIEW["query"],
    )
    assert names(bob) == []
    for answer in (bob.get(path), bob.patch(path, {"name": "x"}), bob.delete(path)):
        assert (answer.status_code, answer.json) == (404, {"error": "not found"})
    assert alice.delete(path).status_code == 204
    assert names(alice) == []


def test_a_shared_view(app, alice, bob):
    view = make_view(alice, is_shared=True)
    path = f"/saved-views/{view['id']}"
    viewer = make_member(app, alice, "Vera", "viewer")
    for person in (bob, viewer):
        found = person.get(path).json
        assert (found["name"], found["is_own"]) == ("Payments", False)
    assert bob.patch(path, {"name": "Ours"}).status_code == 200
    assert bob.patch(path, {"is_shared": False}).status_code == 403
    for answer in (viewer.patch(path, {"name": "x"}), viewer.delete(path)):
        assert answer.status_code == 403
        assert "editor" in answer.json["error"]
    assert bob.delete(path).status_code == 204


def test_a_viewer_keeps_views_but_shares_none(app, alice):
    viewer = make_member(app, alice, "Vera", "viewer")
    view = make_view(viewer)
    assert viewer.post("/saved-views", VIEW | {"is_shared": True}).status_code == 403
    path = f"/saved-views/{view['id']}"
    assert viewer.patch(path, {"is_shared": True}).status_code == 403
    assert viewer.patch(path, {"name": "Mine"}).json["name"] == "Mine"
    assert viewer.delete(path).status_code == 204


def test_lists(alice, charlie):
    make_view(charlie, name="Theirs", is_shared=True)
    for screen in ("services", "alerts"):
        make_view(alice, name=screen, screen=screen)
    assert names(alice) == ["alerts", "services"]
    assert names(alice, "?screen=alerts") == ["alerts"]
    assert alice.get("/saved-views?limit=1").headers["X-Total-Count"] == "2"


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"screen": "nowhere"},
        {"query": "x" * 2001},
        {"query": "a\nb"},
        {"query": None},
        {"is_shared": "yes"},
        {"user_id": str(uuid4())},
    ],
)
def test_bad_views(alice, change):
    assert alice.post("/saved-views", VIEW | change).status_code == 422
    path = f"/saved-views/{make_view(alice)['id']}"
    assert alice.patch(path, change).status_code == 422


def test_preferences_follow_the_person(app, alice, bob, rows):
    assert bob.get("/profile").json["preferences"] == {}
    wanted = {"theme": "dark", "columns": ["name", "p95"], "keys": {"single": False}}
    assert bob.patch("/profile", {"preferences": wanted}).json["preferences"] == wanted
    assert bob.patch("/profile", {"timezone": "Europe/Berlin"}).json["preferences"] == wanted
    ((home,),) = rows(
        "SELECT o.slug FROM organizations o JOIN memberships m ON m.organization_id = o.id"
        " WHERE m.user_id = %s AND m.role = 'owner'",
        bob.user_id,
    )
    assert bob.get(f"/profile?org={home}").json["preferences"] == wanted
    assert alice.get("/profile").json["preferences"] == {}
    assert bob.patch("/profile", {"preferences": {"a": 1}}).json["preferences"] == {"a": 1}


@pytest.mark.parametrize("preferences", [[], "x", None, {"a": "x" * 17_000}, {"a": "\x00"}])
def test_bad_preferences(alice, preferences):
    assert alice.patch("/profile", {"preferences": preferences}).status_code == 422
