"""The first words of text protocols, and how each of them changes over to TLS.

Sources: RFC 5321 and 3207 (SMTP), 3501 and 2595 (IMAP, POP3), 1939 (POP3), 959 and 4217 (FTP).
"""

import re
from collections.abc import Mapping

from app.checks.base import CheckFailed, ProtocolBroken
from app.checks.wire import MAX_LINES, Wire
from app.domain.checks.assertions import shown
from app.domain.types import FailureKind

CLIENT_NAME = "alertifypro.local"
_NO_MAIL_SERVER = "this is a file server (FTP), not a mail server (SMTP)"
_NONE: Mapping[str, str] = {}
_CODE = re.compile(r"([1-5][0-9]{2})(?:([ -])|\Z)", re.ASCII)
_IMAP_GREETING = re.compile(r"\* (?:OK|PREAUTH)(?: |\Z)", re.I)
_REFUSED = ("4", "5")  # the first digit of codes that say no
_UNKNOWN_COMMAND = ("500", "502")


async def reply(wire: Wire, code: str, what: str, known: Mapping[str, str] = _NONE) -> None:
    """Read a reply of SMTP or FTP, all its lines. Raises CheckFailed for another code.

    `known` has the sentences for codes that tell what is wrong.
    """
    line = await _reply(wire, what)
    if line[:3] in known:
        raise ProtocolBroken(known[line[:3]])
    if code_of(line) != code:
        raise ProtocolBroken(f"expected {code} as {what}, got {shown(line)}")


def code_of(line: str) -> str:
    """Return the code that a line of SMTP or FTP begins with; empty without one."""
    found = _CODE.match(line)
    return found[1] if found else ""


async def _reply(wire: Wire, what: str) -> str:
    """Return the line of a reply that counts: the first, or one that refuses after it.

    The lines of a reply should all have one code (RFC 5321 4.2.1, RFC 959 4.2), but a server that
    begins with a welcome may change its mind. Raises CheckFailed for a reply without end.
    """
    _wait(wire, what)
    first = last = await wire.line()
    for _ in range(MAX_LINES):
        found = _CODE.match(last)
        if found is None and last is first:
            return first
        if found and found[2] != "-":
            if found[1] == first[:3]:
                return first
            if found[1].startswith(_REFUSED):
                return last
        last = await wire.line()
    raise ProtocolBroken(f"{what} has more than {MAX_LINES} lines")


async def greet_smtp(wire: Wire) -> None:
    """Read an SMTP greeting and introduce ourselves. Raises CheckFailed."""
    await reply(wire, "220", "the greeting")
    await hello_smtp(wire)


async def hello_smtp(wire: Wire) -> None:
    """Send EHLO, or HELO to a server that does not know it (RFC 5321 3.2). Raises CheckFailed.

    File servers greet with 220 as well, but want to know who it is before any other command (530).
    """
    wire.send(f"EHLO {CLIENT_NAME}\r\n".encode())
    line = await _reply(wire, "the answer to EHLO")
    code = code_of(line)
    if code == "250":
        return
    if code == "530":
        raise ProtocolBroken(_NO_MAIL_SERVER)
    if code in _UNKNOWN_COMMAND and await _knows_helo(wire):
        return
    raise ProtocolBroken(f"expected 250 as the answer to EHLO, got {shown(line)}")


async def _knows_helo(wire: Wire) -> bool:
    """Introduce ourselves in the old way; say whether the server takes it."""
    wire.send(f"HELO {CLIENT_NAME}\r\n".encode())
    try:
        await reply(wire, "250", "the answer to HELO")
    except CheckFailed:
        return False
    return True


async def upgrade_smtp(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await greet_smtp(wire)
    wire.send(b"STARTTLS\r\n")
    await _agreed(wire, "220", "STARTTLS")


async def greet_imap(wire: Wire) -> None:
    """Read an IMAP greeting. Raises CheckFailed."""
    _wait(wire, "the greeting")
    line = await wire.line()
    if not _IMAP_GREETING.match(line):
        raise ProtocolBroken(f'expected "* OK" as the greeting, got {shown(line)}')


async def upgrade_imap(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await greet_imap(wire)
    wire.send(b"a1 STARTTLS\r\n")
    wire.stage("waiting for the answer to STARTTLS")
    for _ in range(MAX_LINES):
        line = await wire.line()
        if line.lower().startswith("a1 "):
            if line[3:].upper().split(" ")[0] == "OK":
                return
            raise _not_offered("STARTTLS", line)
        if line.upper().startswith("* BYE"):
            raise ProtocolBroken(f"the server says goodbye instead of STARTTLS: {shown(line)}")
    raise ProtocolBroken("the server does not answer STARTTLS")


async def greet_pop3(wire: Wire) -> None:
    """Read a POP3 greeting. Raises CheckFailed."""
    await _ok(wire, "the greeting")


async def upgrade_pop3(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await greet_pop3(wire)
    wire.send(b"STLS\r\n")
    wire.stage("waiting for the answer to STLS")
    line = await wire.line()
    if not line.startswith("+OK"):
        raise _not_offered("STLS", line)


async def greet_ftp(wire: Wire) -> None:
    """Read an FTP greeting and the answer to NOOP. Raises CheckFailed.

    Mail servers greet with 220 as well, but answer NOOP with 250 (RFC 5321 4.2.4), file servers
    with 200, or 530 to whoever has not signed in (RFC 959 5.4).
    """
    await _ready_ftp(wire)
    wire.send(b"NOOP\r\n")
    wire.stage("waiting for the answer to NOOP")
    line = await wire.line()
    if code_of(line) == "250":
        raise ProtocolBroken("this is a mail server (SMTP), not a file server (FTP)")
    if code_of(line) == "421":  # the service ends, whatever was asked (RFC 959 4.2.2)
        raise ProtocolBroken(f"the server closes the service: it answered {shown(line)}")
    if not code_of(line):
        raise ProtocolBroken(f"expected a code as the answer to NOOP, got {shown(line)}")


async def upgrade_ftp(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await _ready_ftp(wire)
    wire.send(b"AUTH TLS\r\n")
    await _agreed(wire, "234", "AUTH TLS")


async def _ready_ftp(wire: Wire) -> None:
    """Read an FTP greeting, which may be preceded by the word to wait for it (RFC 959 5.4)."""
    line = await _reply(wire, "the greeting")
    if code_of(line) == "120":
        line = await _reply(wire, f"the greeting; it said {shown(line)}")
    if code_of(line) != "220":
        raise ProtocolBroken(f"expected 220 as the greeting, got {shown(line)}")


def _wait(wire: Wire, what: str) -> None:
    secured = wire.connection.phases.tls_ms is not None
    hint = "; a port that speaks TLS from the first byte stays silent here"
    is_greeting = what == "the greeting" and not secured
    wire.stage(f"waiting for {what}{hint if is_greeting else ''}")


async def _agreed(wire: Wire, code: str, command: str) -> None:
    """Read the answer to a request for TLS. Raises CheckFailed."""
    wire.stage(f"waiting for the answer to {command}")
    line = await wire.line()
    if code_of(line) != code:
        raise _not_offered(command, line)
    for _ in range(MAX_LINES):
        if line[3:4] != "-":
            return
        line = await wire.line()
    raise ProtocolBroken(f"the answer to {command} has more than {MAX_LINES} lines")


def _not_offered(command: str, line: str) -> CheckFailed:
    sentence = f"the server does not offer {command}: it answered {shown(line)}"
    return CheckFailed(sentence, kind=FailureKind.TLS)


async def _ok(wire: Wire, what: str) -> None:
    _wait(wire, what)
    line = await wire.line()
    if not line.startswith("+OK"):
        raise ProtocolBroken(f'expected "+OK" as {what}, got {shown(line)}')
