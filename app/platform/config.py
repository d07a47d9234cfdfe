"""Settings: the only reader of the environment. Each setting stands in .env.example too."""

import base64
import binascii
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.platform import server_urls
from app.platform.errors import ConfigError

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
MIN_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Config:
    """One immutable value per process; build it with `from_env()`."""

    database_url: str
    database_pooler: str  # "transaction" where DATABASE_URL leads to one, else "none"
    database_direct_url: str
    database_read_url: str  # a standby of DATABASE_URL, "" for none
    redis_url: str
    jwt_secret: str
    encryption_key: bytes
    host: str
    port: int
    base_url: str
    ping_port: int
    ping_url: str
    state_dir: Path
    registration: str
    trusted_proxies: tuple[IpNetwork, ...]
    rate_limits: bool
    plan_limits: bool
    min_check_interval_seconds: int
    probe_targets: str
    # What follows from a setting that is not given is no setting itself.
    targets_follow_registration: bool = field(metadata={"derived": True})
    probe_allow: tuple[IpNetwork, ...]
    probe_deny: tuple[IpNetwork, ...]
    probe_ca_file: str
    region: str
    workers: int
    probe_concurrency: int
    witness_targets: tuple[str, ...]
    provider_urls: Mapping[str, str]
    smtp_url: str
    mail_from: str
    unsubscribe_mailbox: str
    metrics_token: str
    deadman_url: str
    peer_url: str
    raw_retention_days: int
    fives_retention_days: int
    hours_retention_days: int
    log_format: str
    log_level: str

    @property
    def is_loopback(self) -> bool:
        """True when HOST is reached from this machine alone."""
        return _is_loopback(self.host)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read and check every setting. Raises ConfigError, a sentence for the first bad one."""
        env = _Reader(os.environ if environ is None else environ)
        port = env.integer("PORT", 3001, 1, 65535)
        host = env.text("HOST", "127.0.0.1")
        base_url = env.text("BASE_URL", f"http://localhost:{port}").rstrip("/")
        ping_port = env.integer("PING_PORT", 0, 0, 65535)
        if ping_port == port:
            raise ConfigError("PING_PORT must be another port than PORT.")
        registration = env.choice("REGISTRATION", "open", ("open", "invite", "closed"))
        # Where strangers can register, they do not get at the operator's own network.
        is_reachable = not (_is_loopback(host) and _is_loopback(urlsplit(base_url).hostname or ""))
        targets = "operators" if is_reachable and registration == "open" else "any"
        return cls(
            database_url=server_urls.database_url("DATABASE_URL", env.required("DATABASE_URL")),
            database_pooler=env.choice("DATABASE_POOLER", "none", ("none", "transaction")),
            database_direct_url=_direct_url(env),
            database_read_url=_read_url(env),
            redis_url=server_urls.redis_url(env.required("REDIS_URL")),
            jwt_secret=env.secret("JWT_SECRET"),
            encryption_key=env.key("ENCRYPTION_KEY"),
            host=host,
            port=port,
            base_url=base_url,
            ping_port=ping_port,
            ping_url=env.text("PING_URL", _ping_url(base_url, port, ping_port)).rstrip("/"),
            state_dir=Path(env.text("STATE_DIR", ".state")),
            registration=registration,
            trusted_proxies=env.networks("TRUSTED_PROXIES", "127.0.0.0/8,::1/128"),
            rate_limits=env.switch("RATE_LIMITS", True),
            plan_limits=env.switch("PLAN_LIMITS", True),
            min_check_interval_seconds=env.integer("MIN_CHECK_INTERVAL_SECONDS", 10, 1, 86400),
            probe_targets=env.choice("PROBE_TARGETS", targets, ("any", "operators", "public")),
            # Who may register can be changed while it runs, and so does the default above.
            targets_follow_registration=is_reachable and not env.text("PROBE_TARGETS", ""),
            probe_allow=env.networks("PROBE_ALLOW"),
            probe_deny=env.networks("PROBE_DENY"),
            probe_ca_file=env.file("PROBE_CA_FILE"),
            region=env.text("REGION", "default"),
            workers=env.integer("WORKERS", 1, 1, 64),
            probe_concurrency=env.integer("PROBE_CONCURRENCY", 1000, 1, 20000),
            witness_targets=env.items("WITNESS_TARGETS"),
            provider_urls=env.mapping("PROVIDER_URLS"),
            smtp_url=env.text("SMTP_URL", ""),
            mail_from=env.text("MAIL_FROM", "AlertifyPro <alerts@localhost>"),
            unsubscribe_mailbox=env.text("UNSUBSCRIBE_MAILBOX", ""),
            metrics_token=env.text("METRICS_TOKEN", ""),
            deadman_url=env.text("DEADMAN_URL", ""),
            peer_url=env.url("PEER_URL"),
            raw_retention_days=env.integer("RAW_RETENTION_DAYS", 30, 1, 3650),
            fives_retention_days=env.integer("FIVES_RETENTION_DAYS", 90, 1, 3650),
            hours_retention_days=env.integer("HOURS_RETENTION_DAYS", 400, 92, 3650),
            log_format=env.choice("LOG_FORMAT", "json", ("json", "text")),
            log_level=env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        )


def _ping_url(base_url: str, port: int, ping_port: int) -> str:
    """Return where jobs reach PING_PORT: where BASE_URL names PORT, else a proxy has both."""
    head, separator, number = base_url.rpartition(":")
    is_direct = bool(ping_port and separator) and number == str(port)
    return f"{head}:{ping_port}" if is_direct else base_url


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """Settings of an agent at a location, which knows neither database nor Redis nor our keys."""

    state_dir: Path
    server_url: str
    location_key: str
    server_ca_file: str
    server_fingerprint: str  # SHA-256 of the server's certificate, 64 hex digits; "" for any
    probe_targets: str
    probe_allow: tuple[IpNetwork, ...]
    probe_deny: tuple[IpNetwork, ...]
    probe_ca_file: str
    probe_concurrency: int
    witness_targets: tuple[str, ...]
    log_format: str
    log_level: str
    # The guard spares the platform's own servers; an agent knows of none.
    database_url: str = field(default="", metadata={"derived": True})
    database_read_url: str = field(default="", metadata={"derived": True})
    redis_url: str = field(default="", metadata={"derived": True})

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "AgentConfig":
        """Read and check every setting. Raises ConfigError, a sentence for the first bad one."""
        env = _Reader(os.environ if environ is None else environ)
        url = env.text("ALERTIFYPRO_URL", "").rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ConfigError("ALERTIFYPRO_URL must look like https://monitor.example.com.")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ConfigError(
                "ALERTIFYPRO_URL must begin with https:// unless the server is on this machine:"
                " the key and the secrets of services travel there."
            )
        key = env.text("LOCATION_KEY", "")
        if not key.startswith("WL_"):
            raise ConfigError("LOCATION_KEY must be the key of a location; it begins with WL_.")
        fingerprint = env.text("SERVER_FINGERPRINT", "").lower().replace(":", "")
        if fingerprint and not re.fullmatch(r"[0-9a-f]{64}", fingerprint):
            raise ConfigError("SERVER_FINGERPRINT must be a SHA-256 as 64 hex digits.")
        return cls(
            state_dir=Path(env.text("STATE_DIR", ".state")),
            server_url=url,
            location_key=key,
            server_ca_file=env.file("SERVER_CA_FILE"),
            server_fingerprint=fingerprint,
            probe_targets=env.choice("PROBE_TARGETS", "any", ("any", "public")),
            probe_allow=env.networks("PROBE_ALLOW"),
            probe_deny=env.networks("PROBE_DENY"),
            probe_ca_file=env.file("PROBE_CA_FILE"),
            probe_concurrency=env.integer("PROBE_CONCURRENCY", 1000, 1, 20000),
            witness_targets=env.items("WITNESS_TARGETS"),
            log_format=env.choice("LOG_FORMAT", "json", ("json", "text")),
            log_level=env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        return self._environ.get(name, "").strip() or default

    def required(self, name: str) -> str:
        value = self.text(name, "")
        if not value:
            raise ConfigError(
                f"{name} is not set; set it, or use `make run`, which brings its own servers."
            )
        return value

    def secret(self, name: str) -> str:
        value = self.required(name)
        if len(value.encode()) < MIN_SECRET_BYTES:
            raise ConfigError(
                f"{name} is too short: it needs at least {MIN_SECRET_BYTES} bytes; "
                "`openssl rand -hex 32` makes a good one."
            )
        return value

    def key(self, name: str) -> bytes:
        value = self.required(name)
        for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
            try:
                key = decode(value)
            except (ValueError, binascii.Error):
                continue
            if len(key) == 32:
                return key
        raise ConfigError(
            f"{name} must be 32 bytes written as 64 hex digits or as base64; "
            "`openssl rand -hex 32` makes a good one."
        )

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.text(name, str(default))
        try:
            value = int(raw)
        except ValueError:
            raise ConfigError(f"{name} must be a whole number, not {raw!r}.") from None
        if not low <= value <= high:
            raise ConfigError(f"{name} must be between {low} and {high}, not {value}.")
        return value

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value not in allowed:
            raise ConfigError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
        return value

    def switch(self, name: str, default: bool) -> bool:
        return self.choice(name, "on" if default else "off", ("on", "off")) == "on"

    def items(self, name: str, default: str = "") -> tuple[str, ...]:
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def file(self, name: str) -> str:
        path = self.text(name, "")
        if path and not os.access(path, os.R_OK):
            raise ConfigError(f"{name} names a file that cannot be read: {path}.")
        return path

    def url(self, name: str) -> str:
        url = self.text(name, "").rstrip("/")
        parts = urlsplit(url)
        if url and (parts.scheme not in ("https", "http") or not parts.hostname):
            raise ConfigError(f"{name} must look like https://monitor.example.com.")
        return url

    def mapping(self, name: str) -> Mapping[str, str]:
        pairs = [item.partition("=") for item in self.items(name)]
        if not all(key and value for key, _, value in pairs):
            raise ConfigError(f"{name} must look like pagerduty.us=https://events.example.com.")
        return {key.strip(): value.strip().rstrip("/") for key, _, value in pairs}

    def networks(self, name: str, default: str = "") -> tuple[IpNetwork, ...]:
        try:
            parts = self.items(name, default)
            return tuple(ipaddress.ip_network(part, strict=False) for part in parts)
        except ValueError as error:
            raise ConfigError(f"{name} must list networks like 10.0.0.0/8: {error}.") from None


def _direct_url(env: _Reader) -> str:
    """Return the database past its pooler, for what needs a session of its own."""
    direct = env.text("DATABASE_DIRECT_URL", "")
    if not direct and env.text("DATABASE_POOLER", "none") != "none":
        raise ConfigError("DATABASE_POOLER needs DATABASE_DIRECT_URL, the database past it.")
    return server_urls.database_url("DATABASE_DIRECT_URL", direct or env.required("DATABASE_URL"))


def _read_url(env: _Reader) -> str:
    """Return the standby that reads may go to, "" for none."""
    url = env.text("DATABASE_READ_URL", "")
    return url and server_urls.database_url("DATABASE_READ_URL", url)
