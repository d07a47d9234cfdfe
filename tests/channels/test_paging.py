"""PagerDuty and Opsgenie: one alert of ours is one incident there, opened and closed by it."""

import pytest

from tests.channels.sending import ALERT, ORGANIZATION, message, send
from tests.channels.stations import KEY, station

STORY = ("alert.fired", "alert.reminder", "alert.escalated", "alert.acknowledged", "alert.resolved")


def test_pagerduty_opens_acknowledges_and_resolves():
    with station("pagerduty") as here:
        states = []
        for event in STORY:
            here.send(message(event=event))
            states.append(here.provider.incidents[ALERT["id"]])
        assert states == ["triggered", "triggered", "triggered", "acknowledged", "resolved"]
        trigger, *_, resolve = here.provider.requests
    assert trigger.path == "/v2/enqueue"
    body = trigger.json
    assert body["routing_key"] == KEY
    assert body["dedup_key"] == ALERT["id"]
    assert body["payload"]["severity"] == "critical"
    assert body["payload"]["source"] == "Checkout"
    assert body["payload"]["summary"].startswith("Checkout: Service down Triggered by Check: Check")
    assert body["payload"]["timestamp"] == "2026-03-02T14:27:00Z"
    assert body["payload"]["custom_details"]["Endpoint"] == "https://shop.example.com/health"
    assert {"href": "https://wiki.example.com/runbook", "text": "Runbook"} in body["links"]
    assert body["client_url"] == "https://status.example.com/alerts/1"
    assert resolve.json == {
        "routing_key": KEY,
        "event_action": "resolve",
        "dedup_key": ALERT["id"],
    }


@pytest.mark.parametrize("severity", ["critical", "warning", "info"])
def test_pagerduty_knows_the_severity(severity):
    with station("pagerduty") as here:
        here.send(message(alert={**ALERT, "severity": severity}))
        assert here.provider.requests[0].json["payload"]["severity"] == severity


@pytest.mark.parametrize("kind", ["pagerduty", "opsgenie"])
@pytest.mark.parametrize("how", [{"combined": True, "event": "alert.resolved"}, {"test": True}])
def test_what_is_over_is_opened_and_closed(kind, how):
    with station(kind) as here:
        here.send(message(**how))
        kept = here.provider.incidents if kind == "pagerduty" else here.provider.alerts
        assert set(kept.values()) <= {"resolved", "closed"}
        assert len(kept) == 1


@pytest.mark.parametrize("event", ["maintenance.started", "incident.created", "ssl.renewed"])
def test_pagerduty_records_changes_without_paging(event):
    with station("pagerduty") as here:
        here.send(message(event=event, alert=None))
        assert here.provider.incidents == {}
        assert here.provider.changes[0]["payload"]["source"] == "Checkout"


def test_a_missed_heartbeat_pages_and_recovers():
    row = {"id": "hb", "name": "Backup", "severity": "warning"}
    with station("pagerduty") as here:
        for event, state in (("missed", "triggered"), ("recovered", "resolved")):
            what = message(event=f"heartbeat.{event}", alert=None, service=None, heartbeat=row)
            here.send(what)
            assert here.provider.incidents == {"heartbeat-hb": state}


@pytest.mark.parametrize("kind", ["pagerduty", "opsgenie"])
def test_the_region_chooses_the_address(kind):
    with station(kind) as here:
        endpoints = {f"{kind}.eu": here.provider.url}
        send(kind, message(), {**here.config, "region": "eu"}, endpoints=endpoints)
        assert here.count == 1


def test_opsgenie_creates_acknowledges_and_closes():
    with station("opsgenie") as here:
        states = []
        for event in STORY:
            here.send(message(event=event))
            states.append(here.provider.alerts[ALERT["id"]])
        assert states == ["open", "open", "open", "acknowledged", "closed"]
        create, *_, close = here.provider.requests
    assert create.headers["authorization"] == f"GenieKey {KEY}"
    body = create.json
    assert body["alias"] == ALERT["id"]
    assert body["message"] == "Checkout: Service down Triggered by Check"
    assert body["priority"] == "P1"
    assert body["details"]["Service"] == "Checkout"
    assert close.path == f"/v2/alerts/{ALERT['id']}/close?identifierType=alias"


def test_opsgenie_opens_and_closes_a_maintenance():
    row = {"id": "mw", "name": "Upgrade"}
    with station("opsgenie") as here:
        for event, state in (("started", "open"), ("ended", "closed")):
            here.send(message(event=f"maintenance.{event}", alert=None, maintenance=row))
            assert here.provider.alerts == {"maintenance-mw": state}
        assert here.provider.requests[0].json["priority"] == "P5"


def test_an_alias_cannot_leave_its_place_in_the_path():
    with station("opsgenie") as here:
        here.send(message(event="alert.resolved", dedup_key="../../v2/x?a#b"))
        path = here.provider.requests[0].path
    assert path == "/v2/alerts/..%2F..%2Fv2%2Fx%3Fa%23b/close?identifierType=alias"


def test_a_digest_pages_once_under_its_own_key():
    alerts = [{**ALERT, "id": str(number), "severity": "warning"} for number in range(3)]
    what = message(event="digest", alert=None, service=None, alerts=alerts)
    with station("pagerduty") as here:
        here.send(what)
        here.send(what)
        assert len(here.provider.incidents) == 1
        assert here.provider.requests[0].json["payload"]["severity"] == "warning"
        assert ORGANIZATION["name"] in here.readings[0]
