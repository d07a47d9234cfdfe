"""Endpoints and alerting of Gatus as services, heartbeats and channels."""

import re
from typing import Any

from app.domain.configuration.building import Building, interval, period, tags, timeout

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s|us|ns)")
_MAX_DURATION = 50
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "ns": 1e-9}
# No part of a path can be read in two ways: that would take a time exponential in its length.
_CONDITION = re.compile(
    r"\[([A-Z_]+)\]((?:\.[^\s=<>!.\[]*|\[[^\]]*\])*)\s*(==|!=|<=|>=|<|>)\s*(.+)"
)
_PAT = re.compile(r"pat\(\*?(.*?)\*?\)")
# Of the condition by itself, whatever the check says anyway.
_IMPLIED = {("CONNECTED", "true"), ("DNS_RCODE", "NOERROR")}
_SCHEMES = {
    "http": "HTTP",
    "https": "HTTP",
    "tcp": "TCP",
    "udp": "UDP",
    "icmp": "PING",
    "tls": "SSL",
    "starttls": "SMTP",
    "ssh": "SSH",
    "ws": "WEBSOCKET",
    "wss": "WEBSOCKET",
    "grpc": "GRPC",
    "grpcs": "GRPC",
}
_CHANNELS: dict[str, dict[str, str]] = {
    "slack": {"webhook_url": "webhook-url"},
    "discord": {"webhook_url": "webhook-url"},
    "teams": {"webhook_url": "webhook-url"},
    "mattermost": {"webhook_url": "webhook-url"},
    "telegram": {"bot_token": "token", "chat_id": "id"},
    "pagerduty": {"routing_key": "integration-key"},
    "ntfy": {"server": "url", "topic": "topic"},
    "gotify": {"server": "server-url", "token": "token"},
    "pushover": {"user_key": "user-key", "app_token": "application-token"},
}


def convert(exported: Any) -> tuple[dict[str, Any], list[str]]:
    """Return a document of a `config.yaml`, and notes."""
    building = Building("gatus")
    for kind, config in (exported.get("alerting") or {}).items():
        _add_channel(building, kind, config or {})
    endpoints = exported.get("endpoints") or []
    external = exported.get("external-endpoints") or []
    if not endpoints and not external:
        raise ValueError("no endpoints")
    for endpoint in endpoints:
        _add_endpoint(building, endpoint)
    for endpoint in external:
        _add_external(building, endpoint)
    return building.document, building.notes


def seconds(written: str) -> float:
    """Return a duration as Go writes it, such as 1m30s, in seconds. Raises ValueError."""
    parts = _DURATION.findall(written) if len(written) <= _MAX_DURATION else []
    if not parts or "".join(number + unit for number, unit in parts) != written:
        raise ValueError(f"{written} is no duration")
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _add_channel(building: Building, kind: str, config: dict[str, Any]) -> None:
    if kind == "email" and config.get("to"):
        to = [address.strip() for address in str(config["to"]).split(",")]
        building.add("notification_channels", "email", {"type": "email", "config": {"to": to}})
    elif kind in _CHANNELS:
        fields = _CHANNELS[kind].items()
        found = {field: str(config[theirs]) for field, theirs in fields if config.get(theirs)}
        building.add("notification_channels", kind, {"type": kind, "config": found})
    else:
        building.note(kind, "this kind of alerting was left out")


def _add_endpoint(building: Building, endpoint: dict[str, Any]) -> None:
    name, url, client = endpoint["name"], str(endpoint["url"]), endpoint.get("client") or {}
    scheme, _, rest = url.partition("://")
    config: dict[str, Any] = {}
    query = endpoint.get("dns")
    if query:
        check_type, place = "DNS", str(query["query-name"]).rstrip(".")
        config = {"record_type": query.get("query-type") or "A", "resolver": url}
    elif scheme in _SCHEMES:
        check_type = _SCHEMES[scheme]
        place = url if check_type in ("HTTP", "WEBSOCKET") else rest.rstrip("/")
    else:
        building.note(name, f"an endpoint with {scheme}:// was left out")
        return
    if check_type == "HTTP":
        config |= _http(endpoint, client)
    elif check_type == "SMTP":
        config["starttls"] = True
    elif scheme == "grpcs":
        config["tls"] = True
    every = interval(seconds(str(endpoint.get("interval") or "60s")))
    fields: dict[str, Any] = {
        "check_type": check_type,
        "endpoint": place,
        "check_interval_seconds": every,
        "timeout_seconds": timeout(seconds(str(client.get("timeout") or "10s")), every),
        "tags": tags([endpoint["group"]] if endpoint.get("group") else []),
        "is_active": bool(endpoint.get("enabled", True)),
        "failure_threshold": _failures(endpoint),
    }
    for condition in endpoint.get("conditions") or []:
        if not _assert(str(condition), check_type, config, fields):
            building.note(name, f"the condition {condition} was left out")
    building.add("services", name, fields | {"config": config})


def _add_external(building: Building, endpoint: dict[str, Any]) -> None:
    beat = (endpoint.get("heartbeat") or {}).get("interval")
    every = max(int(seconds(str(beat))) if beat else 3600, 1)
    fields = {
        "schedule": period(every),
        "tags": tags([endpoint["group"]] if endpoint.get("group") else []),
        "is_active": bool(endpoint.get("enabled", True)),
    }
    building.add("heartbeats", endpoint["name"], fields)
    building.note(endpoint["name"], "the address is new: the job has to call the `ping_url`")


def _failures(endpoint: dict[str, Any]) -> int | None:
    wanted = [alert.get("failure-threshold") or 3 for alert in endpoint.get("alerts") or []]
    return min(max(min(wanted), 1), 10) if wanted else None


def _http(endpoint: dict[str, Any], client: dict[str, Any]) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if (endpoint.get("method") or "GET") != "GET":
        config["method"] = endpoint["method"]
    for field in ("headers", "body"):
        if endpoint.get(field):
            config[field] = endpoint[field]
    if client.get("insecure"):
        config["verify_tls"] = False
    if client.get("ignore-redirect"):
        config["follow_redirects"] = False
    return config


def _assert(
    condition: str, check_type: str, config: dict[str, Any], fields: dict[str, Any]
) -> bool:
    """Take a condition over; return False where there is no such thing here."""
    match = _CONDITION.fullmatch(condition.strip())
    if match is None:
        return False
    what, path, operator, value = match[1], match[2], match[3], match[4].strip().strip("'\"")
    if (what, value) in _IMPLIED and operator == "==":
        return True
    if what == "RESPONSE_TIME" and operator in ("<", "<=") and value.isdecimal():
        fields["slow_threshold_ms"] = min(max(int(value), 1), 600_000)
        return True
    if what == "CERTIFICATE_EXPIRATION" and operator in (">", ">="):
        days = max(1, round(seconds(value) / 86_400))
        field = {"HTTP": "ssl_expiry_warning_days", "SSL": "expiry_warning_days"}.get(check_type)
        config |= {field: min(days, 365)} if field else {}
        return field is not None
    if check_type == "HTTP":
        return _assert_http(what, path, operator, value, config)
    if what == "BODY" and check_type == "DNS" and operator == "==" and not path:
        config["expected_value"] = value
        return True
    return False


def _assert_http(what: str, path: str, operator: str, value: str, config: dict[str, Any]) -> bool:
    if what == "STATUS" and operator == "==":
        codes = re.findall(r"[0-9]{3}", value)
        config["expected_status"] = ",".join(codes)
        return bool(codes)
    if what == "STATUS" and operator in ("<", "<="):
        config["expected_status"] = f"100-{int(value) - (operator == '<')}"
        return True
    text = _PAT.fullmatch(value)
    if what == "BODY" and not path and text and operator in ("==", "!="):
        config["body_contains" if operator == "==" else "body_not_contains"] = text[1]
        return True
    if what == "BODY" and path and text is None and "(" not in value:
        number = value.removeprefix("-").replace(".", "", 1).isdecimal()
        wanted: Any = float(value) if number and "." in value else int(value) if number else value
        rules = config.setdefault("json_path", [])
        rules.append({"path": f"${path}", "operator": operator, "value": wanted})
        return True
    return False
