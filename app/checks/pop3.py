"""POP3: the mailbox greets."""

from collections.abc import Mapping
from typing import Any

from marshmallow import validates_schema

from app.checks.base import CheckConfig, check_type, host_and_port
from app.checks.fields import flag
from app.checks.greetings import greet_pop3, upgrade_pop3
from app.checks.wire import port_of, refuse_two_ways, tls_flag, verifies, verify_flag, wire_to
from app.domain.types import Probe, Target
from app.network.network import Network

PORT = 110
TLS_PORT = 995


class Pop3Config(CheckConfig):
    """Config of a POP3 check: whether and how to speak TLS."""

    tls = tls_flag("speak TLS from the first byte (by default on port 995)")
    starttls = flag("change over to TLS with STLS", False)
    verify_tls = verify_flag()

    @validates_schema
    def one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse two ways to begin TLS at once."""
        refuse_two_ways(data, "starttls")


@check_type(
    "POP3",
    config=Pop3Config,
    endpoint=host_and_port(PORT),
    label="Mailbox server (POP3)",
)
async def check_pop3(target: Target, network: Network) -> Probe:
    """Read the greeting +OK, and change over to TLS if asked."""
    tls = target.config.get("tls", port_of(target, PORT) == TLS_PORT)
    async with wire_to(target, network, tls=tls, default_port=PORT) as wire:
        if target.config.get("starttls"):
            await upgrade_pop3(wire)
            await wire.start_tls(verify=verifies(target.config))
        else:
            await greet_pop3(wire)
        wire.send(b"QUIT\r\n")
        return wire.probe()
