"""Real database servers for the tests of this folder."""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from socket import create_connection
from urllib.parse import unquote, urlsplit

from dnslib.server import DNSServer

from app.local.embedded import Embedded


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


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port of 127.0.0.1."""
    end = time.monotonic() + 60
    while True:
        try:
            create_connection(("127.0.0.1", port), 10).close()
            return
        except OSError:
            if time.monotonic() > end:
                raise TimeoutError(f"nothing listens on port {port}") from None
            time.sleep(0.1)
