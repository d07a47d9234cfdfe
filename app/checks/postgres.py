"""POSTGRES: the server answers a start-up message, lets us in, and runs a query if asked.

Source: https://www.postgresql.org/docs/current/protocol.html (version 3.0 of the protocol).
"""

import hashlib
import struct
from collections.abc import Mapping
from typing import Any

from app.checks.base import CheckConfig, CheckFailed, ProtocolBroken, check_type, host_and_port
from app.checks.fields import choice, secret, text
from app.checks.scram import Scram
from app.checks.wire import Wire, wire_to
from app.domain.types import FailureKind, Probe, Target
from app.network.network import Network

PORT = 5432
MAX_MESSAGE = 64 * 1024
MAX_RESULT = 1024 * 1024
SSL_MODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
_VERSION, _SSL_REQUEST = 196608, 80877103
_OK, _CLEARTEXT, _MD5, _SASL, _SASL_CONTINUE, _SASL_FINAL = 0, 3, 5, 10, 11, 12
_PROTOCOL = "the PostgreSQL protocol"
# Refusals that only a server that is up and ready gives: who we are, or which database.
_NO_SUCH_DATABASE = "3D000"
_ORDERLY = ("28000", "28P01", _NO_SUCH_DATABASE, "42501")


class PostgresConfig(CheckConfig):
    """Config of a PostgreSQL check: the user to sign in as, and the statement to run."""

    username = text("user name", "monitor", max_length=63)
    password = secret("password; without it a demand for one is answer enough")
    database = text("database; by default the user's name", "postgres", max_length=63)
    query = text("statement that must succeed", "SELECT 1", max_length=10_000, lines=True)
    sslmode = choice("how to use TLS, as in libpq", SSL_MODES, default="prefer")


def _is_about(code: str, config: Mapping[str, Any]) -> bool:
    """Say whether a refusal is about something that the config names."""
    name = "database" if code == _NO_SUCH_DATABASE else "username"
    return bool(config.get(name))


class _Refused(CheckFailed):
    def __init__(self, fields: Mapping[str, str]) -> None:
        self.code = fields.get("C", "")
        message = fields.get("M", "an error without a message")
        super().__init__(f"the server answered: {message} ({self.code or 'no code'})")


@check_type(
    "POSTGRES",
    "POSTGRESQL",
    config=PostgresConfig,
    endpoint=host_and_port(PORT),
    label="PostgreSQL",
)
async def check_postgres(target: Target, network: Network) -> Probe:
    """Start a session; with credentials sign in, with `query` run it."""
    config = target.config
    wants_session = bool(config.get("password") or config.get("query"))
    async with wire_to(target, network, tls=False, default_port=PORT) as wire:
        await _maybe_tls(wire, config.get("sslmode", "prefer"))
        user = config.get("username") or "postgres"
        _start(wire, user, config.get("database") or user)
        wire.stage("waiting for the answer to the start-up message")
        try:
            kind, body = await _message(wire)
            if kind != b"R":
                raise await wire.other_protocol(_PROTOCOL, kind + body)
            if wants_session:
                await _sign_in(wire, body, user, config.get("password"))
        except _Refused as refusal:
            if wants_session or refusal.code not in _ORDERLY or _is_about(refusal.code, config):
                raise
            return wire.probe()
        if not wants_session and _method(body) != _OK:
            return wire.probe()  # a client without a password just hangs up: nothing is logged
        if config.get("query"):
            await _query(wire, config["query"])
        wire.send(b"X\0\0\0\4")
        return wire.probe()


async def ask_for_tls(wire: Wire) -> bool:
    """Send an SSLRequest and return whether the server agrees. Raises CheckFailed."""
    wire.send(struct.pack(">II", 8, _SSL_REQUEST))
    wire.stage("waiting for the answer to the TLS request")
    answer = await wire.exactly(1)
    if answer in (b"S", b"N"):
        return answer == b"S"
    if answer == b"E":  # as PgBouncer does at once where too many clients are connected
        raise await _refusal(wire)
    raise await wire.other_protocol(_PROTOCOL, answer)


async def _refusal(wire: Wire) -> CheckFailed:
    """Return the error that a server answers to the TLS request, after its first byte.

    A server that cannot fork writes it as version 2 of the protocol has it: a text and a zero byte.
    """
    head = await wire.exactly(4)
    size = int.from_bytes(head)
    if 4 <= size <= MAX_MESSAGE:
        return _refused(await wire.exactly(size - 4))
    if not head.isascii() or not head.decode("ascii").isprintable():
        return await wire.other_protocol(_PROTOCOL, b"E" + head)
    said = (head + (await wire.some()).partition(b"\0")[0]).decode("utf-8", "replace")
    return _Refused({"M": said.strip()})


def _refused(body: bytes) -> _Refused:
    parts = [part.decode("utf-8", "replace") for part in body.split(b"\0") if part]
    return _Refused({part[0]: part[1:] for part in parts})


async def _maybe_tls(wire: Wire, mode: str) -> None:
    if mode == "disable":
        return
    if await ask_for_tls(wire):
        await wire.start_tls(verify=mode.startswith("verify"), check_host=mode != "verify-ca")
    elif mode != "prefer":
        raise CheckFailed("the server does not offer TLS", kind=FailureKind.TLS)


def _start(wire: Wire, user: str, database: str) -> None:
    pairs = ("user", user, "database", database, "application_name", "AlertifyPro")
    body = b"".join(part.encode() + b"\0" for part in pairs) + b"\0"
    wire.send(struct.pack(">II", len(body) + 8, _VERSION) + body)


async def _message(wire: Wire, limit: int = MAX_MESSAGE) -> tuple[bytes, bytes]:
    head = await wire.exactly(5)
    kind, size = struct.unpack(">cI", head)
    if kind == b"D" and size > limit:
        raise CheckFailed("the query returns more than 1 MiB")
    if not 4 <= size <= limit:
        raise await wire.other_protocol(_PROTOCOL, head)
    body = await wire.exactly(size - 4)
    if kind == b"E":
        raise _refused(body)
    return kind, body


async def _sign_in(wire: Wire, body: bytes, user: str, password: str | None) -> None:
    wire.stage("signing in")
    method = _method(body)
    if method != _OK:
        if password is None:
            raise CheckFailed("the server asks for a password")
        if method == _CLEARTEXT:
            _send(wire, password.encode() + b"\0")
        elif method == _MD5:
            _send(wire, _md5(user, password, body[4:8]) + b"\0")
        elif method == _SASL and b"SCRAM-SHA-256\0" in body[4:]:
            await _scram(wire, user, password)
        else:
            raise CheckFailed("the server asks for a way to sign in that is not known here")
    kind = b""
    while kind != b"Z":  # ready for a query
        kind, body = await _message(wire)
        if kind == b"R" and _method(body) != _OK:
            raise ProtocolBroken("the server does not end the sign-in")


async def _scram(wire: Wire, user: str, password: str) -> None:
    scram = Scram("sha256", user, password)
    first = scram.first()
    _send(wire, b"SCRAM-SHA-256\0" + struct.pack(">I", len(first)) + first)
    _send(wire, await scram.final(await _sasl(wire, _SASL_CONTINUE)))
    scram.verify(await _sasl(wire, _SASL_FINAL))


async def _sasl(wire: Wire, step: int) -> bytes:
    kind, body = await _message(wire)
    if kind != b"R" or _method(body) != step:
        raise ProtocolBroken("the server breaks off the sign-in")
    return body[4:]


async def _query(wire: Wire, statement: str) -> None:
    wire.stage("waiting for the result of the query")
    text = statement.encode() + b"\0"
    wire.send(b"Q" + struct.pack(">I", len(text) + 4) + text)
    kind, total = b"", 0
    while kind != b"Z":
        kind, body = await _message(wire, MAX_RESULT)
        total += len(body)
        if total > MAX_RESULT:
            raise CheckFailed("the query returns more than 1 MiB")
        if kind == b"G":
            raise CheckFailed("the query must not be a COPY")


def _method(body: bytes) -> int:
    if len(body) < 4:
        raise ProtocolBroken("the server's answer cannot be read")
    return int.from_bytes(body[:4])


def _send(wire: Wire, body: bytes) -> None:
    wire.send(b"p" + struct.pack(">I", len(body) + 4) + body)


def _md5(user: str, password: str, salt: bytes) -> bytes:
    inner = hashlib.md5((password + user).encode(), usedforsecurity=False).hexdigest()
    outer = hashlib.md5(inner.encode() + salt, usedforsecurity=False).hexdigest()
    return f"md5{outer}".encode()
