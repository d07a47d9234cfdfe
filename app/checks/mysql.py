"""MYSQL: the server sends its handshake, lets us in, and runs a query if asked."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError, validates_schema

from app.checks.base import CheckConfig, CheckFailed, check_type, host_and_port
from app.checks.fields import secret, text
from app.checks.mysql_protocol import Refused, Session
from app.checks.wire import tls_flag, verifies, verify_flag, wire_to
from app.domain.types import FailureKind, Probe, Target
from app.network.errors import NetworkError
from app.network.network import Network
from app.platform.clock import monotonic

PORT = 3306
POLITENESS_SECONDS = 0.5
# Instead of the handshake: too many connections, shutting down, too many of this user.
_NOT_READY = (1040, 1053, 1203)
_NOT_ALLOWED = 1130  # the server lets nobody in from our host: it is up, and says so in order


class MysqlConfig(CheckConfig):
    """Config of a MySQL check: the user to sign in as, and the statement to run."""

    username = text("user name", "monitor", max_length=80)
    password = secret("password")
    database = text("database to use", "app", max_length=64)
    query = text("statement that must succeed", "SELECT 1", max_length=10_000, lines=True)
    tls = tls_flag("insist on TLS; without it TLS is used where the server offers it")
    verify_tls = verify_flag()

    @validates_schema
    def somebody(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse what only a sign-in could use, without a user to sign in as."""
        for name in ("password", "database"):
            if data.get(name) and not data.get("username"):
                raise ValidationError(f"A {name} is of use only with a username.", name)


@check_type(
    "MYSQL",
    "MARIADB",
    config=MysqlConfig,
    endpoint=host_and_port(PORT),
    label="MySQL or MariaDB",
)
async def check_mysql(target: Target, network: Network) -> Probe:
    """Read the handshake; with credentials sign in, with `query` run it. Without credentials the
    check passes by the handshake, and ends by the refused sign-in of a user without a name: a
    server blocks hosts that hang up before one (max_connect_errors). MariaDB then logs "Access
    denied for user ''", which fail2ban does not count; MySQL 8 logs nothing by default. A user
    without rights leaves nothing in any log."""
    config = target.config
    wants_session = bool(config.get("username") or config.get("query"))
    started = monotonic()
    async with wire_to(target, network, tls=False, default_port=PORT) as wire:
        session = Session(wire, config.get("database", ""))
        insists = bool(config.get("tls"))
        try:
            await session.read_handshake()
        except Refused as refusal:
            if refusal.code == _NOT_ALLOWED and not (insists or wants_session):
                return wire.probe()
            raise
        if insists and not session.offers_tls:
            raise CheckFailed("the server does not offer TLS", kind=FailureKind.TLS)
        if session.offers_tls and (insists or wants_session):
            await session.start_tls(verify=insists and verifies(config))
        if not wants_session:
            answered_ms = (monotonic() - started) * 1000
            await leave_politely(session)
            return replace(wire.probe(), response_time_ms=answered_ms)
        await session.sign_in(config.get("username", ""), config.get("password", ""))
        if config.get("query"):
            await session.query(config["query"])
        session.quit()
        return wire.probe()


async def leave_politely(session: Session) -> None:
    """End a conversation that was only to hear the handshake. Raises Refused where the server is
    not ready."""
    try:
        async with asyncio.timeout(POLITENESS_SECONDS):
            await session.leave()
    except Refused as refusal:
        if refusal.code in _NOT_READY:
            raise
    except (CheckFailed, NetworkError, TimeoutError):
        return  # the handshake was read, and that is what was asked
