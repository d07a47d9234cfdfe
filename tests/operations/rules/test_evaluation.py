"""Live rules against the pure evaluation of everything that was recorded, and against a preview."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.rules import conditions, evaluate
from app.domain.rules.history import History, Window
from app.domain.rules.transitions import RuleOptions, RuleState, Transition, next_transition
from app.domain.types import Status
from app.operations.maintenance import windows as maintenance_windows
from app.operations.rules import points as rule_points
from app.operations.rules import rules as alert_rules
from app.operations.services import services as monitored_services
from app.platform.clock import utcnow
from tests.alerting import make_rule, make_window
from tests.factories import make_service
from tests.recording import check, check_times, claim_of, observe, record

RED = {"metric": "status", "operator": "in", "value": ["RED"]}
BAD = {"metric": "status", "operator": "in", "value": ["RED", "YELLOW"]}
SLOW = {"metric": "response_time_ms", "operator": ">", "value": 800}
UPTIME = {"metric": "uptime_percentage", "operator": "<", "value": 70}
P95 = {"metric": "p95_response_time_ms", "operator": ">", "value": 500}
CONDITIONS = [
    {**RED, "for_seconds": 120},
    {"all": [{**BAD, "for_seconds": 300}, {"not": {**SLOW, "for_seconds": 60}}]},
    {"any": [{**SLOW, "for_seconds": 120}, {**RED, "for_checks": 3}]},
    {"not": {**RED, "for_seconds": 180}},
    {"all": [{**BAD, "for_seconds": 60}, {**BAD, "for_seconds": 240}, {**RED, "for_checks": 2}]},
    {**BAD, "at_least": 3, "of_last": 5},
    {"metric": "tcp_connected", "operator": "==", "value": False, "for_checks": 2},
    {"metric": "consecutive_failures", "operator": ">=", "value": 2, "for_seconds": 60},
    {"any": [{**UPTIME, "window_minutes": 5}, {**P95, "window_minutes": 3}]},
    {"all": [{**UPTIME, "window_minutes": 90}, {**BAD, "for_seconds": 60}]},
]
STEPS = st.lists(
    st.tuples(
        st.sampled_from("GGYRRRU"),
        st.sampled_from([12.0, 900.004, 900.006]),
        st.sampled_from(["default", "eu"]),
        st.sampled_from(["", "", "", "", "rule", "service", "maintenance", "late", "late"]),
        st.integers(1, 150),
    ),
    min_size=4,
    max_size=14,
)

EVERYTHING = f"""
SELECT {rule_points.COLUMNS}, id FROM check_results WHERE service_id = %s
ORDER BY scheduled_for DESC, region DESC
"""


def expected(condition, newest_first, check_id):
    """Return the verdict of the pure evaluation on everything that is stored."""
    points = [(rule_points.point("HTTP", row), row[rule_points.WIDTH]) for row in newest_first]
    (latest,) = [point for point, id in points if id == check_id]
    if latest.in_maintenance:
        return evaluate.evaluate_in_maintenance(condition, latest)
    past = [point for point, _ in points]
    windows = {}
    for minutes in evaluate.needs(condition).windows_minutes:
        begin = latest.at - timedelta(minutes=minutes)
        times = sorted(p.counted_ms for p in past if p.counted_ms is not None and p.at > begin)
        inside = [point for point in past if point.counts and point.at > begin]
        p95 = times[-(-95 * len(times) // 100) - 1] if times else None
        red = sum(point.status is Status.RED for point in inside)
        windows[minutes] = Window(len(inside), red, p95)
    return evaluate.evaluate(condition, History(latest, past, windows), latest.at)


@given(st.sampled_from(CONDITIONS), STEPS, st.booleans())
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_live_rules_say_what_the_whole_history_says(
    context, configure, alice, rows, source, steps, several_regions
):
    configure(plan_limits=False)
    regions = ["default", "eu"] if several_regions else ["default"]
    service = make_service(
        alice, name=uuid4().hex, regions=regions, region_quorum="any", failure_threshold=2
    )
    # Those of the examples before watch other services, and would only be read again and again.
    rows("DELETE FROM alert_rules WHERE service_id IS NOT NULL")
    rule = make_rule(alice, service_id=service["id"], condition=source)
    who, service_id, rule_id = alice.organization_id, UUID(service["id"]), UUID(rule["id"])
    condition, state, window = conditions.parse(source), RuleState(), None
    # Whole hours back, so that long windows have a middle that was counted before.
    at = utcnow() - timedelta(hours=3)
    late = None
    for letter, milliseconds, region, event, seconds in steps:
        at += timedelta(seconds=seconds)
        region = region if several_regions else "default"
        if event == "rule":
            alert_rules.update(who, rule_id, {"name": uuid4().hex})
        elif event == "service":
            monitored_services.update(who, service_id, {"description": uuid4().hex})
        elif event == "maintenance":
            if window is None:
                window = make_window(
                    alice,
                    service_ids=[service["id"]],
                    starts_at=(utcnow() - timedelta(days=1)).isoformat(),
                )
            else:
                maintenance_windows.delete(who, UUID(window["id"]))
                window = None
        elif event == "late" and several_regions and late is None:
            # Begun now, recorded after what the other region sees meanwhile.
            late = claim_of(service_id, region, at), at
            continue
        checks = [(claim_of(service_id, region, at), at)]
        if late is not None and late[0].region == region:
            late = None  # its lease is lost
        elif late is not None and event == "late":
            checks, late = [*checks, late], None
        for claim, began_at in checks:
            record([claim], began_at, observe(letter, milliseconds))
            stored = rows(EVERYTHING, service["id"])
            (check_id,) = [row[-1] for row in stored if row[0] == began_at]
            verdict = expected(condition, stored, check_id)
            transition = next_transition(state, verdict, began_at, RuleOptions())
            if transition is Transition.OPEN:
                state = RuleState(is_open=True)
            elif transition is Transition.RESOLVE:
                state = RuleState()
            (is_open,) = rows(
                "SELECT count(*) FROM alerts WHERE alert_rule_id = %s AND status <> 'resolved'"
                " AND NOT is_flapping",
                rule["id"],
            )[0]
            flaps = rows(
                "SELECT 1 FROM alerts WHERE alert_rule_id = %s AND is_flapping", rule["id"]
            )
            if flaps:
                return
            assert is_open == state.is_open, (verdict, state)
    if window is not None:
        maintenance_windows.delete(who, UUID(window["id"]))


@pytest.mark.parametrize("source", CONDITIONS)
def test_a_preview_tells_what_happened(context, alice, rows, source):
    service = make_service(alice, failure_threshold=2)
    make_rule(alice, service_id=service["id"], condition=source)
    for rule in alice.get("/alert-rules").json:
        if rule["name"] == "Service down":
            alice.delete(f"/alert-rules/{rule['id']}")
    letters = "GGRRRRRRGGGGGGGGGGGYYYYYYRRRRGGGGGGGGGGGGGGGGGGUURRRGR"
    times = check_times(len(letters))
    for at, letter in zip(times, letters, strict=True):
        check(service, at, observe(letter, 900.0 if letter == "Y" else 12.0))
    body = {
        "from": times[0].isoformat(),
        "to": (times[-1] + timedelta(seconds=1)).isoformat(),
        "condition": source,
    }
    found = alice.post("/alert-rules/preview", body).json
    live = rows("SELECT fired_at, resolved_at, message FROM alerts ORDER BY fired_at DESC")
    (of_service,) = found["services"]
    assert [alert["message"] for alert in of_service["alerts"]] == [row[2] for row in live]
    assert [
        (alert["fired_at"][:19], (alert["resolved_at"] or "")[:19])
        for alert in of_service["alerts"]
    ] == [
        (f"{row[0]:%Y-%m-%dT%H:%M:%S}", f"{row[1]:%Y-%m-%dT%H:%M:%S}" if row[1] else "")
        for row in live
    ]


def test_a_result_that_another_region_overtook_lengthens_no_streak(context, alice, rows):
    service = make_service(alice, regions=["default", "eu"])
    make_rule(alice, condition={**SLOW, "for_seconds": 120})
    fast, slow = observe("G"), observe("Y", 900.0)
    times = check_times(5)
    late = claim_of(UUID(service["id"]), "eu", times[0])
    check(service, times[1], fast)
    for at in times[2:4]:
        check(service, at, slow)
    (streak,) = rows("SELECT since FROM rule_streaks")
    record([late], times[0], slow)
    assert rows("SELECT since FROM rule_streaks") == [streak] == [(times[2],)]
    check(service, times[4] - timedelta(seconds=10), slow)
    assert rows("SELECT count(*) FROM alerts") == [(0,)]
    check(service, times[4], slow)
    assert rows("SELECT count(*) FROM alerts") == [(1,)]


def test_a_rule_that_is_switched_on_again_looks_at_what_happened_meanwhile(context, alice, rows):
    service = make_service(alice)
    rule = make_rule(alice, condition={**RED, "for_seconds": 180})
    times = check_times(6)
    check(service, times[0], observe("R"))
    assert rows("SELECT count(*) FROM rule_streaks") == [(1,)]
    alice.patch(f"/alert-rules/{rule['id']}", {"is_enabled": False})
    check(service, times[1], observe("G"))
    alice.patch(f"/alert-rules/{rule['id']}", {"is_enabled": True})
    for at in times[2:5]:
        check(service, at, observe("R"))
        assert rows("SELECT count(*) FROM alerts WHERE alert_rule_id = %s", rule["id"]) == [(0,)]
    check(service, times[5], observe("R"))
    assert rows("SELECT count(*) FROM alerts WHERE alert_rule_id = %s", rule["id"]) == [(1,)]
    check(service, times[5] + timedelta(seconds=60), observe("G"))
    assert rows("SELECT count(*) FROM rule_streaks") == [(0,)]


def test_a_new_rule_for_many_services_is_not_searched_all_at_once(
    context, alice, rows, monkeypatch
):
    monkeypatch.setattr("app.operations.rules.history._SEARCHED_A_BATCH", 1)
    services = [make_service(alice, name=f"S{number}") for number in range(3)]
    times = check_times(5)
    for at in times[:3]:
        for service in services:
            check(service, at, observe("R"))
    make_rule(alice, condition={**RED, "for_seconds": 120})
    for at, found in ((times[3], 1), (times[4], 2)):
        claims = [claim_of(UUID(service["id"]), "default", at) for service in services]
        record(claims, at, observe("R"))
        assert rows("SELECT count(*) FROM rule_streaks") == [(found,)]
