"""SMTP: the mail server greets and answers EHLO."""

from collections.abc import Mapping
from typing import Any

from marshmallow import validates_schema

from app.checks.base import CheckConfig, check_type, host_and_port
from app.checks.fields import flag
from app.checks.greetings import greet_smtp, hello_smtp, upgrade_smtp
from app.checks.wire import port_of, refuse_two_ways, tls_flag, verifies, verify_flag, wire_to
from app.domain.types import Probe, Target
from app.network.network import Network

PORT = 25
TLS_PORT = 465


class SmtpConfig(CheckConfig):
    """Config of an SMTP check: whether and how to speak TLS."""

    tls = tls_flag("speak TLS from the first byte (always on port 465)")
    starttls = flag("change over to TLS with STARTTLS, and greet again", False)
    verify_tls = verify_flag()

    @validates_schema
    def one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse two ways to begin TLS at once."""
        refuse_two_ways(data, "starttls")


@check_type(
    "SMTP",
    config=SmtpConfig,
    endpoint=host_and_port(PORT),
    label="Mail server (SMTP)",
)
async def check_smtp(target: Target, network: Network) -> Probe:
    """Read the greeting 220 and the answer to EHLO, over TLS if asked."""
    config = target.config
    tls = config.get("tls", port_of(target, PORT) == TLS_PORT)
    async with wire_to(target, network, tls=tls, default_port=PORT) as wire:
        if config.get("starttls"):
            await upgrade_smtp(wire)
            await wire.start_tls(verify=verifies(config))
            await hello_smtp(wire)
        else:
            await greet_smtp(wire)
        wire.send(b"QUIT\r\n")
        return wire.probe()
