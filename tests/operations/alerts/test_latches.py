"""A resolve by hand holds a rule back only while what it asks for has held ever since."""

from datetime import timedelta
from uuid import UUID

import pytest

from app.operations.rules import transitions as rule_transitions
from app.platform.clock import utcnow
from tests.alerting import RED, make_rule
from tests.factories import make_service
from tests.recording import check, claim_of, observe, record


@pytest.fixture
def service(alice):
    return make_service(alice)


@pytest.fixture
def see(context, service):
    """Let checks of the service come in, a letter each, one second after the other."""
    clock = [utcnow() - timedelta(hours=1)]

    def see(letters):
        for letter in letters:
            clock[0] += timedelta(seconds=1)
            check(service, clock[0], observe(letter))

    return see


def only_rule(alice, **changes):
    (rule,) = alice.get("/alert-rules").json
    return alice.patch(f"/alert-rules/{rule['id']}", changes).json


def open_alerts(alice):
    return alice.get("/alerts").json


def resolve(alice):
    (alert,) = open_alerts(alice)
    assert alice.post(f"/alerts/{alert['id']}/resolve", {}).status_code == 200


def test_one_that_still_fails_stays_quiet_until_it_has_been_fine_once(alice, see):
    see("GR")
    resolve(alice)
    see("RRRR")
    assert open_alerts(alice) == []
    see("GR")
    assert len(open_alerts(alice)) == 1


def test_a_flapping_alert_resolved_while_all_is_well_does_not_hide_the_next_outage(alice, see):
    see("GR" * 12 + "G")
    (alert,) = open_alerts(alice)
    assert alert["is_flapping"]
    resolve(alice)
    see("R")
    assert len(open_alerts(alice)) == 1


def test_a_rule_that_leaves_the_resolve_to_people_does_not_hide_the_next_outage(alice, see):
    only_rule(alice, auto_resolve=False)
    see("RGGG")
    resolve(alice)
    see("R")
    assert len(open_alerts(alice)) == 1


@pytest.mark.parametrize("between", ["U", "GR", "GRU"])
def test_what_the_rule_said_last_decides(alice, see, between):
    only_rule(alice, auto_resolve=False)
    see("R" + between)
    resolve(alice)
    see("RR")
    assert open_alerts(alice) == []


def test_a_check_under_way_while_somebody_resolves_counts(
    alice, context, service, see, monkeypatch
):
    see("R")
    at = utcnow()
    lock = rule_transitions._lock

    def resolve_first(tx, ids):
        resolve(alice)
        return lock(tx, ids)

    with monkeypatch.context() as patched:
        patched.setattr(rule_transitions, "_lock", resolve_first)
        record([claim_of(UUID(service["id"]), "default", at)], at, observe("G"))
    see("R")
    assert len(open_alerts(alice)) == 1


@pytest.mark.parametrize(
    "edit",
    [
        {"condition": {**RED, "value": ["RED", "YELLOW"]}},
        {"tags": ["shop"]},
        {"is_enabled": False},
    ],
)
def test_a_rule_that_asks_something_else_begins_anew(alice, service, see, edit):
    alice.patch(f"/services/{service['id']}", {"tags": ["shop"]})
    see("GR")
    resolve(alice)
    only_rule(alice, **edit)
    only_rule(alice, is_enabled=True)
    see("R")
    assert len(open_alerts(alice)) == 1


@pytest.mark.parametrize("edit", [{"endpoint": "https://other.example.com/"}, {"is_active": False}])
def test_a_service_that_is_another_one_begins_anew(alice, service, see, edit):
    see("GR")
    resolve(alice)
    alice.patch(f"/services/{service['id']}", edit)
    alice.patch(f"/services/{service['id']}", {"is_active": True})
    see("R")
    assert len(open_alerts(alice)) == 1


def test_renaming_changes_nothing(alice, service, see):
    see("GR")
    resolve(alice)
    only_rule(alice, name="Down", severity="warning")
    alice.patch(f"/services/{service['id']}", {"name": "The shop", "tags": ["shop"]})
    see("R")
    assert open_alerts(alice) == []


def test_other_rules_are_not_held_back(alice, service, see):
    see("GR")
    resolve(alice)
    make_rule(alice, name="Again", condition=RED)
    see("R")
    assert [alert["title"] for alert in open_alerts(alice)] == ["Again Triggered by Check"]
