"""SSL: the certificate of a host is valid, meant for it, and does not end soon."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from app.checks.base import CheckConfig, CheckFailed, check_type, host_and_port
from app.checks.fields import choice, flag, number
from app.checks.greetings import upgrade_ftp, upgrade_imap, upgrade_pop3, upgrade_smtp
from app.checks.mysql import leave_politely
from app.checks.mysql_protocol import Session
from app.checks.postgres import ask_for_tls
from app.checks.wire import Wire, wire_to
from app.domain.types import FailureKind, Probe, Target
from app.network.certificates import complaint_about, expiry_warning
from app.network.errors import CertificateProblem
from app.network.network import Network
from app.platform.clock import monotonic, utcnow

PORT = 443
EXPIRY_WARNING_DAYS = 30


Begin = Callable[[Wire], Awaitable[Callable[[], Awaitable[None]]]]


def _saying(farewell: bytes, ask_for_tls: Callable[[Wire], Awaitable[None]]) -> Begin:
    """Return the beginning of TLS in a text protocol, whose end is one line."""

    async def begin(wire: Wire) -> Callable[[], Awaitable[None]]:
        await ask_for_tls(wire)

        async def leave() -> None:
            wire.send(farewell)

        return leave

    return begin


async def _begin_postgres(wire: Wire) -> Callable[[], Awaitable[None]]:
    if not await ask_for_tls(wire):
        raise CheckFailed("the server does not offer TLS", kind=FailureKind.TLS)

    async def leave() -> None:
        return  # hanging up before a start-up message leaves nothing in the log

    return leave


async def _begin_mysql(wire: Wire) -> Callable[[], Awaitable[None]]:
    session = Session(wire)
    await session.read_handshake()
    if not session.offers_tls:
        raise CheckFailed("the server does not offer TLS", kind=FailureKind.TLS)
    session.ask_for_tls()

    async def leave() -> None:
        await leave_politely(session)

    return leave


# How each protocol changes over to TLS; what comes back ends the conversation after it, as a
# client that has changed its mind.
UPGRADES: dict[str, Begin] = {
    "smtp": _saying(b"QUIT\r\n", upgrade_smtp),
    "imap": _saying(b"a2 LOGOUT\r\n", upgrade_imap),
    "pop3": _saying(b"QUIT\r\n", upgrade_pop3),
    "ftp": _saying(b"QUIT\r\n", upgrade_ftp),
    "postgres": _begin_postgres,
    "mysql": _begin_mysql,
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
    """Shake hands over TLS and check chain, host name and dates."""
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
    started = monotonic()
    async with wire_to(target, network, tls=not starttls, verify=verify, default_port=PORT) as wire:
        leave = None
        if starttls:
            leave = await UPGRADES[starttls](wire)
            await wire.start_tls(verify=verify)
        shaken_ms = (monotonic() - started) * 1000
        if leave is not None:
            await leave()
        certificate = wire.connection.certificate
        if not verify and certificate is not None:  # host name and dates count all the same
            sentence = complaint_about(certificate, wire.connection.host, utcnow())
            if sentence is not None:
                raise CheckFailed(sentence, kind=FailureKind.CERTIFICATE)
        return replace(wire.probe(), response_time_ms=shaken_ms)
