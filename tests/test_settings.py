"""Every setting that is documented does something, and every one that does is documented."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.platform.config import AgentConfig, Config
from app.platform.errors import ConfigError

ROOT = Path(__file__).parents[1]
EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTED = re.findall(r"^# ([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
# Read where no Config is at hand: by gunicorn's own configuration, and by docker compose.
# An agent's own name for the address of its server, which no other process has; several in one.
FIELDS = {"ALERTIFYPRO_URL": "server_url", "SERVER_FINGERPRINT": "server_fingerprints"}
FIELDS_BACK = {field: name for name, field in FIELDS.items()}
ELSEWHERE = {
    "WEB_PROCESSES": "gunicorn.conf.py",
    "POSTGRES_PASSWORD": "docker-compose.yml",
    "REDIS_PASSWORD": "docker-compose.yml",
}


def test_there_is_something_to_walk():
    assert len(DOCUMENTED) == len(set(DOCUMENTED)) > 25


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_setting_is_read_and_used(name):
    if name in ELSEWHERE:
        assert name in (ROOT / ELSEWHERE[name]).read_text()
        return
    field = FIELDS.get(name, name.lower())
    assert field in {each.name for each in (*fields(Config), *fields(AgentConfig))}
    use = re.compile(rf"\.{field}\b")
    users = [
        path
        for folder in ("app", "workers", "scheduler")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "config.py" and use.search(path.read_text())
    ]
    assert users, f"{name} is read, and does nothing"


def test_a_setting_that_is_read_is_documented():
    read = (*fields(Config), *fields(AgentConfig))
    names = {
        FIELDS_BACK.get(one.name, one.name.upper()) for one in read if "derived" not in one.metadata
    }
    assert names <= set(DOCUMENTED)


BARE = {"ALERTIFYPRO_URL": "https://monitor.example.com", "LOCATION_KEY": "WL_1"}


SERVERS = {
    "DATABASE_URL": "postgresql://u@h/d", "REDIS_URL": "redis://h", "JWT_SECRET": "x" * 32,
    "ENCRYPTION_KEY": "00" * 32,
}  # fmt: skip


def test_hosts_of_the_console_are_names_as_browsers_ask_for_them():
    given = {**SERVERS, "CONSOLE_HOSTS": "Monitor.lan, überwachung.example."}
    found = Config.from_env(given).console_hosts
    assert found == ("monitor.lan", "xn--berwachung-8db.example")
    assert Config.from_env(SERVERS).console_hosts == ()


@pytest.mark.parametrize("wrong", ["https://monitor.lan", "monitor.lan:3001", "a b", "ü..x"])
def test_what_is_no_host_of_a_console_is_said(wrong):
    with pytest.raises(ConfigError, match="CONSOLE_HOSTS must list names of hosts"):
        Config.from_env({**SERVERS, "CONSOLE_HOSTS": wrong})


@pytest.mark.parametrize("name", ["BASE_URL", "PING_URL", "PEER_URL"])
@pytest.mark.parametrize(
    "wrong", ["https://[::1", "https://monitor.example.com:port", "monitor.example.com", "ftp://a"]
)
def test_what_is_no_address_is_said(name, wrong):
    with pytest.raises(ConfigError, match=f"{name} must look like https://"):
        Config.from_env({**SERVERS, name: wrong})


def test_an_agent_needs_its_server_and_its_key_and_nothing_else():
    config = AgentConfig.from_env(BARE)
    assert (config.probe_targets, config.database_url, config.redis_url) == ("any", "", "")
    assert AgentConfig.from_env({**BARE, "ALERTIFYPRO_URL": "http://localhost:3001"})


@pytest.mark.parametrize(
    "changes",
    [
        {"ALERTIFYPRO_URL": ""},
        {"ALERTIFYPRO_URL": "monitor.example.com"},
        {"ALERTIFYPRO_URL": "http://monitor.example.com"},
        {"ALERTIFYPRO_URL": "https://[::1"},
        {"ALERTIFYPRO_URL": "https://monitor.example.com:port"},
        {"LOCATION_KEY": ""},
        {"LOCATION_KEY": "WK_1"},
        {"LOCATION_KEY": "WL_1\nWL_12"},
        {"LOCATION_KEY": "WL_1 2"},
        {"LOCATION_KEY": "WL_1…"},
        {"SERVER_FINGERPRINT": "12"},
        {"SERVER_FINGERPRINT": f"{'a' * 64},12"},
        {"SERVER_CA_FILE": "/nowhere.pem"},
    ],
)
def test_what_an_agent_cannot_work_with_is_said(changes):
    with pytest.raises(ConfigError):
        AgentConfig.from_env(BARE | changes)


def test_the_next_certificate_may_be_named_beside_the_one_in_use():
    names = f"{'A' * 64}, {':'.join(['bb'] * 32)}"
    config = AgentConfig.from_env(BARE | {"SERVER_FINGERPRINT": names})
    assert config.server_fingerprints == ("a" * 64, "b" * 64)


@pytest.mark.parametrize(
    ("base_url", "peer_url", "is_self"),
    [
        ("https://one.example.com", "https://one.example.com:443/", True),
        ("https://one.example.com", "https://ONE.example.com.", True),
        ("http://localhost:3001", "http://127.0.0.1:3001", True),
        ("https://one.example.com", "http://localhost:3001", True),
        ("https://one.example.com", "https://two.example.com", False),
        ("https://one.example.com", "https://one.example.com:8443", False),
        ("http://localhost:3001", "http://localhost:3002", False),
    ],
)
def test_an_installation_is_not_its_own_peer(base_url, peer_url, is_self):
    needed = {
        "DATABASE_URL": "postgresql://localhost/x",
        "REDIS_URL": "redis://localhost",
        "JWT_SECRET": "x" * 32,
        "ENCRYPTION_KEY": "ab" * 32,
    }
    settings = {**needed, "BASE_URL": base_url, "PEER_URL": peer_url}
    if is_self:
        with pytest.raises(ConfigError, match="own address"):
            Config.from_env(settings)
    else:
        assert Config.from_env(settings).peer_url == peer_url


@pytest.mark.parametrize("name", ["MAIL_FROM", "UNSUBSCRIBE_MAILBOX"])
@pytest.mark.parametrize("value", ["alerts", "Alerts alerts@x.org", "a@", "<a@b", "a@b.c, d@e.f"])
def test_what_is_no_mailbox_stops_the_start(name, value):
    with pytest.raises(ConfigError, match=f"{name} must look like"):
        Config.from_env({**SERVERS, name: value})


@pytest.mark.parametrize("value", ["a@localhost", "Acme, Inc. <a@b.c>", '"A" <a@bücher.de>', ""])
def test_what_is_a_mailbox_is_taken(value):
    assert Config.from_env({**SERVERS, "MAIL_FROM": value}).mail_from.endswith(value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("", ""),
        ("Stop@bücher.de", "Stop@xn--bcher-kva.de"),
        ("stop@Example.com", "stop@example.com"),
        ("stop@mail_relay", "stop@mail_relay"),
    ],
)
def test_the_mailbox_that_a_header_names_is_in_ascii(value, read):
    assert Config.from_env({**SERVERS, "UNSUBSCRIBE_MAILBOX": value}).unsubscribe_mailbox == read
