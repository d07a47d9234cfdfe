"""Exports of Uptime Kuma, Gatus and Healthchecks turned into documents."""

import json
import time
from contextlib import suppress

import pytest

from app.domain.configuration import foreign, gatus
from app.domain.configuration.foreign import ForeignError

KUMA = {
    "version": "1.23.13",
    "notificationList": [
        {"id": 1, "name": "Ops", "config": json.dumps(
            {"type": "slack", "slackwebhookURL": "https://hooks.slack.com/services/T/B/x"})},
        {"id": 2, "name": "Mail",
         "config": {"type": "smtp", "smtpTo": "a@example.com, b@example.com"}},
        {"id": 3, "name": "Odd", "config": {"type": "alerta"}},
    ],
    "monitorList": [
        {"id": 1, "name": "EU", "type": "group"},
        {"id": 2, "name": "Shop", "type": "http", "url": "https://shop.example.com", "interval": 20,
         "timeout": 16, "maxretries": 2, "retryInterval": 30, "parent": 1, "active": 1,
         "accepted_statuscodes": ["200-299", "401"], "headers": '{"X-A": "b"}', "ignoreTls": True,
         "tags": [{"name": "web", "value": ""}], "method": "POST", "upsideDown": True},
        {"id": 3, "name": "Shop", "type": "keyword", "url": "https://a.example.com",
         "keyword": "ok", "invertKeyword": True, "interval": 5, "active": False},
        {"id": 4, "name": "Port", "type": "port", "hostname": "db.example.com", "port": 5432},
        {"id": 5, "name": "Name", "type": "dns", "hostname": "example.com",
         "dns_resolve_server": "1.1.1.1", "dns_resolve_type": "MX"},
        {"id": 6, "name": "Job", "type": "push", "interval": 3600},
        {"id": 7, "name": "PG", "type": "postgres",
         "databaseConnectionString": "postgres://me:secret@pg.example.com:5433/db"},
        {"id": 8, "name": "Box", "type": "docker"},
        {"id": 9, "name": "Echo", "type": "ping", "hostname": "router.example.com"},
    ],
}  # fmt: skip
GATUS = """
alerting:
  slack:
    webhook-url: https://hooks.slack.com/services/T/B/x
  custom:
    url: https://x.example.com
endpoints:
  - name: shop
    group: web
    url: https://shop.example.com/health
    interval: 1m30s
    headers: {X-A: b}
    client: {insecure: true, timeout: 5s, ignore-redirect: true}
    conditions:
      - "[STATUS] == any(200, 201)"
      - "[RESPONSE_TIME] < 300"
      - "[BODY].status == UP"
      - "[BODY].users[0].id == 7"
      - "[BODY] == pat(*welcome*)"
      - "[CERTIFICATE_EXPIRATION] > 48h"
      - "[CONNECTED] == true"
      - "len([BODY].data) < 5"
    alerts: [{type: slack, failure-threshold: 4}]
  - name: resolver
    url: 8.8.8.8
    dns: {query-name: example.com., query-type: A}
    conditions: ["[BODY] == 93.184.215.14", "[DNS_RCODE] == NOERROR"]
  - {name: port, url: "tcp://db.example.com:5432", conditions: ["[CONNECTED] == true"]}
  - {name: echo, url: "icmp://router.example.com"}
  - {name: cert, url: "tls://www.example.com:443", conditions: ["[CERTIFICATE_EXPIRATION] > 240h"]}
  - {name: mail, url: "starttls://mail.example.com:25", enabled: false}
  - {name: odd, url: "sctp://a.example.com:1"}
external-endpoints:
  - {name: job, group: cron, token: x, heartbeat: {interval: 30m}}
"""
HEALTHCHECKS = {
    "checks": [
        {"name": "Backup", "tags": "prod  nightly", "desc": "dumps", "grace": 3600,
         "schedule": "0 2 * * *", "tz": "Europe/Riga", "status": "up"},
        {"name": "", "slug": "tick", "tags": "", "grace": 60, "timeout": 86400,
         "status": "paused"},
        {"name": "Timer", "grace": 60, "schedule": "Mon *-*-* 03:00:00", "tz": "UTC",
         "status": "new"},
    ]
}  # fmt: skip


def convert(source, exported):
    text = exported if isinstance(exported, str) else json.dumps(exported)
    return foreign.convert(source, text.encode())


def by_name(document, kind):
    return {item["name"]: item for item in document[kind]}


def test_uptime_kuma():
    document, notes = convert("uptime_kuma", KUMA)
    services = by_name(document, "services")
    shop = document["services"][0]
    assert shop == {
        "key": "kuma-shop",
        "name": "Shop",
        "description": "",
        "tags": ["web", "EU"],
        "is_active": True,
        "check_type": "HTTP",
        "endpoint": "https://shop.example.com",
        "config": {
            "method": "POST",
            "headers": {"X-A": "b"},
            "expected_status": "200-299,401",
            "verify_tls": False,
        },
        "check_interval_seconds": 20,
        "timeout_seconds": 16,
        "failure_threshold": 3,
        "retry_interval_seconds": 30,
    }
    keyword = document["services"][1]
    assert (keyword["key"], keyword["is_active"]) == ("kuma-shop-2", False)
    assert keyword["config"] == {"body_not_contains": "ok"}
    assert keyword["check_interval_seconds"] == 10
    assert (services["Port"]["check_type"], services["Port"]["endpoint"]) == (
        "TCP",
        "db.example.com:5432",
    )
    assert services["Name"]["config"] == {"record_type": "MX", "resolver": "1.1.1.1"}
    assert services["PG"]["endpoint"] == "pg.example.com:5433"
    assert "secret" not in json.dumps(document)
    assert document["heartbeats"][0]["schedule"] == "every 1h"
    channels = by_name(document, "notification_channels")
    assert channels["Ops"]["config"]["webhook_url"].endswith("/x")
    assert channels["Mail"]["config"] == {"to": ["a@example.com", "b@example.com"]}
    for word in ("docker", "alerta", "upside down", "push address", "Service down"):
        assert any(word in note for note in notes), word


def test_gatus():
    document, notes = convert("gatus", GATUS)
    services = by_name(document, "services")
    shop = services["shop"]
    assert shop["check_interval_seconds"] == 90
    assert (shop["timeout_seconds"], shop["slow_threshold_ms"]) == (5, 300)
    assert (shop["tags"], shop["failure_threshold"]) == (["web"], 4)
    assert shop["config"] == {
        "headers": {"X-A": "b"},
        "verify_tls": False,
        "follow_redirects": False,
        "expected_status": "200,201",
        "json_path": [
            {"path": "$.status", "operator": "==", "value": "UP"},
            {"path": "$.users[0].id", "operator": "==", "value": 7},
        ],
        "body_contains": "welcome",
        "ssl_expiry_warning_days": 2,
    }
    assert services["resolver"]["endpoint"] == "example.com"
    assert services["resolver"]["config"]["resolver"] == "8.8.8.8"
    assert services["resolver"]["config"]["expected_value"] == "93.184.215.14"
    types = {name: service["check_type"] for name, service in services.items()}
    assert types["port"] == "TCP"
    assert (types["echo"], types["cert"], types["mail"]) == ("PING", "SSL", "SMTP")
    assert services["cert"]["config"] == {"expiry_warning_days": 10}
    assert services["mail"]["is_active"] is False
    assert document["heartbeats"][0]["schedule"] == "every 30m"
    assert len(notes) == 4
    assert any("len([BODY].data)" in note for note in notes)
    assert any("sctp" in note for note in notes)


def test_healthchecks():
    document, notes = convert("healthchecks", HEALTHCHECKS)
    backup, tick = document["heartbeats"]
    assert backup == {
        "key": "healthchecks-backup",
        "name": "Backup",
        "description": "dumps",
        "schedule": "0 2 * * *",
        "timezone": "Europe/Riga",
        "grace_period_seconds": 3600,
        "tags": ["prod", "nightly"],
        "is_active": True,
    }
    assert (tick["name"], tick["schedule"], tick["is_active"]) == ("tick", "every 1d", False)
    assert any("Mon *-*-*" in note for note in notes)


@pytest.mark.parametrize("source", foreign.SOURCES)
@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "x", '{"checks": 1}', '{"monitorList": [1]}', "endpoints: [{a: 1}]",
             "{", "endpoints: [{name: a, url: 'https://x', interval: soon}]"],
)  # fmt: skip
def test_what_is_no_export(source, text):
    with pytest.raises(ForeignError):
        foreign.convert(source, text.encode())


@pytest.mark.parametrize(
    ("written", "expected"),
    [("30s", 30), ("1h", 3600), ("1m30s", 90), ("1.5h", 5400), ("500ms", 0.5)],
)
def test_durations(written, expected):
    assert gatus.seconds(written) == expected


@pytest.mark.parametrize("written", ["", "5", "s", "5x", "1m 30s"])
def test_no_durations(written):
    with pytest.raises(ValueError, match="duration"):
        gatus.seconds(written)


@pytest.mark.parametrize("path", ["." * 5_000, ".a" * 5_000, "[0]" * 5_000, "[" * 5_000])
def test_a_condition_is_read_in_no_time(path):
    """A path of forty dots once took a web process minutes, each further one twice as long."""
    export = {
        "endpoints": [{"name": "a", "url": "https://a.test", "conditions": [f"[BODY]{path}"]}]
    }
    began = time.process_time()
    _, notes = foreign.convert("gatus", json.dumps(export).encode())
    assert time.process_time() - began < 1
    assert any("condition" in note for note in notes)


def test_paths_of_conditions_stay():
    conditions = ["[BODY].data[0].name == ok", "[BODY] == pat(*up*)"]
    export = {"endpoints": [{"name": "a", "url": "https://a.test", "conditions": conditions}]}
    document, _ = foreign.convert("gatus", json.dumps(export).encode())
    (service,) = document["services"]
    assert service["config"]["json_path"] == [
        {"path": "$.data[0].name", "operator": "==", "value": "ok"}
    ]
    assert service["config"]["body_contains"] == "up"


def test_a_duration_is_read_in_no_time():
    """Half a megabyte of digits took hours."""
    export = {"endpoints": [{"name": "a", "url": "https://a.test", "interval": "0" * 500_000}]}
    began = time.process_time()
    with pytest.raises(ForeignError):
        foreign.convert("gatus", json.dumps(export).encode())
    assert time.process_time() - began < 1


@pytest.mark.parametrize("value", ["9" * 400, 10**400, [], {}, None, "é", True, -1])
def test_figures_beyond_reason_are_no_fault_of_ours(value):
    monitor = {**KUMA["monitorList"][1], "timeout": value, "interval": value}
    with suppress(ForeignError):  # an OverflowError was a 500
        foreign.convert("uptime_kuma", json.dumps(KUMA | {"monitorList": [monitor]}).encode())


@pytest.mark.parametrize("field", ["headers", "config"])
def test_json_within_json_is_nested_only_so_deep(field):
    monitor = {**KUMA["monitorList"][1], field: "[" * 100_000}
    notification = {"id": 1, "name": "Deep", field: "[" * 100_000}
    export = {"monitorList": [monitor], "notificationList": [notification]}
    with pytest.raises(ForeignError):
        foreign.convert("uptime_kuma", json.dumps(KUMA | export).encode())
