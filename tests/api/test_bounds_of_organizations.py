"""Bounds on how many of each thing an organization has: said in a sentence, with room elsewhere."""

import pytest

from app.domain.status_pages import sections
from app.operations import secrets
from app.operations.accounts import api_keys, saved_views, teams
from app.operations.escalation import on_call_schedules, policies
from app.operations.heartbeats import heartbeats
from app.operations.maintenance import windows
from app.operations.notifications import channels
from app.operations.rules import rules
from app.operations.status_pages import incident_queries, pages
from tests.alerting import (
    created,
    make_channel,
    make_incident,
    make_override,
    make_page,
    make_policy,
    make_rule,
    make_schedule,
    make_window,
)
from tests.factories import make_service
from tests.heartbeats import make_heartbeat
from tests.status_pages import take_snapshots


def make(path, body):
    return lambda person: created(person, path, body)


@pytest.mark.parametrize(
    ("resource", "make"),
    [
        (rules._Rules, make_rule),
        (channels._Channels, make_channel),
        (heartbeats._Heartbeats, make_heartbeat),
        (policies._Policies, make_policy),
        (on_call_schedules._Schedules, make_schedule),
        (pages._Pages, make_page),
        (windows._Windows, make_window),
        (teams._Teams, make("/teams", {"name": "A"})),
        (secrets._Secrets, make("/secrets", {"name": "A", "value": "x"})),
        (api_keys._ApiKeys, make("/api-keys", {"name": "A", "scopes": ["read"]})),
        (saved_views._SavedViews,
         make("/saved-views", {"name": "A", "screen": "services", "query": ""})),
    ],
)  # fmt: skip
def test_one_more_than_there_may_be_is_refused(alice, charlie, rows, monkeypatch, resource, make):
    table = resource.model.__tablename__
    ((count,),) = rows(
        f"SELECT count(*) FROM {table} WHERE organization_id = %s", alice.organization_id
    )
    most = resource.most._replace(number=count + 1)
    monkeypatch.setattr(resource, "most", most)
    make(alice)
    with pytest.raises(AssertionError, match=f"at most {most.number} {most.plural};"):
        make(alice)
    make(charlie)  # in another organization


def test_incidents_of_all_pages_count(alice, monkeypatch):
    resource = incident_queries._Incidents
    monkeypatch.setattr(resource, "most", resource.most._replace(number=1))
    make_incident(alice, make_page(alice))
    path = f"/status-pages/{make_page(alice)['id']}/incidents"
    refused = alice.post(path, {"title": "Down", "body": "Yes."})
    assert (refused.status_code, "at most 1 incidents" in refused.text) == (403, True)


def test_overrides_that_are_ahead_count(alice, monkeypatch):
    monkeypatch.setattr(on_call_schedules, "MOST_OVERRIDES", 1)
    schedule = make_schedule(alice)
    first = make_override(alice, schedule)
    path = f"/on-call-schedules/{schedule['id']}/overrides"
    refused = alice.post(path, {name: first[name] for name in ("user_id", "from", "to")})
    assert (refused.status_code, "at most 1 overrides" in refused.text) == (403, True)
    assert alice.delete(f"{path}/{first['id']}").status_code == 204
    make_override(alice, schedule)


def test_a_page_by_tag_is_bounded(app, alice, client, monkeypatch):
    monkeypatch.setattr(sections, "MOST_SERVICES", 2)
    for name in ("A", "B"):
        make_service(alice, name=name, tags=["public"])
    page = make_page(alice, sections=[{"name": "All", "tags": ["public"]}])
    make_service(alice, name="C", tags=["public"])
    take_snapshots(app)
    whole = client.get(f"/status/{page['slug']}.json").json
    assert {one["name"] for one in whole["services"].values()} == {"A", "B"}
    assert "no room for 1 more service" in client.get(f"/status/{page['slug']}").text
    found = alice.get(f"/status-pages/{page['id']}").json
    assert found["services_count"] == 2
    assert alice.patch(f"/status-pages/{page['id']}", {"name": "Renamed"}).status_code == 200
    answer = alice.patch(f"/status-pages/{page['id']}", {"sections": found["sections"]})
    assert answer.status_code == 422
    assert answer.json["fields"] == {
        "sections": ["These sections hold 3 services; a page shows at most 2."]
    }
