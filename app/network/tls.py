"""The one TLS policy of streams and HTTP: authorities, versions and ciphers; contexts by kind."""

import hashlib
import os
import ssl
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import certifi

from app.platform import scratch


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """Options of TLS: `server_name` is the name to ask for and to verify (default: the host)."""

    verify: bool = True
    check_host: bool = True
    server_name: str | None = None
    alpn: tuple[str, ...] = ()


# What browsers accept: TLS 1.2 and later with every cipher that OpenSSL calls safe by default.
CIPHERS = "DEFAULT"
MINIMUM = ssl.TLSVersion.TLSv1_2


@lru_cache(maxsize=16)
def authorities(own: str | None) -> str:
    """Return a file with the public authorities and, after them, an operator's own.

    All processes of a user share the file that joins both: one of its own each would be left
    behind, in memory, by those that are killed. Raises OSError.
    """
    if not own:
        return certifi.where()
    content = Path(certifi.where()).read_bytes() + b"\n" + Path(own).read_bytes()
    joined = scratch.shared_folder() / f"authorities-{hashlib.sha256(content).hexdigest()}.pem"
    if not _holds(joined, content):
        handle, written = tempfile.mkstemp(dir=joined.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(written, joined)
    return str(joined)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


class TlsContexts:
    """SSL contexts by kind; reading the authorities takes 20 ms, so each is made once."""

    def __init__(self, ca_file: str | None = None) -> None:
        self.ca_file = authorities(ca_file)
        self._made: dict[tuple[bool, bool, tuple[str, ...]], ssl.SSLContext] = {}

    def get(self, options: TlsOptions) -> ssl.SSLContext:
        """Return the context for these options."""
        key = (options.verify, options.check_host, options.alpn)
        context = self._made.get(key)
        if context is None:
            context = self._made[key] = self._make(options)
        return context

    def _make(self, options: TlsOptions) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = MINIMUM
        context.set_ciphers(CIPHERS)
        if options.verify:
            context.check_hostname = options.check_host
            context.hostname_checks_common_name = False  # RFC 9525 2: alternative names alone
            context.load_verify_locations(self.ca_file)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if options.alpn:
            context.set_alpn_protocols(list(options.alpn))
        return context
