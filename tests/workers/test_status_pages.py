"""Periodic jobs of status pages: logos are fetched once and served from here."""

from datetime import timedelta

import pytest

from app.operations.status_pages import snapshots
from tests.receivers import Answer, HttpReceiver
from tests.status_pages import make_shown, take_snapshots
from workers import status_pages
from workers.job import serve

PNG = bytes.fromhex("89504e470d0a1a0a") + b"a picture"


@pytest.fixture
def fetch(app):
    serve(app)

    def run():
        with app.app_context():
            status_pages.fetch_logos.__wrapped__()
        take_snapshots(app)

    return run


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE services SET status = 'RED', status_changed_at = now()",
        "UPDATE organizations SET alerting_version = alerting_version + 1",
        "UPDATE page_snapshots SET due_at = now()",
    ],
)
def test_a_worker_is_asked_for_what_a_claim_takes(app, alice, rows, change):
    make_shown(alice, "Checkout")
    take_snapshots(app)

    def waits():
        rows(
            "UPDATE page_snapshots SET made_at = now() - interval '3 seconds',"
            " due_at = due_at + interval '1 hour' WHERE due_at <= now() + interval '1 minute'"
        )
        with app.app_context():
            return snapshots.due_for_seconds()

    rows("UPDATE services SET status_changed_at = now() - interval '1 hour'")
    assert waits() is None
    rows(change)
    with app.app_context():
        found = snapshots.due_for_seconds()
        assert found is not None
        assert 0 <= found < 60
        assert snapshots.claim() is not None
        assert snapshots.due_for_seconds() is None  # somebody is at it


def test_a_page_whose_service_has_changed_does_not_wait_for_all_others(app, alice, charlie, rows):
    ids = [make_shown(who, "Checkout")[0]["id"] for who in (alice, charlie)]
    take_snapshots(app)
    rows("UPDATE services SET status_changed_at = now() - interval '1 hour'")
    rows("UPDATE page_snapshots SET made_at = now() - interval '20 seconds'")
    due = "UPDATE page_snapshots SET lease_until = NULL, due_at = %s WHERE status_page_id = %s"
    change = "UPDATE services SET status_changed_at = %s WHERE organization_id = %s"
    for seconds, first in ((0.5, ids[0]), (4, ids[1])):  # for how long the other page is due
        ((now,),) = rows("SELECT clock_timestamp()")
        rows(due, now + timedelta(hours=1), ids[0])
        rows(due, now - timedelta(seconds=seconds), ids[1])
        rows(change, now - timedelta(seconds=1), alice.organization_id)
        with app.app_context():
            claimed = snapshots.claim()
        assert claimed is not None
        assert str(claimed.page_id) == first


def test_a_logo_is_fetched_once_and_served_from_here(alice, client, fetch):
    png = Answer(200, PNG, {"Content-Type": "image/png"})
    with HttpReceiver([png]) as elsewhere:
        look = {"logo_url": f"{elsewhere.url}/logo.png", "company_name": "Acme"}
        page, _ = make_shown(alice, "Checkout", branding=look)
        fetch()
        fetch()
        assert len(elsewhere.requests) == 1
    path = f"/status/{page['slug']}"
    text = client.get(path).text
    assert f'src="{path}/logo?' in text
    assert 'alt="Acme"' in text
    assert elsewhere.url not in text
    logo = client.get(f"{path}/logo")
    assert (logo.data, logo.mimetype) == (PNG, "image/png")
    assert "script-src 'self'" in logo.headers["Content-Security-Policy"]
    assert alice.get(f"/status-pages/{page['id']}").json["branding"] == look
    alice.patch(f"/status-pages/{page['id']}", {"branding": {}})
    fetch()
    assert client.get(f"{path}/logo").status_code == 404


def test_the_logo_of_a_stranger_does_not_come_from_the_network_of_operators(
    alice, charlie, fetch, rows, configure
):
    rows("UPDATE users SET is_operator = (id = %s)", alice.user_id)
    configure(probe_targets="operators")
    png = Answer(200, PNG, {"Content-Type": "image/png"})
    with HttpReceiver([png] * 2) as inside:
        make_shown(charlie, "Stolen", branding={"logo_url": f"{inside.url}/stranger.png"})
        make_shown(alice, "Checkout", branding={"logo_url": f"{inside.url}/operator.png"})
        fetch()
        assert [one.path for one in inside.requests] == ["/operator.png"]
    found = dict(rows("SELECT organization_id, logos::text FROM status_pages"))
    assert "only public addresses" in found[charlie.organization_id]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, b"<script>", {"Content-Type": "text/html"}),
        Answer(404, PNG, {"Content-Type": "image/png"}),
        Answer(200, b"x" * 300_000, {"Content-Type": "image/png"}),
        Answer(200, b"", {"Content-Type": "image/png"}),
    ],
)
def test_what_is_no_logo_is_left_out(alice, client, fetch, rows, answer):
    with HttpReceiver([answer]) as elsewhere:
        page, _ = make_shown(alice, "Checkout", branding={"logo_url": f"{elsewhere.url}/x"})
        fetch()
        fetch()
        assert len(elsewhere.requests) == 1  # and not again within the hour
    assert "<img" not in client.get(f"/status/{page['slug']}").text
    assert "error" in str(rows("SELECT logos FROM status_pages"))
