"""Figures for Prometheus at /metrics, and what is shipped to read them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis

from app.operations.metrics import counting, instance
from app.platform.bootstrap import runtime
from app.platform.counters import Counters
from tests.factories import make_service
from tests.moments import ago

ASSETS = Path("app/pages/guide/assets")
PROMTOOL = shutil.which("promtool")
with_promtool = pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")


def token_of(client):
    return client.application.extensions["runtime"].config.metrics_token


def scrape(client, **headers):
    token = token_of(client)
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"} | headers)
    assert answer.status_code == 200
    return answer.text


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def a_life(context, alice, rows):
    """Two services, one of them down, and some counts."""
    for name, status in (("Shop", "RED"), ('We "quote" \\ \n', "GREEN"), ("New", "PENDING")):
        id = make_service(alice, name=name.replace("\n", "|"))["id"]
        rows("UPDATE services SET status = %s WHERE id = %s", status, id)
    rows("UPDATE schedule_entries SET last_response_time_ms = 250, next_due_at = now()")
    rows("INSERT INTO metric_progress VALUES (true, %s, %s)", ago(hours=1), ago(hours=2))
    rows("INSERT INTO ingest_beacons VALUES (1, %s)", ago(seconds=40))
    rows("INSERT INTO tick_runs (job, finished_at) VALUES ('workers.a.b', %s)", ago(seconds=9))
    runtime().hints.work("workers.health_watch.run")
    runtime().counters.add(counting.CHECKS, {("http", "GREEN"): 3, ("tcp", "RED"): 1})
    runtime().counters.add(counting.LATENESS, {("0.1",): 3, ("+Inf",): 1, ("sum",): 400.5})
    counting.count_delivery("email", "sent")
    counting.count_delivery("email", "pending")


def test_what_is_told(client, alice, a_life):
    found = samples(scrape(client))

    def value(name, **labels):
        return found[(f"alertifypro_{name}", *sorted(labels.items()))]

    assert (value("database_up"), value("redis_up")) == (1, 1)
    assert 0 < value("database_round_trip_seconds") < 5
    assert value("services", status="RED") == value("services", status="PENDING") == 1
    assert value("checks_total", check_type="http", status="GREEN") == 3
    assert value("schedule_lateness_seconds_bucket", le="0.1") == 3
    assert value("schedule_lateness_seconds_bucket", le="300.0") == 3
    assert value("schedule_lateness_seconds_bucket", le="+Inf") == 4
    assert value("schedule_lateness_seconds_count") == 4
    assert value("schedule_lateness_seconds_sum") == 400.5
    assert value("deliveries_total", channel_type="email", result="sent") == 1
    assert value("deliveries_total", channel_type="email", result="retried") == 1
    assert value("queue_jobs", queue="background") == 1
    assert value("ingest_beacon_age_seconds") == pytest.approx(40, abs=20)
    assert value("rollup_lag_seconds") == pytest.approx(7200, abs=20)
    assert value("tick_age_seconds", job="workers.a.b") == pytest.approx(9, abs=20)
    up = {key: value for key, value in found.items() if key[0] == "alertifypro_service_up"}
    assert {(dict(key[1:])["service"], value) for key, value in up.items()} == {
        ("Shop", 0),
        ('We "quote" \\ |', 1),
    }
    times = [key for key in found if key[0] == "alertifypro_service_response_time_seconds"]
    assert [found[key] for key in times] == [0.25, 0.25, 0.25]
    assert "process_resident_memory_bytes" in {key[0] for key in found}


def test_services_beyond_the_bound_are_counted(client, alice, a_life, monkeypatch):
    monkeypatch.setattr(instance, "MAX_SERVICES", 1)
    found = samples(scrape(client))
    assert found[("alertifypro_services_omitted",)] == 2
    assert len([key for key in found if key[0] == "alertifypro_service_up"]) == 1


def test_the_token(client):
    token = token_of(client)
    for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {token}"}):
        assert client.get("/metrics", headers=wrong).status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer é"}).status_code == 401
    assert "alertifypro_build_info" in scrape(client)


def test_without_a_token_it_is_for_the_machine_itself(client, configure, alice):
    configure(metrics_token="")
    assert client.get("/metrics").status_code == 200
    far = {"X-Forwarded-For": "203.0.113.9"}
    assert client.get("/metrics", headers=far).status_code == 403
    assert client.get("/metrics", headers=alice.headers | far).status_code == 403
    # Behind a proxy that says nothing of its clients, every request comes from loopback.
    configure(metrics_token="", base_url="https://alertify.example.com")
    assert client.get("/metrics").status_code == 403


def test_counters_outlive_an_absent_redis(context):
    redis = runtime().redis
    away = Counters(Redis(port=1, socket_connect_timeout=0.1))
    away.add("tries", {("a", "b"): 2})
    away._redis, away._rests_until = redis, 0.0
    away.add("tries", {("a", "b"): 1})
    assert away.read("tries") == {("a", "b"): 3}


@pytest.mark.parametrize("accept", ["text/plain", "application/openmetrics-text"])
def test_both_formats(client, a_life, accept):
    assert scrape(client, Accept=accept).endswith("# EOF\n") == (accept != "text/plain")


@with_promtool
def test_promtool_has_no_complaint(client, a_life):
    found = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=scrape(client), capture_output=True, text=True
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


@with_promtool
def test_the_rules(client):
    path = str(ASSETS / "alertifypro.rules.yml")
    found = subprocess.run([PROMTOOL, "check", "rules", path], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert client.get("/guide/files/alertifypro.rules.yml").status_code == 200
    assert client.get("/guide/files/views.py").status_code == 404


def test_rules_and_dashboard_ask_for_what_there_is(client, a_life):
    told = {name for name, *_ in samples(scrape(client))}
    dashboard = json.loads((ASSETS / "alertifypro-dashboard.json").read_text())
    asked = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]
    asked.append((ASSETS / "alertifypro.rules.yml").read_text())
    # What has no row has no sample, but its name is told.
    told |= set(re.findall(r"# TYPE (\w+)", scrape(client)))
    names = set(re.findall(r"\balertifypro_\w+", " ".join(asked)))
    assert len(names) > 15
    assert names <= told
