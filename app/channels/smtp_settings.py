"""Settings of SMTP_URL: the operator's own mail server, trusted, so not behind the guard."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from app.domain.checks.endpoints import parse_host

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Settings of a mail server.

    `tls`: `implicit` (smtps://, RFC 8314), `required` (STARTTLS or no mail), `offered` (STARTTLS
    where the server has it) or `off`.
    """

    host: str
    port: int
    tls: Literal["implicit", "required", "offered", "off"]
    user: str | None = None
    password: str | None = None
    verify: bool = True


def parse_smtp_url(url: str) -> SmtpSettings | None:
    """Read smtp://user:password@host:587 or smtps://…; None for an empty one.

    `?starttls=required|offered|off` and `?verify=off` change the defaults: with a password for
    another host STARTTLS is required. Raises ValueError with a sentence that holds no password.
    """
    if not url:
        return None
    example = "SMTP_URL must look like smtp://user:password@host:587 or smtps://…"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"{example}.") from None
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise ValueError(f"{example}.")
    with suppress(ValueError):
        host = parse_host(host)  # a name of another alphabet in its ASCII form
    options = parse_qs(parts.query)
    starttls = options.pop("starttls", [""])[-1]
    verify = options.pop("verify", ["on"])[-1]
    if options or starttls not in ("", "required", "offered", "off") or verify not in ("on", "off"):
        raise ValueError("SMTP_URL takes ?starttls=required|offered|off and ?verify=on|off only.")
    user = unquote(parts.username) if parts.username else None
    tls: Literal["implicit", "required", "offered", "off"]
    if parts.scheme == "smtps":
        tls = "implicit"
    elif starttls == "off":
        tls = "off"
    elif starttls == "required" or (not starttls and user and host not in _LOOPBACK):
        tls = "required"
    else:
        tls = "offered"
    return SmtpSettings(
        host=host,
        port=port or {"implicit": 465}.get(tls, 587 if user else 25),
        tls=tls,
        user=user,
        password=unquote(parts.password) if parts.password else None,
        verify=verify == "on",
    )
