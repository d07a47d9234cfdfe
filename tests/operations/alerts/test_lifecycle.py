"""An alert from open to resolved: its row, its timeline, and what no longer follows from it."""

from uuid import UUID, uuid4

import pytest

from app.models.alerts import Alert
from app.operations.alerts import lifecycle
from app.operations.rows import columns
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import transaction
from tests.alert_messages import ALERT

ACTOR = "user:ann"


@pytest.fixture
def alert_id(see, rows):
    see("R")
    return rows(ALERT)[0][0]


@pytest.fixture
def timeline(rows, alert_id):
    return lambda: [
        kind
        for (kind,) in rows(
            "SELECT kind FROM alert_events WHERE alert_id = %s ORDER BY at, id", alert_id
        )
    ]


def test_one_of_two_rivals_opens_an_alert(rows, alert_id):
    with transaction() as tx:
        first = tx.session.get_one(Alert, alert_id)
        rival = Alert(**{**columns(first), "id": uuid4()})
        assert lifecycle.open_alert(tx, rival) is None
    assert len(rows("SELECT id FROM alerts")) == 1


def test_acknowledging_stops_levels_and_reminders_once(alice, rows, alert_id, timeline, delayed):
    for _ in range(2):
        lifecycle.acknowledge(alice.organization_id, alert_id, actor=ACTOR, note="on it")
    assert rows("SELECT status, acknowledged_by, next_reminder_at FROM alerts") == [
        ("acknowledged", ACTOR, None)
    ]
    assert timeline().count("acknowledged") == 1


def test_resolving_twice_changes_nothing(alice, rows, alert_id, timeline):
    for _ in range(2):
        lifecycle.resolve(alice.organization_id, alert_id, actor=ACTOR)
    assert rows("SELECT status, resolved_by FROM alerts") == [("resolved", ACTOR)]
    assert timeline().count("resolved") == 1


def test_a_resolve_by_hand_latches_the_rule_for_the_service(alice, rows, alert_id):
    lifecycle.resolve(alice.organization_id, alert_id, actor=ACTOR)
    assert rows("SELECT is_latched FROM rule_states") == [(True,)]


@pytest.mark.parametrize("late", ["acknowledge", "snooze"])
def test_what_is_over_cannot_be_taken_on(alice, alert_id, late):
    lifecycle.resolve(alice.organization_id, alert_id, actor=ACTOR)
    more = {"minutes": 5} if late == "snooze" else {}
    with pytest.raises(Conflict):
        getattr(lifecycle, late)(alice.organization_id, alert_id, actor=ACTOR, **more)


@pytest.mark.parametrize(
    ("action", "more"),
    [("acknowledge", {}), ("resolve", {}), ("snooze", {"minutes": 5}), ("comment", {"text": "?"})],
)
def test_an_alert_of_others_is_not_there(context, alert_id, action, more):
    with pytest.raises(NotFound):
        getattr(lifecycle, action)(UUID(int=0), alert_id, actor=ACTOR, **more)
