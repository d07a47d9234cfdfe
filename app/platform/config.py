"""Settings: the only reader of the environment. Each setting stands in .env.example too."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.platform import server_urls
from app.platform.errors import ConfigError
from app.platform.settings_reader import (
    IpNetwork,
    SettingsReader,
    as_asked_for,
    is_loopback,
    place,
    url_parts,
)


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
    console_hosts: tuple[str, ...]  # as browsers ask for them: lower case, ASCII
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
        return is_loopback(self.host)

    @property
    def base_host(self) -> str:
        """Host of BASE_URL as browsers ask for it."""
        return as_asked_for(urlsplit(self.base_url).hostname or "")

    @property
    def ping_host(self) -> str:
        """Host of PING_URL as browsers ask for it."""
        return as_asked_for(urlsplit(self.ping_url).hostname or "")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read and check every setting. Raises ConfigError, a sentence for the first bad one."""
        env = SettingsReader(os.environ if environ is None else environ)
        port = env.integer("PORT", 3001, 1, 65535)
        host = env.text("HOST", "127.0.0.1")
        base_url = env.url("BASE_URL") or f"http://localhost:{port}"
        ping_port = env.integer("PING_PORT", 0, 0, 65535)
        if ping_port == port:
            raise ConfigError("PING_PORT must be another port than PORT.")
        registration = env.choice("REGISTRATION", "open", ("open", "invite", "closed"))
        # Where strangers can register, they do not get at the operator's own network.
        is_reachable = not (is_loopback(host) and is_loopback(urlsplit(base_url).hostname or ""))
        targets = "operators" if is_reachable and registration == "open" else "any"
        peer_url = env.url("PEER_URL")
        if peer_url and place(peer_url) in (place(base_url), ("loopback", port)):
            raise ConfigError(
                "PEER_URL is this installation's own address: it must be that of another one, which"
                " tells when this one is gone."
            )
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
            console_hosts=env.hosts("CONSOLE_HOSTS"),
            ping_port=ping_port,
            ping_url=env.url("PING_URL") or _ping_url(base_url, port, ping_port),
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
            mail_from=env.sender("MAIL_FROM", "AlertifyPro <alerts@localhost>"),
            unsubscribe_mailbox=env.mailbox("UNSUBSCRIBE_MAILBOX"),
            metrics_token=env.text("METRICS_TOKEN", ""),
            deadman_url=env.text("DEADMAN_URL", ""),
            peer_url=peer_url,
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
    server_fingerprints: tuple[str, ...]  # SHA-256 of certificates, 64 hex digits; () for any
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
        env = SettingsReader(os.environ if environ is None else environ)
        url = env.text("ALERTIFYPRO_URL", "").rstrip("/")
        parts = url_parts(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ConfigError("ALERTIFYPRO_URL must look like https://monitor.example.com.")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ConfigError(
                "ALERTIFYPRO_URL must begin with https:// unless the server is on this machine:"
                " the key and the secrets of services travel there."
            )
        key = env.text("LOCATION_KEY", "")
        if not re.fullmatch(r"WL_[0-9A-Za-z]+", key):
            raise ConfigError(
                "LOCATION_KEY must be the key of a location: WL_, then letters and digits."
            )
        fingerprints = [one.lower().replace(":", "") for one in env.items("SERVER_FINGERPRINT")]
        if not all(re.fullmatch(r"[0-9a-f]{64}", one) for one in fingerprints):
            raise ConfigError(
                "SERVER_FINGERPRINT must be a SHA-256 as 64 hex digits, or several with commas."
            )
        return cls(
            state_dir=Path(env.text("STATE_DIR", ".state")),
            server_url=url,
            location_key=key,
            server_ca_file=env.file("SERVER_CA_FILE"),
            server_fingerprints=tuple(fingerprints),
            probe_targets=env.choice("PROBE_TARGETS", "any", ("any", "public")),
            probe_allow=env.networks("PROBE_ALLOW"),
            probe_deny=env.networks("PROBE_DENY"),
            probe_ca_file=env.file("PROBE_CA_FILE"),
            probe_concurrency=env.integer("PROBE_CONCURRENCY", 1000, 1, 20000),
            witness_targets=env.items("WITNESS_TARGETS"),
            log_format=env.choice("LOG_FORMAT", "json", ("json", "text")),
            log_level=env.choice("LOG_LEVEL", "info", ("debug", "info", "warning", "error")),
        )


def _direct_url(env: SettingsReader) -> str:
    """Return the database past its pooler, for what needs a session of its own."""
    direct = env.text("DATABASE_DIRECT_URL", "")
    if not direct and env.text("DATABASE_POOLER", "none") != "none":
        raise ConfigError("DATABASE_POOLER needs DATABASE_DIRECT_URL, the database past it.")
    return server_urls.database_url("DATABASE_DIRECT_URL", direct or env.required("DATABASE_URL"))


def _read_url(env: SettingsReader) -> str:
    """Return the standby that reads may go to, "" for none."""
    url = env.text("DATABASE_READ_URL", "")
    return url and server_urls.database_url("DATABASE_READ_URL", url)
