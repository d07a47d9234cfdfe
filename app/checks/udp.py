"""UDP: the port answers as expected, or at least does not refuse."""

import asyncio
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from app.checks.base import CheckConfig, CheckFailed, check_type, host_and_port
from app.checks.expectation import matches, raw_bytes
from app.checks.fields import Text, text
from app.domain.checks.assertions import shown
from app.domain.checks.endpoints import parse_host_port
from app.domain.checks.patterns import TimeBudget
from app.domain.types import Probe, Target
from app.network.datagrams import DatagramSocket
from app.network.network import Network
from app.network.trace import trace
from app.platform.clock import monotonic, thread_seconds

AGAIN_SECONDS = 1.0  # datagrams get lost; ask again
REFUSAL_SECONDS = 1.0  # how long an ICMP refusal may take to come back


class Hex(Text):
    """Bytes as hexadecimal digits."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        digits = super()._deserialize(value, *args, **kwargs)
        try:
            bytes.fromhex(digits.replace(":", " "))
        except ValueError:
            raise ValidationError("Not hexadecimal digits.") from None
        return digits


class UdpConfig(CheckConfig):
    """Config of a UDP check: bytes to send, and the answer they must get."""

    payload = text(
        r"text to send; \r, \n, \t, \0 and \xNN are understood",
        "ping",
        max_length=1_400,
        lines=True,
    )
    payload_hex = Hex(
        max_length=4_200,
        metadata={"description": "bytes to send, as hexadecimal digits", "example": "00ff01"},
    )
    expect = text("text the reply must contain, or /pattern/ in RE2's syntax", "pong", lines=True)

    @validates_schema
    def one_payload(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse two payloads."""
        if data.get("payload") and data.get("payload_hex"):
            raise ValidationError("Give payload or payload_hex, not both.", "payload_hex")


@check_type(
    "UDP",
    config=UdpConfig,
    endpoint=host_and_port(example="game.example.com:27015"),
    label="UDP port",
)
async def check_udp(target: Target, network: Network) -> Probe:
    """Send a datagram; with `expect` wait for a reply that matches, else only for a refusal."""
    config = target.config
    endpoint = parse_host_port(target.endpoint)
    async with network.datagram(endpoint.host, endpoint.port) as socket:
        started = monotonic()
        if config.get("expect"):
            await _expected_reply(socket, _payload(config), config["expect"])
            return Probe(ok=True, response_time_ms=(monotonic() - started) * 1000)
        socket.send(_payload(config))
        sent_ms = (monotonic() - started) * 1000
        trace().stage = "waiting for a refusal"
        try:
            async with asyncio.timeout(min(REFUSAL_SECONDS, target.timeout_seconds / 2)):
                await socket.receive()
        except TimeoutError:
            return Probe(ok=True, response_time_ms=sent_ms)  # silence is what UDP promises
        return Probe(ok=True, response_time_ms=(monotonic() - started) * 1000)


async def _expected_reply(socket: DatagramSocket, payload: bytes, expected: str) -> None:
    notes = trace()
    notes.stage = f"waiting for {shown(expected)}"
    while True:
        socket.send(payload)
        try:
            async with asyncio.timeout(AGAIN_SECONDS):
                reply = await socket.receive()
        except TimeoutError:
            continue
        notes.note(reply)
        if matches(reply, expected, TimeBudget(thread_seconds)):
            return
        raise CheckFailed(
            f"expected {shown(expected)}, got {shown(reply.decode('utf-8', 'replace'))}"
        )


def _payload(config: Mapping[str, Any]) -> bytes:
    if config.get("payload_hex"):
        return bytes.fromhex(config["payload_hex"].replace(":", " "))
    return raw_bytes(config.get("payload", ""))
