"""MONGODB: the server answers hello, and lets us in if asked.

Source: https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ (OP_MSG, MongoDB 3.6+).
"""

import hashlib
import struct
from typing import Any

from app.checks.base import CheckConfig, CheckFailed, ProtocolBroken, check_type, host_and_port
from app.checks.bson import decode, encode
from app.checks.fields import secret, text
from app.checks.scram import Scram
from app.checks.wire import Wire, tls_flag, verify_flag, wire_to
from app.domain.types import Probe, Target
from app.network.network import Network

PORT = 27017
MAX_MESSAGE = 256 * 1024
_OP_MSG = 2013
_COMMAND_NOT_FOUND = 59


class MongodbConfig(CheckConfig):
    """Config of a MongoDB check: the user to sign in as."""

    username = text("user name", "monitor", max_length=200)
    password = secret("password")
    auth_source = text("database that knows the user; by default admin", "admin", max_length=64)
    tls = tls_flag()
    verify_tls = verify_flag()


@check_type(
    "MONGODB",
    "MONGO",
    config=MongodbConfig,
    endpoint=host_and_port(PORT),
    label="MongoDB",
)
async def check_mongodb(target: Target, network: Network) -> Probe:
    """Say hello; with credentials sign in by SCRAM."""
    config = target.config
    user, source = config.get("username"), config.get("auth_source", "admin")
    tls = config.get("tls", False)
    async with wire_to(target, network, tls=tls, default_port=PORT) as wire:
        hello: dict[str, Any] = {"hello": 1}
        if user:
            hello["saslSupportedMechs"] = f"{source}.{user}"
        answer = await _command(wire, hello)
        if answer.get("code") == _COMMAND_NOT_FOUND:  # older than 4.4.2
            answer = await _command(wire, {"isMaster": 1, **hello})
        _must_be_ok(answer, "hello")
        if user:
            mechanisms = answer.get("saslSupportedMechs") or ["SCRAM-SHA-256"]
            if not isinstance(mechanisms, list):
                raise ProtocolBroken("the server's answer cannot be read")
            await _sign_in(wire, user, config.get("password", ""), source, mechanisms)
        return wire.probe()


async def _sign_in(
    wire: Wire, user: str, password: str, source: str, mechanisms: list[str]
) -> None:
    wire.stage("signing in")
    if "SCRAM-SHA-256" in mechanisms:
        mechanism, scram = "SCRAM-SHA-256", Scram("sha256", user, password)
    elif "SCRAM-SHA-1" in mechanisms:
        hashed = hashlib.md5(f"{user}:mongo:{password}".encode(), usedforsecurity=False)
        mechanism, scram = "SCRAM-SHA-1", Scram("sha1", user, hashed.hexdigest())
    else:
        raise CheckFailed("the server asks for a way to sign in that is not known here")
    start = {"saslStart": 1, "mechanism": mechanism, "payload": scram.first()}
    answer = await _sasl(wire, start, source)
    proof = await scram.final(_payload(answer))
    answer = await _sasl(wire, _next(answer, proof), source)
    scram.verify(_payload(answer))
    for _ in range(3):  # older servers end with an empty exchange
        if answer.get("done"):
            return
        answer = await _sasl(wire, _next(answer, b""), source)
    raise ProtocolBroken("the server does not end the sign-in")


def _next(answer: dict[str, Any], payload: bytes) -> dict[str, Any]:
    conversation = answer.get("conversationId")
    if not isinstance(conversation, int) or abs(conversation) > 2**31 - 1:
        raise ProtocolBroken("the server breaks off the sign-in")
    return {"saslContinue": 1, "conversationId": conversation, "payload": payload}


def _payload(answer: dict[str, Any]) -> bytes:
    payload = answer.get("payload")
    if not isinstance(payload, bytes):
        raise ProtocolBroken("the server breaks off the sign-in")
    return payload


async def _sasl(wire: Wire, command: dict[str, Any], source: str) -> dict[str, Any]:
    answer = await _command(wire, command, source)
    _must_be_ok(answer, "the sign-in")
    return answer


async def _command(wire: Wire, command: dict[str, Any], database: str = "admin") -> dict[str, Any]:
    wire.stage(f"waiting for the answer to {next(iter(command))}")
    body = struct.pack("<IB", 0, 0) + encode({**command, "$db": database})
    wire.send(struct.pack("<iiii", len(body) + 16, 1, 0, _OP_MSG) + body)
    head = await wire.exactly(16)
    size, _, _, operation = struct.unpack("<iiii", head)
    if operation != _OP_MSG or not 26 <= size <= MAX_MESSAGE:
        raise await wire.other_protocol("the MongoDB protocol", head)
    answer = await wire.exactly(size - 16)
    if answer[4] != 0:
        raise ProtocolBroken("the server's answer cannot be read")
    return decode(answer[5:])


def _must_be_ok(answer: dict[str, Any], what: str) -> None:
    if answer.get("ok") not in (1, 1.0, True):
        message = str(answer.get("errmsg", "an error without a message"))
        raise CheckFailed(f"{what} was refused: {message} ({answer.get('code', 'no code')})")
