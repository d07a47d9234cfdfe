"""URLs of the servers: what they may look like, and whom they name."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from app.platform.errors import ConfigError

SENTINEL_SCHEME = "redis+sentinel"
_POSTGRESQL_PORT = 5432
_REDIS_PORT = 6379
_SENTINEL_PORT = 26379
_DEFAULT_PORTS = {
    "postgresql+psycopg": _POSTGRESQL_PORT,
    "redis": _REDIS_PORT,
    "rediss": _REDIS_PORT,
}

Address = tuple[str, int]  # host and port


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Sentinels that know which server of a service is the primary, and how to sign in there."""

    addresses: tuple[Address, ...]
    service: str
    db: int
    username: str | None
    password: str | None
    sentinel_password: str | None


def database_url(name: str, url: str) -> str:
    """Return a PostgreSQL URL as SQLAlchemy takes it. Raises ConfigError, naming the setting."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise ConfigError(f"{name} must look like postgresql://user:password@host:5432/name.")
    return f"postgresql+psycopg://{rest}"


def redis_url(url: str) -> str:
    """Return the URL of a Redis server, or of its sentinels, unchanged. Raises ConfigError."""
    scheme = _split(url).scheme
    if scheme == SENTINEL_SCHEME:
        sentinels(url)
    elif scheme not in ("redis", "rediss", "unix"):
        raise ConfigError("REDIS_URL must look like redis://:password@host:6379/0.")
    return url


def sentinels(url: str) -> Sentinels:
    """Read redis+sentinel://user:password@host:port,host:port/service/db?sentinel_password=….

    User and password are those of the servers. Raises ConfigError.
    """
    parts = _split(url)
    account, _, hosts = parts.netloc.rpartition("@")
    username, _, password = account.partition(":")
    service, _, db = parts.path.strip("/").partition("/")
    query = dict(parse_qsl(parts.query))
    try:
        addresses = tuple(_address(host, _SENTINEL_PORT) for host in hosts.split(","))
        number = int(db or 0)
    except ValueError:
        addresses, number = (), 0
    if not addresses or not service or number < 0 or query.keys() - {"sentinel_password"}:
        raise ConfigError(
            "REDIS_URL must look like redis+sentinel://:password@host1:26379,host2:26379/service/0."
        )
    return Sentinels(
        addresses,
        unquote(service),
        number,
        unquote(username) or None,
        unquote(password) or None,
        query.get("sentinel_password"),
    )


def addresses(url: str) -> list[Address]:
    """Return whom the URL of a server names; nobody for a Unix socket."""
    parts = _split(url)
    if parts.scheme == SENTINEL_SCHEME:
        return list(sentinels(url).addresses)
    return [_address(one, _DEFAULT_PORTS.get(parts.scheme, 0)) for one in _hosts(parts.netloc)]


class _Parts(NamedTuple):
    scheme: str
    netloc: str
    path: str
    query: str


def _split(url: str) -> _Parts:
    # Not by urlsplit: since its security fix of 2025 (CVE-2025-0938) it refuses a URL of several
    # hosts of which one is an IPv6 address in brackets.
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("#")[0].partition("?")
    netloc, slash, path = rest.partition("/")
    return _Parts(scheme, netloc, slash + path, query)


def _hosts(netloc: str) -> list[str]:
    # PostgreSQL's URLs may name several hosts: host1:5432,host2:5432.
    return [one for one in netloc.rpartition("@")[2].split(",") if one.strip("[]")]


def _address(host: str, default_port: int) -> Address:
    parts = urlsplit(f"//{host}")
    if not parts.hostname:
        raise ValueError(host)
    return parts.hostname, parts.port or default_port
