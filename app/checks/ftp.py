"""FTP: the file server greets; no data connection is ever opened."""

from app.checks.base import CheckConfig, check_type, host_and_port
from app.checks.fields import flag
from app.checks.greetings import greet_ftp, upgrade_ftp
from app.checks.wire import port_of, tls_flag, verifies, verify_flag, wire_to
from app.domain.types import Probe, Target
from app.network.network import Network

PORT = 21
TLS_PORT = 990


class FtpConfig(CheckConfig):
    """Config of an FTP check: whether to speak TLS."""

    tls = tls_flag("change over to TLS with AUTH TLS; on port 990 TLS from the first byte")
    implicit_tls = flag("speak TLS from the first byte, on whichever port", False)
    verify_tls = verify_flag()


@check_type(
    "FTP",
    config=FtpConfig,
    endpoint=host_and_port(PORT),
    label="FTP server",
)
async def check_ftp(target: Target, network: Network) -> Probe:
    """Read the greeting 220, and change over to TLS if asked."""
    config = target.config
    implicit = config.get("implicit_tls", port_of(target, PORT) == TLS_PORT)
    async with wire_to(target, network, tls=implicit, default_port=PORT) as wire:
        if config.get("tls") and not implicit:
            await upgrade_ftp(wire)
            await wire.start_tls(verify=verifies(config))
        else:
            await greet_ftp(wire)
        wire.send(b"QUIT\r\n")
        return wire.probe()
