"""GRPC: the health service says SERVING, or the server answers in an orderly way without one.

Sources: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md and health-checking.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import H2Error

from app.checks.base import CheckConfig, CheckFailed, ProtocolBroken, check_type, host_and_port
from app.checks.fields import Headers, text
from app.checks.wire import Wire, tls_flag, verifies, verify_flag
from app.domain.checks.endpoints import bracketed, parse_host_port
from app.domain.types import FailureKind, Probe, Target
from app.network.errors import NetworkError
from app.network.first_bytes import known_protocol
from app.network.http import USER_AGENT
from app.network.network import Network
from app.network.tls import TlsOptions

MAX_ANSWER = 64 * 1024
MAX_BYTES = 1024 * 1024
_PATH = "/grpc.health.v1.Health/Check"
_OK, _UNIMPLEMENTED = 0, 12
_CODES = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
}
_UNREADABLE = "the health service's answer cannot be read"
_FRAME_HEAD, MAX_FRAME = 9, 16_384  # bytes; RFC 9113 4.1 and 4.2
_SETTINGS, _GOAWAY = (b"", b"\4"), 7  # types of frames; fewer than four bytes may be any
_VARINT, _LENGTH, _FIXED = 0, 2, {1: 8, 5: 4}
_SERVING = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}


class GrpcConfig(CheckConfig):
    """Config of a gRPC check: the service to ask for, and how."""

    service = text("service whose health is asked for; empty for the whole server", "orders.v1")
    tls = tls_flag()
    verify_tls = verify_flag()
    metadata = Headers("metadata to send", {"authorization": "Bearer s3cret"})


@dataclass(slots=True)
class _Answer:
    headers: dict[str, str] = field(default_factory=dict)
    data: bytes = b""
    ended: bool = False


@check_type(
    "GRPC",
    config=GrpcConfig,
    endpoint=host_and_port(example="server.example.com:50051"),
    label="gRPC service",
)
async def check_grpc(target: Target, network: Network) -> Probe:
    """Call grpc.health.v1.Health/Check over HTTP/2."""
    config = target.config
    endpoint = parse_host_port(target.endpoint)
    secure = bool(config.get("tls"))
    tls = TlsOptions(verify=verifies(config), alpn=("h2",)) if secure else None
    async with network.stream(endpoint.host, endpoint.port, tls=tls) as connection:
        wire = Wire(network, connection)
        authority = f"{bracketed(endpoint.host)}:{endpoint.port}"
        scheme = "https" if secure else "http"
        _evaluate(await _call(wire, authority, scheme, config), config.get("service", ""))
        return wire.probe()


async def _call(wire: Wire, authority: str, scheme: str, config: Mapping[str, Any]) -> _Answer:
    http2 = H2Connection(H2Configuration(client_side=True, header_encoding=None))
    waiting, received, answer = b"", 0, _Answer()
    try:
        http2.initiate_connection()
        http2.send_headers(1, _headers(authority, scheme, config.get("metadata") or {}))
        http2.send_data(1, _question(config.get("service", "")), end_stream=True)
        wire.send(http2.data_to_send())
        wire.stage("waiting for the health service")
        while not answer.ended:
            data = await wire.some()
            if not received and data[3:4] not in _SETTINGS:  # the frame that comes first
                raise ProtocolBroken(f"the server does not speak HTTP/2{_instead(data)}")
            received += len(data)
            if received > MAX_BYTES:
                raise ProtocolBroken("the server sends more than 1 MiB")
            frames, waiting = _frames(waiting + data)
            for event in http2.receive_data(frames):
                _take(answer, event, http2)
            wire.send(http2.data_to_send())
        http2.close_connection()
        wire.send(http2.data_to_send())
    except H2Error:
        raise ProtocolBroken("the server does not follow the rules of HTTP/2") from None
    return answer


def _frames(data: bytes) -> tuple[bytes, bytes]:
    """Return the whole frames in what has come, and what is left of it.

    An orderly farewell lets a call that has begun come to its end (RFC 9113 6.8), while h2 would
    read nothing after it: it is left out.
    """
    kept: list[bytes] = []
    at = 0
    while len(data) >= at + _FRAME_HEAD:
        end = at + _FRAME_HEAD + int.from_bytes(data[at : at + 3])
        if end > at + _FRAME_HEAD + MAX_FRAME:
            return b"".join((*kept, data[at:])), b""  # for h2 to refuse
        if len(data) < end:
            break
        frame, at = data[at:end], end
        last_stream, error = frame[9:13], frame[13:17]
        is_orderly = int.from_bytes(error) == 0 and int.from_bytes(last_stream) >= 1
        if not (frame[3] == _GOAWAY and len(error) == 4 and is_orderly):
            kept.append(frame)
    return b"".join(kept), data[at:]


def _headers(authority: str, scheme: str, metadata: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the head of a call; metadata called `host` names the authority (RFC 9113 8.3.1)."""
    if any(sign in value for value in metadata.values() for sign in "\r\n\0"):  # of a secret
        raise NetworkError("a header holds a line break", FailureKind.CONFIGURATION)
    own = {name.lower(): value for name, value in metadata.items()}
    defaults = {"content-type": "application/grpc", "user-agent": USER_AGENT}
    return [
        (":method", "POST"),
        (":scheme", scheme),
        (":path", _PATH),
        (":authority", own.pop("host", authority)),
        *(defaults | own | {"te": "trailers"}).items(),
    ]


def _question(service: str) -> bytes:
    name = service.encode()
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\0" + len(message).to_bytes(4) + message


def _take(answer: _Answer, event: Event, http2: H2Connection) -> None:
    if isinstance(event, ResponseReceived | TrailersReceived):
        for name, value in event.headers or ():
            answer.headers[_text(name)] = _text(value)
    elif isinstance(event, DataReceived):
        answer.data += event.data or b""
        http2.acknowledge_received_data(event.flow_controlled_length or 0, 1)
        if len(answer.data) > MAX_ANSWER:
            raise ProtocolBroken("the health service answers more than 64 KiB")
    elif isinstance(event, StreamEnded):
        answer.ended = True
    elif isinstance(event, StreamReset):
        raise ProtocolBroken(f"the server broke off the call ({_named(event.error_code)})")
    elif isinstance(event, ConnectionTerminated) and not answer.ended:
        if event.error_code == ErrorCodes.NO_ERROR:
            raise ProtocolBroken(
                "the server closes its connections, as before a restart, without an answer"
            )
        raise ProtocolBroken(f"the server broke off ({_named(event.error_code)})")


def _instead(data: bytes) -> str:
    """Return what the server speaks instead, where that is known."""
    return "; it answers in HTTP/1" if data.startswith(b"HTTP/1.") else known_protocol(data)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _named(code: ErrorCodes | int | None) -> str:
    """Return an error of HTTP/2 by its name (RFC 9113 7)."""
    return f"HTTP/2: {code.name}" if isinstance(code, ErrorCodes) else "an unknown HTTP/2 error"


def _evaluate(answer: _Answer, service: str) -> None:
    if answer.headers.get(":status") != "200":
        code = answer.headers.get(":status", "none")
        raise ProtocolBroken(f"a web server answered with HTTP status {code}: no gRPC on this port")
    try:
        result = int(answer.headers["grpc-status"])
    except (KeyError, ValueError):
        raise ProtocolBroken("the answer is HTTP/2 but not gRPC") from None
    if result == _UNIMPLEMENTED:
        if service:
            raise CheckFailed(f"the server has no health service that could tell of {service}")
        return  # no health service, but an orderly answer
    if result != _OK:
        name = _CODES.get(result, str(result))
        message = unquote(answer.headers.get("grpc-message", ""))
        raise CheckFailed(f"the health service answered {name}{': ' if message else ''}{message}")
    status = _status(answer.data)
    if status != 1:
        raise CheckFailed(f"the health service reports {_SERVING.get(status, status)}")


def _status(data: bytes) -> int:
    """Return field 1 of a health service's answer; 0 where it is left out."""
    message = data[5:]
    try:
        if len(data) < 5 or data[0] or int.from_bytes(data[1:5]) != len(message):
            raise ProtocolBroken(_UNREADABLE)
        return _field_1(message)
    except IndexError:
        raise ProtocolBroken(_UNREADABLE) from None


def _field_1(message: bytes) -> int:
    """Return a number from a message of protocol buffers, whatever other fields it has.

    Raises ProtocolBroken and IndexError. Source: https://protobuf.dev/programming-guides/encoding/
    """
    at, result = 0, 0
    while at < len(message):
        tag, at = _read_varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            result = value if tag >> 3 == 1 else result
        elif kind == _LENGTH:
            size, at = _read_varint(message, at)
            at += size
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            raise ProtocolBroken(_UNREADABLE)
    if at > len(message):
        raise ProtocolBroken(_UNREADABLE)
    return result


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        value |= (data[at] & 0x7F) << shift
        at += 1
        if data[at - 1] < 0x80:
            return value, at
        shift += 7
    raise ProtocolBroken(_UNREADABLE)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
