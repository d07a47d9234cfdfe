"""Checks of MariaDB and Redis as Debian ships them, and what they log and count of a guest."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.domain.types import Status
from tests.checks.real_servers import ask, databases, expect, needs, scoped

ROOT = Path(__file__).parents[2]
# The pattern of fail2ban's filter mysqld-auth (1.0.2), which bans whom it matches.
BANNED = re.compile(r"Access denied for user '[^']+'@'[^']*' \(using password: (?:YES|NO)\)")


mariadb = scoped(databases.mariadb)
redis = scoped(databases.redis, "--requirepass", "top")


@needs("mariadb-server", "mariadbd", "mariadb-install-db")
class TestMariadb:
    @pytest.mark.parametrize(
        ("config", "reason"),
        [
            ({"username": "e", "password": "pw"}, None),
            ({"username": "e", "password": "pw", "tls": True}, None),
            ({"username": "e", "password": "other"}, "Access denied for user 'e'"),
            ({"username": "lengthy", "password": "lengthy" * 20}, None),
            ({"username": "m", "password": "pw", "database": "app", "query": "SELECT 1"}, None),
        ],
    )
    def test_ed25519_and_native(self, mariadb, config, reason):
        expect(ask("MYSQL", mariadb.endpoint(), config), reason)

    @pytest.mark.parametrize(
        ("kind", "config"),
        [("MYSQL", {}), ("MYSQL", {"tls": True}), ("SSL", {"starttls": "mysql"})],
    )
    def test_a_guest_leaves_nothing_that_is_counted(self, mariadb, kind, config):
        mariadb.forget()
        for _ in range(3):
            expect(ask(kind, mariadb.endpoint(), config))
        log = mariadb.log()
        assert "Aborted connection" not in log
        assert log.count("Access denied for user ''@") == 3
        assert not BANNED.search(log)

    def test_a_certificate_for_another_name_is_told_in_words(self):
        with databases.mariadb(address="127.0.0.2") as server:
            observation = ask("SSL", server.endpoint(host="127.0.0.2"), {"starttls": "mysql"})
        assert observation.status is Status.RED
        assert observation.error == "certificate is for localhost, 127.0.0.1, not 127.0.0.2"
        assert observation.certificate is not None

    def test_a_user_without_rights_leaves_nothing(self, mariadb):
        mariadb.forget()
        expect(ask("MYSQL", mariadb.endpoint(), {"username": "e", "password": "pw"}))
        assert mariadb.log() == ""

    @pytest.mark.parametrize("kind", ["MYSQL", "SSL"])
    def test_a_host_is_never_blocked(self, kind):
        """Fifty checks of a server that blocks a host after twenty; loopback it would not block."""
        hosts = Path("/etc/hosts").read_text() + f"\n{ADDRESS} monitor.test\n"
        script = (
            "printf '%s' \"$HOSTS\" > /tmp/hosts.$$ && mount --bind /tmp/hosts.$$ /etc/hosts &&"
            f" ip link set lo up && ip address add {ADDRESS}/32 dev lo || exit 77;"
            ' rm /tmp/hosts.$$; exec "$0" -m tests.checks.test_real_databases "$1"'
        )
        run = subprocess.run(
            ["unshare", "--net", "--mount", "sh", "-c", script, sys.executable, kind],
            cwd=ROOT,
            env={**os.environ, "HOSTS": hosts},
            capture_output=True,
            text=True,
            timeout=300,
        )
        if run.returncode == 77 or "unshare failed" in run.stderr:
            pytest.skip(f"a network namespace is not permitted here: {run.stderr}")
        assert run.returncode == 0, run.stderr
        told, blocked = run.stdout.split()
        assert told == "GREEN"
        assert blocked == "True", "the server must block who hangs up, or this shows nothing"


ADDRESS = "192.0.2.1"


def check_fifty_times(kind):
    """Check from an address that can be blocked; then hang up as often and see who is."""
    config = {"starttls": "mysql", "verify_chain": False} if kind == "SSL" else {}
    with databases.mariadb("--max-connect-errors=20", address="0.0.0.0") as server:
        endpoint = server.endpoint(host=ADDRESS)
        if kind == "SSL":  # whose certificate is for localhost: RED, but for another reason
            endpoint = server.endpoint(host="monitor.test")
        told = {ask(kind, endpoint, config).error for _ in range(50)}
        told.add(ask("MYSQL", server.endpoint(host=ADDRESS)).error)
        is_blocked = hang_up_until_blocked(server)
    allowed = {None, "certificate is for localhost, 127.0.0.1, not monitor.test"}
    print("GREEN" if told <= allowed else told, is_blocked)


def hang_up_until_blocked(server):
    """Say whether a server blocks who hangs up.

    It counts that later than we do it, and a check that goes through begins its count anew: so each
    time it gets longer to count.
    """
    for seconds in (0.0, 0.5, 2.0, 8.0):
        for _ in range(25):
            ask("TCP", server.endpoint(host=ADDRESS))
        time.sleep(seconds)
        error = ask("MYSQL", server.endpoint(host=ADDRESS)).error or ""
        if "is blocked because of many" in error:
            return True
    return False


@needs("redis-server", "redis-server")
class TestRedis:
    @pytest.mark.parametrize(
        ("port", "config", "reason"),
        [
            (0, {}, None),
            (0, {"password": "top"}, None),
            (0, {"username": "w", "password": "pw", "db": 3}, None),
            (0, {"username": "w", "password": "other"}, 'sign-in refused: "WRONGPASS'),
            (0, {"password": "top", "db": 99}, "DB index is out of range"),
            (0, {"db": 3}, "NOAUTH"),
            (1, {"tls": True, "password": "top"}, None),
            (1, {}, "reset the connection without answering; it may want TLS from the first byte"),
            (0, {"tls": True}, "negotiating TLS; a port without TLS may stay silent here"),
        ],
    )
    def test_colours(self, redis, port, config, reason):
        expect(ask("REDIS", redis.endpoint(port), config, timeout_seconds=1.5), reason)


if __name__ == "__main__":
    check_fifty_times(sys.argv[1])
