"""Real database servers for the tests of this folder."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection, create_server
from urllib.parse import unquote, urlsplit

from dnslib.server import DNSServer

from app.local.embedded import Embedded
from tests import certificates

MARIADB = shutil.which("mariadbd")
INSTALL = shutil.which("mariadb-install-db")


def embedded() -> Iterator[Embedded]:
    """Yield a running PostgreSQL and Valkey."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-checks-") as directory,
        Embedded(directory, durable=False) as servers,
    ):
        yield servers


def parts(url: str) -> tuple[str, str, str]:
    """Return host:port, user and password of a URL."""
    found = urlsplit(url)
    endpoint = f"{found.hostname}:{found.port}"
    return endpoint, unquote(found.username or ""), unquote(found.password or "")


class _Quiet:
    """A logger that says nothing."""

    def __getattr__(self, name: str) -> object:
        return lambda *args: None


@contextmanager
def name_server(resolver: object) -> Iterator[str]:
    """Yield host:port of a name server (dnslib) that listens on UDP and TCP."""
    udp, tcp = _pair(resolver)
    threads = [
        threading.Thread(target=one.server.serve_forever, args=(0.01,)) for one in (udp, tcp)
    ]
    for thread in threads:
        thread.start()
    try:
        yield f"127.0.0.1:{udp.server.server_address[1]}"
    finally:
        for one, thread in zip((udp, tcp), threads, strict=True):
            one.server.shutdown()
            one.server.server_close()
            thread.join()


def _pair(resolver: object) -> tuple[DNSServer, DNSServer]:
    """Return servers on one port; a port that is free for UDP may be taken for TCP."""
    while True:
        udp = DNSServer(resolver, address="127.0.0.1", port=0, logger=_Quiet())
        port = udp.server.server_address[1]
        try:
            tcp = DNSServer(resolver, address="127.0.0.1", port=port, tcp=True, logger=_Quiet())
        except OSError:
            udp.server.server_close()
            continue
        return udp, tcp


def free_port() -> int:
    """Return a port that nobody uses now."""
    with create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def mariadb() -> Iterator[str]:
    """Yield host:port of a MariaDB with the user m (password pw) and the database app."""
    assert MARIADB is not None
    assert INSTALL is not None
    share = Path(MARIADB).parents[1] / "share" / "mysql"
    with tempfile.TemporaryDirectory(prefix="alertifypro-mariadb-") as directory:
        home = Path(directory)
        certificate = certificates.authority().issue_cert("localhost", "127.0.0.1")
        certificate.private_key_pem.write_to_path(str(home / "key.pem"))
        certificate.cert_chain_pems[0].write_to_path(str(home / "cert.pem"))
        port = free_port()
        (home / "init.sql").write_text(
            "CREATE USER m@'%' IDENTIFIED BY 'pw';\n"
            "CREATE DATABASE app;\n"
            "GRANT ALL ON app.* TO m@'%';\n"
        )
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        common = [
            "--no-defaults",
            f"--datadir={home / 'data'}",
            f"--lc-messages-dir={share}",
            f"--character-sets-dir={share / 'charsets'}",
            *as_root,
        ]
        subprocess.run(
            [
                INSTALL,
                "--no-defaults",
                f"--basedir={Path(MARIADB).parents[1]}",
                f"--datadir={home / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *as_root,
            ],
            check=True,
            capture_output=True,
        )
        server = subprocess.Popen(
            [
                MARIADB,
                *common,
                f"--port={port}",
                "--bind-address=127.0.0.1",
                f"--socket={home / 's.sock'}",
                f"--ssl-cert={home / 'cert.pem'}",
                f"--ssl-key={home / 'key.pem'}",
                f"--init-file={home / 'init.sql'}",
                "--max-connect-errors=20",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for(port)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port of 127.0.0.1."""
    for _ in range(100):
        try:
            create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")
