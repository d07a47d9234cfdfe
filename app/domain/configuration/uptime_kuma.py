"""Monitors and notifications of Uptime Kuma as services, heartbeats and channels."""

import json
from typing import Any

from app.domain.configuration.building import (
    MAX_FAILURES,
    Building,
    interval,
    period,
    tags,
    timeout,
)

_HTTP = ("http", "keyword", "json-query", "real-browser")
# Our type for theirs, where the endpoint is a host and a port.
_BY_PORT = {"port": "TCP", "redis": "REDIS", "grpc-keyword": "GRPC"}
_BY_URL = {"mysql": "MYSQL", "postgres": "POSTGRES", "mongodb": "MONGODB", "redis": "REDIS"}
_CHANNELS: dict[str, tuple[str, dict[str, str]]] = {
    "slack": ("slack", {"webhook_url": "slackwebhookURL"}),
    "discord": ("discord", {"webhook_url": "discordWebhookUrl"}),
    "teams": ("teams", {"webhook_url": "webhookUrl"}),
    "mattermost": ("mattermost", {"webhook_url": "mattermostWebhookUrl"}),
    "telegram": ("telegram", {"bot_token": "telegramBotToken", "chat_id": "telegramChatID"}),
    "webhook": ("webhook", {"url": "webhookURL"}),
    "PagerDuty": ("pagerduty", {"routing_key": "pagerdutyIntegrationKey"}),
    "ntfy": ("ntfy", {"server": "ntfyserverurl", "topic": "ntfytopic"}),
    "gotify": ("gotify", {"server": "gotifyserverurl", "token": "gotifyapplicationToken"}),
    "pushover": ("pushover", {"user_key": "pushoveruserkey", "app_token": "pushoverapptoken"}),
}


def convert(exported: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a document of a JSON backup, and notes."""
    building = Building("kuma")
    for notification in exported.get("notificationList") or []:
        _add_channel(building, notification)
    monitors = exported["monitorList"]
    groups = {m["id"]: m["name"] for m in monitors if m.get("type") == "group"}
    for monitor in monitors:
        if monitor.get("type") != "group":
            _add_monitor(building, monitor, groups)
    if building.document.get("notification_channels"):
        building.notes.append(
            "Which monitor told which notification was left out: every enabled channel hears of"
            " every service by the rule 'Service down'; make rules with tags to narrow it."
        )
    return building.document, building.notes


def _add_channel(building: Building, notification: dict[str, Any]) -> None:
    config = notification.get("config") or {}
    config = json.loads(config) if isinstance(config, str) else config
    name, kind = notification.get("name") or "Notification", config.get("type")
    if kind == "smtp" and config.get("smtpTo"):
        to = [address.strip() for address in str(config["smtpTo"]).split(",")]
        building.add("notification_channels", name, {"type": "email", "config": {"to": to}})
        building.note(name, "mail goes through this server's SMTP_URL, not through Kuma's server")
        return
    if kind not in _CHANNELS:
        building.note(name, f"a notification of type {kind} was left out")
        return
    ours, fields = _CHANNELS[kind]
    found = {field: str(config[theirs]) for field, theirs in fields.items() if config.get(theirs)}
    building.add("notification_channels", name, {"type": ours, "config": found})


def _add_monitor(building: Building, monitor: dict[str, Any], groups: dict[Any, str]) -> None:
    name, kind = monitor.get("name") or "Monitor", monitor.get("type")
    labels = [tag.get("name") for tag in monitor.get("tags") or []]
    labels += [groups[monitor["parent"]]] if monitor.get("parent") in groups else []
    shared = {
        "description": str(monitor.get("description") or "")[:2000],
        "tags": tags(labels),
        "is_active": bool(monitor.get("active", True)),
    }
    every = interval(float(monitor.get("interval") or 60))
    if kind == "push":
        schedule = {"schedule": period(every), "grace_period_seconds": every}
        building.add("heartbeats", name, shared | schedule)
        building.note(name, "the push address is new: the job has to call the `ping_url`")
        return
    found = _check(building, name, monitor)
    if found is None:
        building.note(name, f"a monitor of type {kind} was left out")
        return
    check_type, endpoint, config = found
    retries = int(monitor.get("maxretries") or 0)
    retry = monitor.get("retryInterval")
    building.add(
        "services",
        name,
        shared
        | {
            "check_type": check_type,
            "endpoint": endpoint,
            "config": config,
            "check_interval_seconds": every,
            "timeout_seconds": timeout(float(monitor.get("timeout") or every * 0.8), every),
            "failure_threshold": min(retries + 1, MAX_FAILURES),
            "retry_interval_seconds": interval(float(retry)) if retries and retry else None,
        },
    )
    if monitor.get("upsideDown"):
        building.note(name, "'upside down' was left out: here it is up when it answers")
    if monitor.get("proxyId"):
        building.note(name, "the proxy was left out")


def _check(
    building: Building, name: str, monitor: dict[str, Any]
) -> tuple[str, str, dict[str, Any]] | None:
    kind, host, port = monitor.get("type"), monitor.get("hostname"), monitor.get("port")
    if kind in _HTTP:
        return "HTTP", str(monitor["url"]), _http(building, name, monitor)
    if kind == "ping":
        return "PING", str(host), {}
    if kind == "dns":
        server = monitor.get("dns_resolve_server")
        config = {"record_type": monitor.get("dns_resolve_type") or "A"}
        return "DNS", str(host), config | ({"resolver": server.split(",")[0]} if server else {})
    if kind in _BY_PORT and host and port:
        return _BY_PORT[str(kind)], f"{host}:{port}", {}
    address = monitor.get("databaseConnectionString")
    if kind in _BY_URL and address:
        place = str(address).partition("://")[2].rpartition("@")[2].partition("/")[0]
        building.note(name, "credentials of the connection string were left out")
        return _BY_URL[str(kind)], place.partition("?")[0], {}
    return None


def _http(building: Building, name: str, monitor: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if (monitor.get("method") or "GET") != "GET":
        config["method"] = monitor["method"]
    for field in ("headers", "body"):
        if monitor.get(field):
            config[field] = monitor[field]
    if isinstance(config.get("headers"), str):
        config["headers"] = json.loads(config["headers"])
    codes = [str(code) for code in monitor.get("accepted_statuscodes") or []]
    if codes and codes != ["200-299"]:
        config["expected_status"] = ",".join(codes)
    if monitor.get("ignoreTls"):
        config["verify_tls"] = False
    if int(monitor.get("maxredirects") or 10) == 0:
        config["follow_redirects"] = False
    if monitor.get("type") == "keyword" and monitor.get("keyword"):
        negated = monitor.get("invertKeyword")
        config["body_not_contains" if negated else "body_contains"] = monitor["keyword"]
    if monitor.get("type") == "json-query":
        building.note(name, "the JSON query was left out: add it as `json_path`")
    if monitor.get("basic_auth_user") and monitor.get("authMethod", "basic") == "basic":
        config["basic_auth"] = {
            "username": monitor["basic_auth_user"],
            "password": monitor.get("basic_auth_pass") or "",
        }
    return config
