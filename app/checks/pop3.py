"""POP3: the mailbox greets."""

from app.checks.base import CheckConfig, check_type, host_and_port
from app.checks.greetings import greet_pop3
from app.checks.wire import port_of, tls_flag, verify_flag, wire_to
from app.domain.types import Probe, Target
from app.network.door import Network

PORT = 110
TLS_PORT = 995


class Pop3Config(CheckConfig):
    """Whether to speak TLS."""

    tls = tls_flag("speak TLS from the first byte (by default on port 995)")
    verify_tls = verify_flag()


@check_type(
    "POP3",
    config=Pop3Config,
    endpoint=host_and_port(PORT),
    label="Mailbox server (POP3)",
)
async def check_pop3(target: Target, network: Network) -> Probe:
    """Read the greeting +OK."""
    tls = target.config.get("tls", port_of(target, PORT) == TLS_PORT)
    async with wire_to(target, network, tls=tls, default_port=PORT) as wire:
        await greet_pop3(wire)
        wire.send(b"QUIT\r\n")
        return wire.probe()
