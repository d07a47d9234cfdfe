"""PgBouncer in transaction mode before the tests' PostgreSQL."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.free_ports import free_port
from tests.waiting import seconds_until

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

_CONFIG = """
[databases]
* = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 5
max_client_conn = 200
server_reset_query =
"""


@contextmanager
def pooler(database_url: str) -> Iterator[str]:
    """Run PgBouncer; yield the URL that leads to the database through it."""
    assert PROGRAM
    parts = urlsplit(database_url)
    listen = free_port()
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as folder:
        settings = Path(folder) / "pgbouncer.ini"
        settings.write_text(
            _CONFIG.format(
                host=parts.hostname,
                port=parts.port,
                user=parts.username,
                password=parts.password,
                listen=listen,
            )
        )
        Path(folder).chmod(0o755)
        settings.chmod(0o644)
        user = ("-u", "nobody") if os.geteuid() == 0 else ()
        process = subprocess.Popen([PROGRAM, "-q", *user, settings], stderr=subprocess.DEVNULL)
        url = f"postgresql://{parts.username}@127.0.0.1:{listen}{parts.path}"
        try:
            seconds_until(lambda: _answers(url), 10)
            yield url
        finally:
            process.terminate()
            process.wait(10)


@contextmanager
def pooled_database(server_url: str) -> Iterator[dict[str, str]]:
    """Make an empty database; yield the settings of a product that reaches it through PgBouncer."""
    name = f"pooled_{secrets.token_hex(6)}"
    identifier = sql.Identifier(name)
    base, _, _ = server_url.rpartition("/")
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        with pooler(f"{base}/{name}") as url:
            yield {
                "DATABASE_URL": url,
                "DATABASE_POOLER": "transaction",
                "DATABASE_DIRECT_URL": f"{base}/{name}",
            }
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False
