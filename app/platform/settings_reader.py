"""Values of settings, read from text: what a process cannot work with is said in a sentence."""

import base64
import binascii
import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

import idna

from app.platform.errors import ConfigError

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
MIN_SECRET_BYTES = 32
_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>,;:()\\\"\[\]\x00-\x1f\x7f]+"


def as_asked_for(host: str) -> str:
    """Return a host name as browsers ask for it: lower case, ASCII, no final dot; "" for none."""
    name = host.removesuffix(".").lower()
    try:
        return name if name.isascii() else idna.encode(name, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return ""


def url_parts(url: str) -> SplitResult:
    """Return the parts of an address, all of them empty for what is none."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for what is no number
    except ValueError:
        return urlsplit("")
    return parts


def place(url: str) -> tuple[str, int]:
    """Return host and port of an address; all names of this machine itself are one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return ("loopback" if is_loopback(host) else host), port


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class SettingsReader:
    """Reader of settings by name; each method raises ConfigError, a sentence, for a bad value."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, default: str) -> str:
        """Return a text, or the default where none is given."""
        return self._environ.get(name, "").strip() or default

    def required(self, name: str) -> str:
        """Return a text that must be given."""
        value = self.text(name, "")
        if not value:
            raise ConfigError(
                f"{name} is not set; set it, or use `make run`, which brings its own servers."
            )
        return value

    def secret(self, name: str) -> str:
        """Return a text that is long enough for a secret."""
        value = self.required(name)
        if len(value.encode()) < MIN_SECRET_BYTES:
            raise ConfigError(
                f"{name} is too short: it needs at least {MIN_SECRET_BYTES} bytes; "
                "`openssl rand -hex 32` makes a good one."
            )
        return value

    def key(self, name: str) -> bytes:
        """Return 32 bytes, written in hex or base64."""
        value = self.required(name)
        for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
            try:
                key = decode(value)
            except (ValueError, binascii.Error):
                continue
            if len(key) == 32:
                return key
        raise ConfigError(
            f"{name} must be 32 bytes written as 64 hex digits or as base64; "
            "`openssl rand -hex 32` makes a good one."
        )

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number between two, both included."""
        raw = self.text(name, str(default))
        try:
            value = int(raw)
        except ValueError:
            raise ConfigError(f"{name} must be a whole number, not {raw!r}.") from None
        if not low <= value <= high:
            raise ConfigError(f"{name} must be between {low} and {high}, not {value}.")
        return value

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """Return one of the words that are allowed, in lower case."""
        value = self.text(name, default).lower()
        if value not in allowed:
            raise ConfigError(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
        return value

    def switch(self, name: str, default: bool) -> bool:
        """Say whether something is on."""
        return self.choice(name, "on" if default else "off", ("on", "off")) == "on"

    def items(self, name: str, default: str = "") -> tuple[str, ...]:
        """Return what is separated by commas."""
        return tuple(part.strip() for part in self.text(name, default).split(",") if part.strip())

    def file(self, name: str) -> str:
        """Return the path of a file that can be read; "" for none."""
        path = self.text(name, "")
        if path and not os.access(path, os.R_OK):
            raise ConfigError(f"{name} names a file that cannot be read: {path}.")
        return path

    def url(self, name: str) -> str:
        """Return an address of HTTP without a final slash; "" for none."""
        url = self.text(name, "").rstrip("/")
        parts = url_parts(url)
        if url and (parts.scheme not in ("https", "http") or not parts.hostname):
            raise ConfigError(f"{name} must look like https://monitor.example.com.")
        return url

    def hosts(self, name: str) -> tuple[str, ...]:
        """Return names of hosts as browsers ask for them."""
        result = tuple(map(as_asked_for, self.items(name)))
        if not all(re.fullmatch(r"[a-z0-9._-]+", host) for host in result):
            raise ConfigError(f"{name} must list names of hosts like monitor.example.com.")
        return result

    def mailbox(self, name: str) -> str:
        """Return the address of a mailbox, its domain in ASCII; "" for none."""
        text = self.text(name, "")
        if not text:
            return ""
        if not re.fullmatch(_ADDRESS, text):
            raise ConfigError(f"{name} must look like alerts@example.com.")
        local, _, domain = text.rpartition("@")
        return f"{local}@{as_asked_for(domain) or domain}"

    def sender(self, name: str, default: str) -> str:
        """Return the address of a mailbox, which may stand behind a name."""
        text = self.text(name, default)
        if not re.fullmatch(rf"{_ADDRESS}|[^<>\r\n]*<{_ADDRESS}>", text):
            raise ConfigError(
                f"{name} must look like AlertifyPro <alerts@example.com> or alerts@example.com."
            )
        return text

    def mapping(self, name: str) -> Mapping[str, str]:
        """Return pairs of a name and a value; values lose their final slash."""
        pairs = [item.partition("=") for item in self.items(name)]
        if not all(key and value for key, _, value in pairs):
            raise ConfigError(f"{name} must look like pagerduty.us=https://events.example.com.")
        return {key.strip(): value.strip().rstrip("/") for key, _, value in pairs}

    def networks(self, name: str, default: str = "") -> tuple[IpNetwork, ...]:
        """Return networks, of which single addresses are one each."""
        try:
            parts = self.items(name, default)
            return tuple(ipaddress.ip_network(part, strict=False) for part in parts)
        except ValueError as error:
            raise ConfigError(f"{name} must list networks like 10.0.0.0/8: {error}.") from None
