"""Where settings come from, and that every one is documented and passed on."""

import re
import socket
from pathlib import Path

import pytest

from app.local import LaunchError, ports, settings
from app.local.commands import product
from app.local.settings import PROJECT
from app.local.state import StateSecrets
from app.platform.config import Config
from app.platform.errors import ConfigError
from workers.__main__ import KINDS, REMOTE

CONFIG = (PROJECT / "app" / "platform" / "config.py").read_text()
EXAMPLE = (PROJECT / ".env.example").read_text()
READ_BY_CONFIG = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', CONFIG))


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "# a comment\n\nPORT=4000\nexport REGION = 'west coast'\nMAIL_FROM=\"A <a@b.c>\"\nHOST=\n"
    )
    env = settings.read({"PORT": "5000", "WORKERS": " "}, dotenv)
    assert env == {"PORT": "5000", "REGION": "west coast", "MAIL_FROM": "A <a@b.c>"}


def test_a_line_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("PORT=4000\nnonsense\n")
    with pytest.raises(LaunchError, match="line 2: expected NAME=value"):
        settings.read({}, dotenv)


def test_nothing_needs_to_be_set() -> None:
    assert settings.check({}).port == 3001


def test_what_is_set_is_validated() -> None:
    with pytest.raises(ConfigError, match="JWT_SECRET is too short"):
        settings.check({"JWT_SECRET": "short"})


def test_a_way_past_the_pooler_alone_names_what_is_missing() -> None:
    """Else the writer of pings and the migrations would be on another database than the rest."""
    with pytest.raises(LaunchError, match="DATABASE_DIRECT_URL is set without DATABASE_URL"):
        settings.check({"DATABASE_DIRECT_URL": "postgresql://u@h/d"})


def test_given_secrets_are_kept_and_missing_ones_made() -> None:
    secrets = StateSecrets.generate()
    env = settings.complete({"JWT_SECRET": "g" * 40}, settings.check({}), secrets)
    assert env["JWT_SECRET"] == "g" * 40
    assert env["ENCRYPTION_KEY"] == secrets.encryption_key
    assert Path(env["STATE_DIR"]).is_absolute()


def test_the_made_secrets_are_good_ones() -> None:
    secrets = StateSecrets.generate()
    config = Config.from_env(
        settings.NOT_YET_KNOWN | settings.complete({}, settings.check({}), secrets)
    )
    assert len(config.encryption_key) == 32
    assert len(set(vars_of(secrets))) == len(vars_of(secrets))


def vars_of(secrets: StateSecrets) -> list[str]:
    return [getattr(secrets, name) for name in secrets.__slots__]


def test_every_setting_stands_in_the_example() -> None:
    documented = set(re.findall(r"^# ([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert documented >= READ_BY_CONFIG
    assert documented - READ_BY_CONFIG == {"WEB_PROCESSES", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}


def test_the_example_shows_the_defaults() -> None:
    shown = dict(re.findall(r"^# ([A-Z_]+)=(.+)$", EXAMPLE, re.MULTILINE))
    for name in ("DATABASE_URL", "REDIS_URL", "WEB_PROCESSES"):
        shown.pop(name)
    assert Config.from_env(settings.NOT_YET_KNOWN | shown) == Config.from_env(
        settings.NOT_YET_KNOWN
    )


def test_as_many_probe_workers_as_asked_for() -> None:
    config = settings.check({"WORKERS": "3"})
    names = [command.name for command in product({}, config)]
    assert [name for name in names if "-" in name] == ["probes-1", "probes-2", "probes-3"]


def test_a_process_for_every_kind_of_worker_here_and_in_containers() -> None:
    arguments = [command.argv[2:] for command in product({}, settings.check({}))]
    containers = (PROJECT / "docker-compose.yml").read_text()
    for kind in set(KINDS) - {REMOTE}:  # agents run where nothing else of the product does
        assert ("workers", kind) in arguments
        assert f'command: ["python", "-m", "workers", "{kind}"]' in containers


def test_containers_serve_pings_apart_from_the_api() -> None:
    containers = (PROJECT / "docker-compose.yml").read_text()
    assert '"-b", "0.0.0.0:3002", "--workers", "1", "wsgi_pings:app"' in containers
    assert '"${HOST:-127.0.0.1}:${PING_PORT:-3002}:3002"' in containers


def test_whatever_the_image_copies_goes_into_the_build() -> None:
    copied = re.findall(r"^COPY (.+) \S+$", (PROJECT / "Dockerfile").read_text(), re.MULTILINE)
    allowed = (PROJECT / ".dockerignore").read_text().splitlines()
    for name in " ".join(copied).split():
        assert f"!{name}" in allowed
        assert (PROJECT / name).exists()
    assert not [line for line in allowed if line.startswith("app")], "nothing of it is left out"


def test_pings_are_served_apart_where_strangers_reach_this_server() -> None:
    def ping_port(**env: str) -> str | None:
        return settings.with_ping_port(env, settings.check(env)).get("PING_PORT")

    port = ports.choose(None)
    while not ports.is_free("0.0.0.0", port + 1):
        port = ports.choose(None)
    assert ping_port(PORT=str(port)) is None
    assert ping_port(PORT=str(port), HOST="0.0.0.0") == str(port + 1)
    assert ping_port(PORT=str(port), HOST="0.0.0.0", PING_PORT="0") == "0"
    with socket.create_server(("0.0.0.0", port + 1)):
        assert ping_port(PORT=str(port), HOST="0.0.0.0") is None
    assert ping_port(PORT="65535", HOST="0.0.0.0") is None


@pytest.mark.parametrize(
    ("env", "url"),
    [
        ({}, "http://localhost:3001"),
        ({"PING_PORT": "3002"}, "http://localhost:3002"),
        ({"PING_PORT": "3002", "BASE_URL": "http://nas.lan:3001"}, "http://nas.lan:3002"),
        ({"PING_PORT": "3002", "BASE_URL": "https://m.example.com"}, "https://m.example.com"),
        ({"PING_PORT": "3002", "PING_URL": "https://p.example.com/"}, "https://p.example.com"),
    ],
)
def test_where_jobs_send_their_pings(env: dict[str, str], url: str) -> None:
    assert settings.check(env).ping_url == url
