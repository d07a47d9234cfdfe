"""REDIS_URL that names sentinels: the program follows the primary through a failover."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis, RedisError

from app.local import external
from app.platform import server_urls
from app.platform.errors import ConfigError
from app.platform.queue import BACKGROUND, Hints, wait_for_wake
from app.platform.redis_client import connect
from app.security.limits import _COUNT, Counter
from tests.free_ports import free_port
from tests.redis_server import server
from tests.waiting import seconds_until

SERVICE = "main"
PASSWORD = "a password"
SENTINEL = """
sentinel monitor {service} 127.0.0.1 {primary} 1
sentinel auth-pass {service} "{password}"
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 5000
"""


@dataclass
class Group:
    """A primary, its replica and a sentinel, as real processes."""

    url: str
    primary: "subprocess.Popen[bytes]"
    ports: tuple[int, int]

    def port_of_primary(self) -> int:
        return int(connect(self.url).connection_pool.get_master_address()[1])


@pytest.fixture
def group() -> Iterator[Group]:
    primary, replica, sentinel = (free_port() for _ in range(3))
    secret = (f'requirepass "{PASSWORD}"', f'masterauth "{PASSWORD}"', 'save ""')
    with tempfile.TemporaryDirectory(prefix="sentinel-") as name, ExitStack() as stack:
        folder = Path(name)
        process = stack.enter_context(server(folder, primary, *secret))
        follow = ("repl-diskless-sync-delay 0", f"replicaof 127.0.0.1 {primary}")
        stack.enter_context(server(folder, replica, *secret, *follow))
        there = Redis(port=replica, password=PASSWORD)
        seconds_until(lambda: answers(there, "replication").get("master_link_status") == "up", 10)
        watch = SENTINEL.format(service=SERVICE, primary=primary, password=PASSWORD)
        stack.enter_context(server(folder, sentinel, watch))
        watcher = Redis(port=sentinel)
        seconds_until(
            lambda: (answers(watcher, "sentinel").get("master0") or {}).get("slaves") == 1, 10
        )
        url = f"redis+sentinel://:a%20password@127.0.0.1:{sentinel}/{SERVICE}/0"
        yield Group(url, process, (primary, replica))


def answers(redis: Redis, section: str) -> dict:
    try:
        return dict(redis.info(section))
    except RedisError:
        return {}


def works(action) -> bool:
    try:
        action()
    except RedisError:
        return False
    return True


def test_hints_and_limits_follow_a_failover(group):
    redis, blocking = connect(group.url), connect(group.url, blocking=True)
    hints, limits = Hints(redis), Counter(group.url)
    assert external.check_redis(group.url) is None
    hints.work("workers.probes.drain")
    assert hints.queue(BACKGROUND).count == 1
    assert group.port_of_primary() == group.ports[0]

    group.primary.kill()
    group.primary.wait(10)

    seconds_until(lambda: works(redis.ping), 30)
    assert group.port_of_primary() == group.ports[1]
    hints.wake("default")
    assert wait_for_wake(blocking, "default", 5)
    seconds_until(lambda: limits.run(_COUNT, ["counted"], 60) is not None, 20)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://host:26379",
        "redis+sentinel:///main/0",
        "redis+sentinel://host:port/main",
        "redis+sentinel://host/main/first",
        "redis+sentinel://host/main?socket_timeout=1",
        "redis+sentinel://[::1/main/0",
    ],
)
def test_a_url_that_names_no_service_is_refused(url):
    with pytest.raises(ConfigError, match="redis\\+sentinel://"):
        server_urls.redis_url(url)


@pytest.mark.parametrize("hosts", ["db1,[::1]:5433", "[::1]:5433,db1", "u:p@[::1]:5433,db1:5432"])
def test_hosts_of_a_url_may_be_several_of_any_family(hosts):
    found = server_urls.addresses(f"postgresql+psycopg://{hosts}/monitor?sslmode=require")
    assert sorted(found) == [("::1", 5433), ("db1", 5432)]


def test_everything_in_the_url_counts():
    url = "redis+sentinel://me:p%40ss@one,two:26380,[::1]:26381/main/3?sentinel_password=other"
    assert server_urls.sentinels(url) == server_urls.Sentinels(
        (("one", 26379), ("two", 26380), ("::1", 26381)), "main", 3, "me", "p@ss", "other"
    )
