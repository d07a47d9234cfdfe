"""Incidents as visitors and their programs get them: ids that stay, and which are shown."""

import pytest

from app.operations.status_pages import incident_documents
from tests.alerting import make_incident
from tests.status_pages import make_shown


@pytest.fixture
def page(alice):
    page, _ = make_shown(alice, "Checkout")
    return page | {"path": f"/status-pages/{page['id']}/incidents"}


def test_an_update_keeps_its_id_whatever_is_said_before_it(alice, page, seen):
    made = make_incident(alice, page)
    updates = f"{page['path']}/{made['id']}/updates"
    alice.post(updates, {"status": "identified", "body": "We know why."})

    def ids():
        incident = seen("/summary.json").json["incidents"][0]
        return {one["body"]: one["id"] for one in incident["incident_updates"]}

    before = ids()
    assert len(set(before.values())) == 2
    first = alice.get(f"{page['path']}/{made['id']}").json["updates"][-1]
    late = {"status": "identified", "body": "Said afterwards.", "at": first["at"], "notify": False}
    assert alice.post(updates, late).status_code == 201
    assert ids().items() > before.items()
    assert alice.delete(f"{updates}/{first['id']}").status_code == 204
    assert ids()["We know why."] == before["We know why."]
    assert first["id"] not in seen(".json").text + seen("/summary.json").text


def test_what_is_open_is_shown_however_long_ago_it_began(alice, page, seen, rows, monkeypatch):
    monkeypatch.setattr(incident_documents, "_MOST", 3)
    old = make_incident(alice, page, title="The oldest one")
    for number in range(4):
        made = make_incident(alice, page, title=f"Number {number}")
        alice.post(f"{page['path']}/{made['id']}/updates", {"status": "resolved", "body": "Over."})
    rows("UPDATE page_incidents SET started_at = now() - interval '500 days' WHERE key = %s",
         old["key"])  # fmt: skip
    told = [one["title"] for one in seen(".json").json["incidents"]]
    assert told == ["Number 3", "Number 2", "The oldest one"]
    over = alice.post(
        f"{page['path']}/{old['id']}/updates", {"status": "resolved", "body": "At last."}
    )
    assert over.status_code == 201
    monkeypatch.undo()
    assert seen(f"/incidents/{old['key']}").status_code == 200
