"""MariaDB and Redis."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import certificates
from tests.checks.real_servers import RealServer, found, home_of, running
from tests.free_ports import free_port


@contextmanager
def mariadb(*options: str, address: str = "127.0.0.1") -> Iterator[RealServer]:
    """Run MariaDB: m signs in by mysql_native_password, e by ed25519 (both with "pw")."""
    with home_of("mariadb") as home:
        port = free_port()
        (home / "init.sql").write_text(
            "INSTALL SONAME 'auth_ed25519';\n"
            "CREATE USER m@'%' IDENTIFIED BY 'pw';\n"
            "CREATE USER e@'%' IDENTIFIED VIA ed25519 USING PASSWORD('pw');\n"
            "CREATE USER lengthy@'%' IDENTIFIED VIA ed25519 USING PASSWORD('"
            + "lengthy"
            * 20
            + "');\n"
            "CREATE DATABASE app;\n"
            "GRANT ALL ON app.* TO m@'%';\n"
        )
        data = ("--no-defaults", "--user=root", f"--datadir={home / 'data'}")
        subprocess.run(
            [
                found("mariadb-install-db") or "",
                *data,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ],
            check=True,
            capture_output=True,
        )
        command = [
            *(found("mariadbd") or "", *data, f"--port={port}", f"--bind-address={address}"),
            *(f"--socket={home / 's.sock'}", f"--init-file={home / 'init.sql'}"),
            *(f"--ssl-cert={home / 'cert.pem'}", f"--ssl-key={home / 'key.pem'}"),
            *options,
        ]
        with _listening(home, command, port, address) as server:
            yield server


@contextmanager
def _listening(home: Path, command: Sequence[str], port: int, address: str) -> Iterator[RealServer]:
    with running(home, command, () if address != "127.0.0.1" else (port,)) as server:
        while "ready for connections" not in server.log(0.05):
            time.sleep(0.05)
        server.ports = (port,)
        yield server


@contextmanager
def redis(*options: str) -> Iterator[RealServer]:
    """Run Redis: a plain port and one with TLS; the user w has the password pw."""
    with home_of("redis") as home:
        plain, secure = free_port(), free_port()
        command = [
            *(found("redis-server") or "", "--port", str(plain), "--bind", "127.0.0.1"),
            *("--dir", str(home), "--save", "", "--logfile", "", "--loglevel", "verbose"),
            *("--tls-port", str(secure), "--tls-auth-clients", "no"),
            *("--tls-cert-file", str(home / "cert.pem"), "--tls-key-file", str(home / "key.pem")),
            *("--tls-ca-cert-file", certificates.ca_file()),
            *options,
        ]
        (home / "config").write_text("user w on >pw ~* +@all\n")
        command.insert(1, str(home / "config"))
        with running(home, command, (plain, secure)) as server:
            yield server
