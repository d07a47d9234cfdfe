"""The first words of text protocols, and how each of them changes over to TLS.

Sources: RFC 5321 and 3207 (SMTP), 3501 and 2595 (IMAP, POP3), 1939 (POP3), 959 and 4217 (FTP).
"""

from app.checks.base import CheckFailed, ProtocolBroken
from app.checks.wire import MAX_LINES, Wire
from app.domain.checks.assertions import shown

CLIENT_NAME = "alertifypro.local"


async def reply(wire: Wire, code: str, what: str) -> None:
    """Read a reply of SMTP or FTP, all its lines. Raises CheckFailed for another code."""
    wire.stage(f"waiting for {what}")
    first = last = await wire.line()
    if first[:3] != code:
        raise ProtocolBroken(f"expected {code} as {what}, got {shown(first)}")
    for _ in range(MAX_LINES):
        if last[:3] == code and last[3:4] != "-":
            return
        last = await wire.line()
    raise ProtocolBroken(f"{what} has more than {MAX_LINES} lines")


async def greet_smtp(wire: Wire) -> None:
    """Read an SMTP greeting and introduce ourselves. Raises CheckFailed."""
    await reply(wire, "220", "the greeting")
    await hello_smtp(wire)


async def hello_smtp(wire: Wire) -> None:
    """Send EHLO. Raises CheckFailed."""
    wire.send(f"EHLO {CLIENT_NAME}\r\n".encode())
    await reply(wire, "250", "the answer to EHLO")


async def upgrade_smtp(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await greet_smtp(wire)
    wire.send(b"STARTTLS\r\n")
    await reply(wire, "220", "the answer to STARTTLS")


async def greet_imap(wire: Wire) -> None:
    """Read an IMAP greeting. Raises CheckFailed."""
    wire.stage("waiting for the greeting")
    line = await wire.line()
    if not line.upper().startswith(("* OK", "* PREAUTH")):
        raise ProtocolBroken(f'expected "* OK" as the greeting, got {shown(line)}')


async def upgrade_imap(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await greet_imap(wire)
    wire.send(b"a1 STARTTLS\r\n")
    wire.stage("waiting for the answer to STARTTLS")
    for _ in range(MAX_LINES):
        line = await wire.line()
        if line.lower().startswith("a1 "):
            if line[3:5].upper() == "OK":
                return
            raise CheckFailed(f"the server refused STARTTLS: {shown(line)}")
    raise ProtocolBroken("the server does not answer STARTTLS")


async def greet_pop3(wire: Wire) -> None:
    """Read a POP3 greeting. Raises CheckFailed."""
    await _ok(wire, "the greeting")


async def upgrade_pop3(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await greet_pop3(wire)
    wire.send(b"STLS\r\n")
    await _ok(wire, "the answer to STLS")


async def greet_ftp(wire: Wire) -> None:
    """Read an FTP greeting. Raises CheckFailed."""
    await reply(wire, "220", "the greeting")


async def upgrade_ftp(wire: Wire) -> None:
    """Greet and ask for TLS. Raises CheckFailed."""
    await greet_ftp(wire)
    wire.send(b"AUTH TLS\r\n")
    await reply(wire, "234", "the answer to AUTH TLS")


async def _ok(wire: Wire, what: str) -> None:
    wire.stage(f"waiting for {what}")
    line = await wire.line()
    if not line.startswith("+OK"):
        raise ProtocolBroken(f'expected "+OK" as {what}, got {shown(line)}')
