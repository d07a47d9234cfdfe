"""Pages while database and Redis are away, and after a start in that state."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.pages.status import middleware
from app.pages.status import store as stores
from app.pages.status.store import PageStore, store_of
from app.platform.clock import utcnow
from app.web import create_app
from tests.status_pages import make_shown, take_snapshots

NOWHERE = "postgresql+psycopg://nobody:x@127.0.0.1:9/none"


@pytest.fixture
def folder(tmp_path, app, alice, client):
    """The files of a process that has seen one page, as they lie on disk."""
    page, _ = make_shown(alice, "Checkout", slug="shop")
    locked, _ = make_shown(alice, "Vault", slug="vault", password="open sesame")
    take_snapshots(app)
    store = PageStore(tmp_path / "pages")
    with app.app_context():
        assert store.look()
    assert {page["slug"], locked["slug"]} == {one.slug for one in store.pages()}
    return tmp_path


@pytest.fixture
def away(folder, config):
    """An application that starts while its servers are away."""
    config = replace(
        config, database_url=NOWHERE, redis_url="redis://127.0.0.1:9/0", state_dir=folder
    )
    web = create_app(config)
    web.testing = True
    yield web
    web.extensions["hub"].close()


def test_a_start_without_servers_serves_what_lies_in_files(away):
    answer = away.test_client().get("/status/shop")
    assert answer.status_code == 200
    assert "our own database is being repaired" in answer.text
    assert "Checkout" in answer.text
    for rest in ("summary.json", "feed.atom", "history", "page.json"):
        assert away.test_client().get(f"/status/shop/{rest}").status_code == 200
    assert away.test_client().get("/status/nobody").status_code == 404


def test_a_password_opens_a_page_also_then(away):
    client = away.test_client()
    assert client.get("/status/vault").status_code == 404
    client.post("/status/open", data={"page": "vault", "password": "open sesame"})
    assert client.get("/status/vault").status_code == 200


def test_what_is_too_old_claims_nothing(away, monkeypatch):
    later = utcnow() + timedelta(minutes=3)
    for module in (stores, middleware):
        monkeypatch.setattr(module, "utcnow", lambda: later)
    answer = away.test_client().get("/status/shop")
    assert 180 <= int(answer.headers["Age"]) < 240
    text = answer.text
    assert "<h1>We cannot tell at the moment</h1>" in text
    assert "Last known: Waiting for the first results." in text


def test_a_broken_file_costs_that_page_only(folder):
    for path in sorted((folder / "pages").glob("*.json"))[:1]:
        path.write_bytes(b"{")
    store = PageStore(folder / "pages")
    store.read_files()
    assert len(store.pages()) == 1


def test_files_are_for_nobody_else(folder):
    for path in (folder / "pages").glob("*.json"):
        assert path.stat().st_mode & 0o077 == 0


def test_a_deleted_page_leaves_no_file(app, alice, folder):
    store = PageStore(folder / "pages")
    store.read_files()
    for page in alice.get("/status-pages").json:
        alice.delete(f"/status-pages/{page['id']}")
    with app.app_context():
        store.look()
    assert store.pages() == []
    assert not list((folder / "pages").glob("*.json"))
    assert store_of(app) is not store


def test_a_slug_that_another_page_has_by_now_keeps_its_file(app, alice, charlie, folder):
    store = PageStore(folder / "pages")
    with app.app_context():
        store.look()
    (before,) = [page for page in alice.get("/status-pages").json if page["slug"] == "shop"]
    alice.delete(f"/status-pages/{before['id']}")
    make_shown(charlie, "Vault", name="Of others", slug="shop")
    with app.app_context():
        store.look()
    fresh = PageStore(folder / "pages")
    fresh.read_files()
    assert fresh.of_slug("shop").page["name"] == "Of others"
