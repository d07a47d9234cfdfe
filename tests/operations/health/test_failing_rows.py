"""A row that a job cannot handle holds up no other one, and is set aside after three tries."""

from app.operations.alerts import reminders
from app.operations.health import quarantine
from app.operations.heartbeats import sweep as heartbeat_sweep
from app.operations.maintenance import announcements as maintenance_announcements
from tests.alerting import make_alert, make_channel, make_rule
from tests.factories import make_service
from tests.heartbeats import age, make_heartbeat, prove


def test_a_heartbeat_that_cannot_be_evaluated_delays_no_other(context, alice, rows, monkeypatch):
    beats = [make_heartbeat(alice, name=f"Job {n}") for n in range(3)]
    for beat in beats:
        age(rows, beat["id"], hours=2)
    prove(rows)
    evaluate = heartbeat_sweep.decisions.evaluate
    sick = beats[1]["name"]
    state_of = heartbeat_sweep.state_of
    evaluated = []

    def read(row):
        evaluated.append(row.name)
        return state_of(row)

    def failing(snapshot, state, until, gaps):
        if evaluated[-1] == sick:
            raise OverflowError("date value out of range")
        return evaluate(snapshot, state, until, gaps)

    monkeypatch.setattr(heartbeat_sweep, "state_of", read)
    monkeypatch.setattr(heartbeat_sweep.decisions, "evaluate", failing)
    for _ in range(3):
        heartbeat_sweep.sweep()
    statuses = {beat["name"]: beat["status"] for beat in alice.get("/heartbeats").json}
    assert [statuses[f"Job {n}"] for n in (0, 2)] == ["missed", "missed"]
    evaluated.clear()
    heartbeat_sweep.sweep()
    assert sick not in evaluated, "set aside after three"
    assert "date value out of range" in quarantine.problem()


def test_a_window_that_cannot_be_announced_holds_up_no_other_one(context, alice, rows, monkeypatch):
    from_api = [
        alice.post(
            "/maintenance-windows",
            {
                "name": name,
                "starts_at": "2030-01-01T00:00:00Z",
                "ends_at": "2030-01-02T00:00:00Z",
                "service_ids": [],
                "tags": [],
            },
        )
        for name in ("Sick", "Well")
    ]
    assert {answer.status_code for answer in from_api} == {201}
    rows(
        "UPDATE maintenance_windows SET next_edge_at = now() - CASE name WHEN 'Sick' THEN"
        " interval '2 hours' ELSE interval '1 hour' END"
    )
    settle, settled = maintenance_announcements.update, []

    def settle_or_fail(tx, window, since, now):
        if window.name == "Sick":
            raise OverflowError("date value out of range")
        settled.append(window.name)
        settle(tx, window, since, now)

    monkeypatch.setattr(maintenance_announcements, "update", settle_or_fail)
    for _ in range(10):
        if not maintenance_announcements.enqueue_due():
            break
    assert settled == ["Well"]
    assert "maintenance" in quarantine.problem()


def test_a_reminder_that_cannot_be_planned_holds_up_no_other_one(
    context, alice, connection, rows, monkeypatch
):
    rule = make_rule(alice)
    make_channel(alice)
    alerts = [
        make_alert(connection, make_service(alice), alert_rule_id=rule["id"]) for _ in range(3)
    ]
    rows("UPDATE alerts SET next_reminder_at = now() - interval '1 minute', severity = 'critical'")
    plan = reminders.enqueue.alert_event
    planned = []

    def plan_or_fail(tx, alert, *args, **named):
        if alert.id == alerts[1]:
            raise KeyError("a fault of ours")
        planned.append(alert.id)
        return plan(tx, alert, *args, **named)

    monkeypatch.setattr(reminders.enqueue, "alert_event", plan_or_fail)
    assert reminders.remind_due() == 2
    assert set(planned) == {alerts[0], alerts[2]}
