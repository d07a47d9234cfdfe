"""The policy that the operator's settings give."""

from dataclasses import dataclass
from ipaddress import ip_network

from app.network.policy import policy_of


@dataclass
class Settings:
    probe_targets: str = "any"
    probe_allow: tuple = ()
    probe_deny: tuple = ()
    database_url: str = "postgresql+psycopg://u:p@127.0.0.1:5433/db"
    database_read_url: str = "postgresql+psycopg://u:p@127.0.0.1:5434/db"
    redis_url: str = "redis://localhost/0"


def test_any_lets_owners_watch_everything_but_metadata():
    policy = policy_of(Settings())
    assert policy.refusal("127.0.0.1", 5433) is None
    assert policy.refusal("169.254.169.254") is not None


def test_public_refuses_private_hosts_and_the_platforms_own_servers_even_if_allowed():
    policy = policy_of(Settings("public", (ip_network("127.0.0.0/8"),)))
    assert policy.refusal("10.0.0.1") is not None
    assert policy.refusal("127.0.0.1", 80) is None
    assert "platform itself" in policy.refusal("127.0.0.1", 5433)
    assert "platform itself" in policy.refusal("127.0.0.1", 5434)
    assert "platform itself" in policy.refusal("127.0.0.1", 6379)


def test_sentinels_are_servers_of_the_platform():
    url = "redis+sentinel://:secret@127.0.0.1:26380,127.0.0.2/main/0"
    settings = Settings("public", (ip_network("127.0.0.0/8"),), redis_url=url)
    policy = policy_of(settings)
    assert "platform itself" in policy.refusal("127.0.0.1", 26380)
    assert "platform itself" in policy.refusal("127.0.0.2", 26379)


def test_unix_sockets_need_no_guard():
    urls = {
        "database_url": "postgresql+psycopg:///db?host=/run/pg",
        "database_read_url": "",
        "redis_url": "unix:///run/redis.sock",
    }
    assert policy_of(Settings("public", **urls)).own == frozenset()
