"""Figures for Prometheus at /metrics, and what is shipped to read them."""

import json
import re
import shutil
import subprocess
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from werkzeug.serving import make_server

from app.operations.metrics import counting, instance
from app.platform.bootstrap import runtime
from app.platform.counters import Counters
from app.web import create_app
from tests.factories import make_service
from tests.free_ports import free_port
from tests.recording import GREEN, RED, record
from tests.recording import claim_of as claim
from tests.times import ago
from tests.waiting import seconds_until

ASSETS = Path("app/pages/guide/assets")
PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
with_prometheus = pytest.mark.skipif(not PROMETHEUS, reason="prometheus is not installed")
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


def test_exported_samples(client, alice, a_life):
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
    assert value("queue_jobs", queue="background") == runtime().hints.queue("background").count >= 1
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


def test_recorders_count_what_they_store(client, alice, context):
    service = make_service(alice)
    for number, seen in enumerate((GREEN, RED)):
        due = ago(seconds=10 - number)
        record([claim(UUID(service["id"]), "default", due)], due + timedelta(seconds=2), seen)
    found = samples(scrape(client))
    for status in ("GREEN", "RED"):
        key = ("alertifypro_checks_total", ("check_type", "HTTP"), ("status", status))
        assert found[key] == 1
    assert found[("alertifypro_recorder_batch_seconds_count",)] == 2
    assert 0 < found[("alertifypro_recorder_batch_seconds_sum",)] < 20
    assert found[("alertifypro_schedule_lateness_seconds_bucket", ("le", "1.0"))] == 0
    assert found[("alertifypro_schedule_lateness_seconds_bucket", ("le", "2.5"))] == 2


def test_certificates(client, alice, context, rows):
    service = make_service(alice, name="Shop")
    rows(
        "INSERT INTO ssl_certificates (service_id, domain, port, subject, issuer, sans, valid_from,"
        " valid_to, fingerprint_sha256, key_type, chain_valid, last_checked_at)"
        " VALUES (%s, 'shop.example.com', 443, '', '', '{}', now(), to_timestamp(1900000000), '',"
        " '', true, now())",
        service["id"],
    )
    (value,) = (
        value
        for (name, *labels), value in samples(scrape(client)).items()
        if name == "alertifypro_certificate_not_after_timestamp_seconds"
        and {("service", "Shop"), ("domain", "shop.example.com")} <= set(labels)
    )
    assert value == 1_900_000_000


def test_it_answers_while_its_servers_are_away(config, context, a_life):
    def scraped(**changes):
        away = create_app(replace(config, **changes))
        try:
            return samples(scrape(away.test_client()))
        finally:
            away.extensions["hub"].close()

    without_database = scraped(database_url="postgresql+psycopg://someone@127.0.0.1:1/db")
    assert without_database[("alertifypro_database_up",)] == 0
    assert without_database[("alertifypro_redis_up",)] == 1
    assert ("alertifypro_schedule_lateness_seconds_count",) in without_database
    assert ("alertifypro_organizations",) not in without_database
    without_redis = scraped(redis_url="redis://127.0.0.1:9/0")
    assert without_redis[("alertifypro_redis_up",)] == 0
    assert without_redis[("alertifypro_database_up",)] == 1
    assert ("alertifypro_schedule_lateness_seconds_count",) not in without_redis
    assert without_redis[("alertifypro_organizations",)] >= 1
    for found in (without_database, without_redis):
        assert ("process_resident_memory_bytes",) in found


def test_services_beyond_the_bound_are_counted(client, alice, a_life, monkeypatch):
    monkeypatch.setattr(instance, "MAX_SERVICES", 1)
    found = samples(scrape(client))
    assert found[("alertifypro_services_omitted",)] == 2
    assert len([key for key in found if key[0] == "alertifypro_service_up"]) == 1


def test_scraping_needs_the_token(client):
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
    names_found = {name for name, *_ in samples(scrape(client))}
    dashboard = json.loads((ASSETS / "alertifypro-dashboard.json").read_text())
    asked = [one["expr"] for panel in dashboard["panels"] for one in panel["targets"]]
    asked.append((ASSETS / "alertifypro.rules.yml").read_text())
    # What has no row has no sample, but its name is there.
    names_found |= set(re.findall(r"# TYPE (\w+)", scrape(client)))
    names = set(re.findall(r"\balertifypro_\w+", " ".join(asked)))
    assert len(names) > 15
    assert names <= names_found


@pytest.fixture
def prometheus(app, config, tmp_path):
    """The address of a Prometheus that scrapes the application, with our rules loaded."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str((ASSETS / "alertifypro.rules.yml").resolve())],
        "scrape_configs": [
            {
                "job_name": "alertifypro",
                "authorization": {"credentials": config.metrics_token},
                "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
            }
        ],
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(settings))
    port = free_port()
    options = (
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([PROMETHEUS, *options], stderr=log)
        yield f"http://127.0.0.1:{port}/api/v1"
        process.terminate()
        process.wait(20)
    server.shutdown()


def eventually(ask, is_right, seconds=30):
    """Return an answer once it is right; while it starts, Prometheus has none or 503."""
    answers = []

    def look():
        with suppress(requests.RequestException):
            answers.append(ask())
            return is_right(answers[-1])
        return False

    try:
        seconds_until(look, seconds)
    except AssertionError:
        raise AssertionError(answers[-1:]) from None
    return answers[-1]


@with_prometheus
def test_prometheus_scrapes_it_and_evaluates_the_rules(a_life, prometheus):
    def query(expression):
        found = data("query", query=expression)["result"]
        return {json.dumps(one["metric"]): one["value"][1] for one in found}

    def rules():
        return [rule for group in data("rules")["groups"] for rule in group["rules"]]

    def data(path, **arguments):
        answer = requests.get(f"{prometheus}/{path}", arguments, timeout=30)
        answer.raise_for_status()
        return answer.json()["data"]

    eventually(lambda: query('up{job="alertifypro"}'), lambda found: [*found.values()] == ["1"])
    (target,) = data("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    assert len(query('{__name__=~"alertifypro_.+"}')) > 50
    assert [*query("sum(alertifypro_service_up)").values()] == ["1"]
    found = eventually(rules, lambda found: found and all(r["health"] == "ok" for r in found))
    assert len(found) == 11
    eventually(
        lambda: {rule["name"] for rule in rules() if rule["state"] == "firing"},
        lambda firing: firing == {"AlertifyProServiceDown"},
    )
