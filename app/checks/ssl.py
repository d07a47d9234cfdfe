"""SSL: the certificate of a host is valid, meant for it, and does not end soon."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from app.checks.base import CheckConfig, CheckFailed, check_type, host_and_port
from app.checks.fields import choice, flag, number
from app.checks.greetings import upgrade_ftp, upgrade_imap, upgrade_pop3, upgrade_smtp
from app.checks.mysql_protocol import Session
from app.checks.postgres import ask_for_tls
from app.checks.wire import Wire, wire_to
from app.domain.types import FailureKind, Probe, Target
from app.network.certificates import complaint_about, expiry_warning
from app.network.door import Network
from app.network.errors import CertificateProblem
from app.platform.clock import utcnow

PORT = 443
EXPIRY_WARNING_DAYS = 30


async def _upgrade_postgres(wire: Wire) -> None:
    if not await ask_for_tls(wire):
        raise CheckFailed("the server does not offer TLS", kind=FailureKind.TLS)


async def _upgrade_mysql(wire: Wire) -> None:
    session = Session(wire)
    await session.read_handshake()
    if not session.offers_tls:
        raise CheckFailed("the server does not offer TLS", kind=FailureKind.TLS)
    session.ask_for_tls()


UPGRADES: dict[str, Callable[[Wire], Awaitable[None]]] = {
    "smtp": upgrade_smtp,
    "imap": upgrade_imap,
    "pop3": upgrade_pop3,
    "ftp": upgrade_ftp,
    "postgres": _upgrade_postgres,
    "mysql": _upgrade_mysql,
}


class SslConfig(CheckConfig):
    """Config of an SSL check: the least that is asked of the certificate."""

    expiry_warning_days = number(
        "YELLOW when the certificate ends within so many days", 0, 3650, EXPIRY_WARNING_DAYS
    )
    verify_chain = flag("verify the chain up to a trusted authority", True)
    starttls = choice("protocol that changes over to TLS after a greeting", tuple(UPGRADES))


@check_type(
    "SSL",
    config=SslConfig,
    endpoint=host_and_port(PORT),
    label="Certificate (TLS)",
)
async def check_ssl(target: Target, network: Network) -> Probe:
    """Shake hands over TLS and judge chain, host name and dates."""
    config = target.config
    verify = config.get("verify_chain", True)
    try:
        probe = await _shake_hands(target, network, verify=verify)
    except CertificateProblem as problem:
        if config.get("starttls"):  # a look without verification tells in words what is wrong
            await _shake_hands(target, network, verify=False)
        raise problem
    if probe.certificate is None:
        raise CheckFailed("the server shows no certificate", kind=FailureKind.CERTIFICATE)
    days = config.get("expiry_warning_days", EXPIRY_WARNING_DAYS)
    return replace(probe, warning=expiry_warning(probe.certificate, days, utcnow()))


async def _shake_hands(target: Target, network: Network, *, verify: bool) -> Probe:
    starttls = target.config.get("starttls")
    async with wire_to(target, network, tls=not starttls, verify=verify, default_port=PORT) as wire:
        if starttls:
            await UPGRADES[starttls](wire)
            await wire.start_tls(verify=verify)
        certificate = wire.connection.certificate
        if not verify and certificate is not None:  # host name and dates count all the same
            sentence = complaint_about(certificate, wire.connection.host, utcnow())
            if sentence is not None:
                raise CheckFailed(sentence, kind=FailureKind.CERTIFICATE)
        return wire.probe()
