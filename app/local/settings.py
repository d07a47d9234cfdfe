"""The environment of a local run: what is set, what `.env` adds, and what the launcher fills in."""

from collections.abc import Mapping
from pathlib import Path

from app.local import LaunchError, ports
from app.local.state import StateSecrets
from app.platform.config import Config

PROJECT = Path(__file__).resolve().parents[2]
LAST_PORT = 65535
NOT_YET_KNOWN = {
    "DATABASE_URL": "postgresql://embedded",
    "REDIS_URL": "redis://embedded",
    "JWT_SECRET": "0" * 64,
    "ENCRYPTION_KEY": "0" * 64,
}


def read(environ: Mapping[str, str], dotenv: Path = PROJECT / ".env") -> dict[str, str]:
    """Settings that have a value; the environment wins over the file."""
    given = {name: value for name, value in environ.items() if value.strip()}
    return read_file(dotenv) | given


def read_file(path: Path) -> dict[str, str]:
    """Read KEY=VALUE lines; blank lines and lines that begin with # are skipped."""
    if not path.exists():
        return {}
    values = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = line.strip().removeprefix("export ")
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator or not name.strip().isidentifier():
            raise LaunchError(f"{path}, line {number}: expected NAME=value.")
        if value := _unquoted(value.strip()):
            values[name.strip()] = value
    return values


def check(env: Mapping[str, str]) -> Config:
    """Validate every given setting before anything starts; what we fill in later counts as good.

    Raises ConfigError, or LaunchError for settings that make no sense in a local run.
    """
    if "DATABASE_DIRECT_URL" in env and "DATABASE_URL" not in env:
        raise LaunchError("DATABASE_DIRECT_URL is set without DATABASE_URL; set both, or neither.")
    return Config.from_env(NOT_YET_KNOWN | dict(env))


def with_ping_port(env: Mapping[str, str], config: Config) -> dict[str, str]:
    """Return the settings with a port for pings where strangers reach this server.

    There slow strangers and all other trouble of the API are kept from pings. A PING_PORT that is
    given, 0 too, is left as it is; so is everything where the next port is taken.
    """
    port = config.port + 1
    is_wanted = "PING_PORT" not in env and not config.is_loopback and port <= LAST_PORT
    if not is_wanted or ports.problem(config.host, port):
        return dict(env)
    return dict(env) | {"PING_PORT": str(port)}


def complete(env: Mapping[str, str], config: Config, secrets: StateSecrets) -> dict[str, str]:
    """The environment for the processes of the product, except for the servers' URLs."""
    made = {"JWT_SECRET": secrets.jwt_secret, "ENCRYPTION_KEY": secrets.encryption_key}
    fixed = {
        "HOST": config.host,
        "PORT": str(config.port),
        "BASE_URL": config.base_url,
        "PING_PORT": str(config.ping_port),
        "STATE_DIR": str(config.state_dir.expanduser().resolve()),
        "PYTHONUNBUFFERED": "1",  # a log line must be in the file when the process is killed
        "PYTHONDONTWRITEBYTECODE": "",  # set, it would cost each process a second of compiling
    }
    return made | dict(env) | fixed


def _unquoted(value: str) -> str:
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value
