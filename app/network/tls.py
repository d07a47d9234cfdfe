"""TLS for streams: contexts made once per kind, and the search for what is wrong with a chain."""

import ssl
from dataclasses import dataclass

import certifi


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """How to speak TLS: `server_name` is the name to ask for and to verify (default: the host)."""

    verify: bool = True
    check_host: bool = True
    server_name: str | None = None
    alpn: tuple[str, ...] = ()


class TlsContexts:
    """SSL contexts by kind; reading the authorities takes 20 ms, so each is made once."""

    def __init__(self, ca_file: str | None = None) -> None:
        self.ca_file = ca_file or certifi.where()
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
        if options.verify:
            context.check_hostname = options.check_host
            context.load_verify_locations(self.ca_file)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if options.alpn:
            context.set_alpn_protocols(list(options.alpn))
        return context
