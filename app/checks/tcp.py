"""TCP: the port accepts a connection, and answers as expected if asked."""

from collections.abc import Mapping
from typing import Any

from app.checks.base import CheckConfig, check_type, host_and_port
from app.checks.expectation import awaited, raw_bytes
from app.checks.fields import text
from app.checks.wire import tls_flag, verifies, verify_flag
from app.domain.checks.endpoints import parse_host_port
from app.domain.types import Probe, Target
from app.network.network import Network
from app.network.tls import TlsOptions


class TcpConfig(CheckConfig):
    """Config of a TCP check: bytes to send, and the answer they must get."""

    send = text(
        r"text to send after connecting; \r, \n, \t, \0 and \xNN are understood",
        r"PING\r\n",
        max_length=4_096,
        lines=True,
    )
    expect = text("text the reply must contain, or /pattern/ in RE2's syntax", "PONG", lines=True)
    tls = tls_flag()
    verify_tls = verify_flag()


@check_type(
    "TCP",
    "TELNET",
    config=TcpConfig,
    endpoint=host_and_port(example="server.example.com:8080"),
    label="TCP port",
)
async def check_tcp(target: Target, network: Network) -> Probe:
    """Connect to a port; with `expect`, wait for a reply that matches."""
    config: Mapping[str, Any] = target.config
    endpoint = parse_host_port(target.endpoint)
    tls = TlsOptions(verify=verifies(config)) if config.get("tls") else None
    async with network.stream(endpoint.host, endpoint.port, tls=tls) as connection:
        if config.get("send"):
            connection.writer.write(raw_bytes(config["send"]))
        if config.get("expect"):
            await awaited(connection.reader, config["expect"])
        return Probe(ok=True, phases=connection.phases, certificate=connection.certificate)
