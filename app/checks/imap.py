"""IMAP: the mail store greets."""

from collections.abc import Mapping
from typing import Any

from marshmallow import validates_schema

from app.checks.base import CheckConfig, check_type, host_and_port
from app.checks.fields import flag
from app.checks.greetings import greet_imap, upgrade_imap
from app.checks.wire import port_of, refuse_two_ways, tls_flag, verifies, verify_flag, wire_to
from app.domain.types import Probe, Target
from app.network.network import Network

PORT = 143
TLS_PORT = 993


class ImapConfig(CheckConfig):
    """Config of an IMAP check: whether and how to speak TLS."""

    tls = tls_flag("speak TLS from the first byte (by default on port 993)")
    starttls = flag("change over to TLS with STARTTLS", False)
    verify_tls = verify_flag()

    @validates_schema
    def one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse two ways to begin TLS at once."""
        refuse_two_ways(data, "starttls")


@check_type(
    "IMAP",
    config=ImapConfig,
    endpoint=host_and_port(PORT),
    label="Mailbox server (IMAP)",
)
async def check_imap(target: Target, network: Network) -> Probe:
    """Read the greeting * OK, and change over to TLS if asked."""
    config = target.config
    tls = config.get("tls", port_of(target, PORT) == TLS_PORT)
    async with wire_to(target, network, tls=tls, default_port=PORT) as wire:
        if config.get("starttls"):
            await upgrade_imap(wire)
            await wire.start_tls(verify=verifies(config))
        else:
            await greet_imap(wire)
        wire.send(b"a2 LOGOUT\r\n")
        return wire.probe()
