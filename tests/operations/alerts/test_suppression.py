"""Alerts hidden behind a root cause, and what is told of them once it is gone."""

from itertools import permutations

import pytest

from app.operations.alerts import snoozes, suppression
from tests.alerting import RED, created, make_channel, make_policy
from tests.event_messages import check
from tests.factories import make_member, make_service


@pytest.fixture
def hidden(app, alice, rows):
    """A shop that failed a moment before the database it needs: planned for, then taken back."""
    make_channel(alice)
    make_policy(alice, is_default=True)
    database = make_service(alice, name="Database")
    shop = make_service(alice, name="Shop")
    alice.patch(f"/services/{shop['id']}", {"depends_on": [database["id"]]})
    check(app, rows, "RED", only=shop["id"])
    check(app, rows, "RED", only=database["id"])
    return {alert["service_name"]: alert for alert in alice.get("/alerts").json}


def test_one_that_outlives_its_root_cause_is_told_after_all(app, alice, rows, hidden):
    assert hidden["Shop"]["suppressed_by"] == hidden["Database"]["id"]
    of_shop = ("SELECT kind, status FROM notifications WHERE alert_id = %s", hidden["Shop"]["id"])
    assert rows(*of_shop) == []
    alice.post(f"/alerts/{hidden['Database']['id']}/resolve", {})
    with app.app_context():
        assert suppression.release() == 0, "it gets a while to recover as well"
        rows(
            "UPDATE alerts SET resolved_at = now() - interval '1 minute' WHERE status = 'resolved'"
        )
        assert suppression.release() == 1
        assert suppression.release() == 0
    assert ("alert.fired", "pending") in rows(*of_shop)
    levels = rows("SELECT status FROM escalation_levels WHERE alert_id = %s", hidden["Shop"]["id"])
    assert levels == [("pending",)]


def test_messages_name_what_is_hidden_and_the_timeline_names_the_cause(alice, rows, hidden):
    root, shop = hidden["Database"], hidden["Shop"]
    of_root = "SELECT message FROM notifications WHERE alert_id = %s AND kind = %s"
    ((fired,),) = rows(of_root, root["id"], "alert.fired")
    named = {"service_id": str(shop["service_id"]), "service_name": "Shop"}
    assert fired["hidden_services"] == [named]
    rows("UPDATE notifications SET status = 'sent'")
    alice.post(f"/alerts/{root['id']}/acknowledge", {})
    ((acknowledged,),) = rows(of_root, root["id"], "alert.acknowledged")
    assert acknowledged["hidden_services"] == [named]
    timeline = alice.get(f"/alerts/{shop['id']}").json["timeline"]
    assert ("suppressed", "Database is down") in [(line["kind"], line["text"]) for line in timeline]


def test_one_whose_root_cause_is_deleted_is_told_at_once(alice, rows, hidden):
    alice.delete(f"/services/{hidden['Database']['service_id']}")
    (alert,) = alice.get("/alerts").json
    assert (alert["service_name"], alert["suppressed_by"]) == ("Shop", None)
    told = rows("SELECT kind, status FROM notifications WHERE alert_id = %s", alert["id"])
    assert told == [("alert.fired", "pending")]


@pytest.mark.parametrize("order", list(permutations(("Database", "Cache", "Shop"))))
def test_a_chain_is_hidden_whoever_of_it_is_seen_first(app, alice, rows, order):
    make_channel(alice)
    ids: dict[str, str] = {}
    for name, needs in (("Database", ""), ("Cache", "Database"), ("Shop", "Cache")):
        depends_on = [ids[needs]] if needs else []
        ids[name] = make_service(alice, name=name, depends_on=depends_on)["id"]
    for seen in order:
        check(app, rows, "RED", only=ids[seen])
    alerts = {alert["service_name"]: alert for alert in alice.get("/alerts").json}
    root = alerts["Database"]["id"]
    hidden = {name: alert["suppressed_by"] for name, alert in alerts.items()}
    assert hidden == {"Database": None, "Cache": root, "Shop": root}
    assert rows("SELECT DISTINCT alert_id::text FROM notifications") == [(root,)]


@pytest.fixture
def chain(alice):
    """A shop that needs a cache, which needs a database."""
    make_channel(alice)
    ids: dict[str, str] = {}
    for name, needs in (("Database", ""), ("Cache", "Database"), ("Shop", "Cache")):
        depends_on = [ids[needs]] if needs else []
        ids[name] = make_service(alice, name=name, depends_on=depends_on)["id"]
    return ids


def hidden_by(alice):
    alerts = alice.get("/alerts").json
    names = {alert["id"]: alert["service_name"] for alert in alerts}
    return {alert["service_name"]: names.get(alert["suppressed_by"]) for alert in alerts}


def released(alice):
    return {
        alert["service_name"]: line["text"]
        for alert in alice.get("/alerts").json
        for line in alice.get(f"/alerts/{alert['id']}").json["timeline"]
        if line["kind"] == "released"
    }


def test_what_an_edit_makes_independent_is_told_at_once(app, alice, rows, chain):
    for name in ("Database", "Cache", "Shop"):
        check(app, rows, "RED", only=chain[name])
    assert hidden_by(alice) == {"Database": None, "Cache": "Database", "Shop": "Database"}
    alice.patch(f"/services/{chain['Shop']}", {"description": "Sells"})
    assert released(alice) == {}
    alice.patch(f"/services/{chain['Cache']}", {"depends_on": []})
    why = "it does not depend any more on what hid it"
    assert released(alice) == {"Cache": why, "Shop": why}


def test_what_a_deletion_makes_independent_is_told_at_once(app, alice, rows, chain):
    for name in ("Database", "Cache", "Shop"):
        check(app, rows, "RED", only=chain[name])
    alice.delete(f"/services/{chain['Cache']}")
    assert hidden_by(alice) == {"Database": None, "Shop": None}


def test_an_alert_that_outlives_its_outage_hides_nothing_any_more(app, alice, rows, chain):
    (rule,) = alice.get("/alert-rules").json
    alice.patch(f"/alert-rules/{rule['id']}", {"auto_resolve": False})
    for name in ("Database", "Cache"):
        check(app, rows, "RED", only=chain[name])
    check(app, rows, "GREEN", only=chain["Database"])
    rows("UPDATE services SET status_changed_at = now() - interval '11 s' WHERE status = 'GREEN'")
    with app.app_context():
        rows("UPDATE schedule_entries SET last_checked_at = last_checked_at - interval '1 minute'")
        assert suppression.release() == 0, "it was not checked since"
        check(app, rows, "RED", only=chain["Cache"])
        assert suppression.release() == 1
        assert suppression.release() == 0
    assert released(alice) == {"Cache": "its root cause has recovered, it has not"}


def test_an_alert_about_something_else_hides_nothing(app, alice, rows, chain):
    (rule,) = alice.get("/alert-rules").json
    slow = {"name": "Slow", "condition": "response_time > -1", "severity": "info"}
    alice.post("/alert-rules", slow | {"service_id": chain["Database"]})
    only = {"service_id": chain["Cache"], "name": "Down"}
    alice.patch(f"/alert-rules/{rule['id']}", only)
    check(app, rows, "RED", only=chain["Database"])
    check(app, rows, "RED", only=chain["Cache"])
    assert hidden_by(alice) == {"Database": None, "Cache": None}


def rule_of(alice, service_id, **changes):
    body = {"name": "Down", "severity": "critical", "condition": RED, "service_id": service_id}
    return created(alice, "/alert-rules", body | changes)["id"]


@pytest.fixture
def two_rules(alice):
    """A database of which a chat hears, and a shop that needs it and pages somebody."""
    (rule,) = alice.get("/alert-rules").json
    assert alice.delete(f"/alert-rules/{rule['id']}").status_code == 204
    found = {"chat": make_channel(alice, name="Chat")["id"]}
    found["pager"] = make_channel(alice, name="Pager")["id"]
    found["Database"] = make_service(alice, name="Database")["id"]
    found["Shop"] = make_service(alice, name="Shop", depends_on=[found["Database"]])["id"]
    found["rule"] = rule_of(
        alice, found["Database"], severity="warning", notification_channel_ids=[found["chat"]]
    )
    rule_of(alice, found["Shop"], notification_channel_ids=[found["pager"]])
    return found


BOTH = [("Database", "Shop"), ("Shop", "Database")]


@pytest.mark.parametrize("order", BOTH)
def test_an_alert_hides_none_that_is_more_severe(app, alice, rows, two_rules, order):
    for name in order:
        check(app, rows, "RED", only=two_rules[name])
    assert hidden_by(alice) == {"Database": None, "Shop": None}
    told = rows("SELECT channel_id::text, kind FROM notifications ORDER BY severity")
    assert sorted(told) == sorted(
        [(two_rules["chat"], "alert.fired"), (two_rules["pager"], "alert.fired")]
    )


@pytest.mark.parametrize("order", BOTH)
def test_an_alert_that_nobody_hears_of_hides_none(app, alice, rows, two_rules, order):
    alice.patch(f"/alert-rules/{two_rules['rule']}", {"severity": "critical"})
    alice.patch(f"/notification-channels/{two_rules['chat']}", {"is_enabled": False})
    for name in order:
        check(app, rows, "RED", only=two_rules[name])
    assert hidden_by(alice) == {"Database": None, "Shop": None}
    told = rows("SELECT channel_id::text, kind FROM notifications")
    assert told == [(two_rules["pager"], "alert.fired")]


def lower_severity(alice, rows, ids):
    alice.patch(f"/alert-rules/{ids['rule']}", {"severity": "warning"})


def lose_its_messages(alice, rows, ids):
    rows("UPDATE notifications SET status = 'dead'")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lower_severity, "the alert of Database, which hid it, is less severe"),
        (lose_its_messages, "nobody hears of the alert of Database, which hid it"),
    ],
)
def test_what_hides_an_alert_may_cease_to_be_able_to(app, alice, rows, two_rules, change, why):
    alice.patch(f"/alert-rules/{two_rules['rule']}", {"severity": "critical"})
    for name in ("Database", "Shop"):
        check(app, rows, "RED", only=two_rules[name])
    assert hidden_by(alice) == {"Database": None, "Shop": "Database"}
    with app.app_context():
        assert suppression.release() == 0
        change(alice, rows, two_rules)
        assert suppression.release() == 1
        assert suppression.release() == 0
    assert released(alice) == {"Shop": why}


@pytest.mark.parametrize("action", ["acknowledge", "snooze"])
def test_an_alert_that_somebody_knows_of_hides_others(app, alice, rows, two_rules, action):
    alice.patch(f"/alert-rules/{two_rules['rule']}", {"severity": "critical"})
    check(app, rows, "RED", only=two_rules["Database"])
    (alert,) = alice.get("/alerts").json
    rows("UPDATE notifications SET status = 'dead'")
    body = {"minutes": 30} if action == "snooze" else {}
    assert alice.post(f"/alerts/{alert['id']}/{action}", body).status_code == 200
    check(app, rows, "RED", only=two_rules["Shop"])
    assert hidden_by(alice) == {"Database": None, "Shop": "Database"}


def let_its_cause_end(rows, alert_id):
    rows(
        "UPDATE alerts SET status = 'resolved', resolved_at = now() - interval '1 minute'"
        " WHERE id = %s",
        alert_id,
    )


def test_one_that_was_snoozed_while_hidden_is_told_of_at_its_end(app, alice, rows, hidden):
    shop = hidden["Shop"]
    of_shop = ("SELECT kind, status FROM notifications WHERE alert_id = %s", shop["id"])
    assert alice.post(f"/alerts/{shop['id']}/snooze", {"minutes": 30}).status_code == 200
    let_its_cause_end(rows, hidden["Database"]["id"])
    with app.app_context():
        assert suppression.release() == 1
        assert rows(*of_shop) == []
        level = "SELECT due_at >= snoozed_until FROM escalation_levels l JOIN alerts a"
        assert rows(f"{level} ON a.id = l.alert_id WHERE a.id = %s", shop["id"]) == [(True,)]
        rows("UPDATE alerts SET snoozed_until = now() WHERE id = %s", shop["id"])
        assert snoozes.end_due() == 1
    assert rows(*of_shop) == [("alert.reminder", "pending")]


def test_one_whose_snooze_ended_while_hidden_is_told_of_once(app, alice, rows, hidden):
    shop = hidden["Shop"]
    alice.post(f"/alerts/{shop['id']}/snooze", {"minutes": 30})
    rows("UPDATE alerts SET snoozed_until = now() WHERE id = %s", shop["id"])
    let_its_cause_end(rows, hidden["Database"]["id"])
    with app.app_context():
        assert snoozes.end_due() == 0
        assert suppression.release() == 1
        assert snoozes.end_due() == 0
    told = rows("SELECT kind FROM notifications WHERE alert_id = %s", shop["id"])
    assert told == [("alert.fired",)]


def test_one_whom_somebody_leaves_behind_stays_hidden(app, alice, rows, hidden):
    shop = hidden["Shop"]
    bob = make_member(app, alice, "Bob", "responder")
    assert bob.post(f"/alerts/{shop['id']}/acknowledge").status_code == 200
    assert alice.delete(f"/members/{bob.user_id}").status_code == 204
    of_shop = ("SELECT kind FROM notifications WHERE alert_id = %s", shop["id"])
    assert rows(*of_shop) == []
    let_its_cause_end(rows, hidden["Database"]["id"])
    with app.app_context():
        assert suppression.release() == 1
    assert rows(*of_shop) == [("alert.fired",)]


def test_the_timeline_does_not_claim_a_recovery(app, alice, rows, hidden):
    alice.post(f"/alerts/{hidden['Database']['id']}/resolve", {})
    rows("UPDATE alerts SET resolved_at = now() - interval '1 minute' WHERE status = 'resolved'")
    with app.app_context():
        assert suppression.release() == 1
    assert released(alice) == {"Shop": "the alert of Database, which hid it, is over"}
