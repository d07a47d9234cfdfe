"""REDIS: the server answers PING.

Source: https://redis.io/docs/latest/develop/reference/protocol-spec
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validates_schema

from app.checks.base import CheckConfig, CheckFailed, check_type, host_and_port
from app.checks.fields import number, secret, text
from app.checks.wire import Wire, tls_flag, verify_flag, wire_to
from app.domain.checks.assertions import shown
from app.domain.types import Probe, Target
from app.network.network import Network

PORT = 6379
SLOW_AFTER_MS = 500


class RedisConfig(CheckConfig):
    """Config of a Redis check: the user to sign in as, and the database to select."""

    username = text("user name (ACL); without it the password alone is sent", "default")
    password = secret("password")
    tls = tls_flag()
    verify_tls = verify_flag()
    db = number("database to select", 0, 1_000_000, 0)

    @validates_schema
    def somebody(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a user name that nothing would be done with."""
        if data.get("username") and not data.get("password"):
            raise ValidationError("A username is of use only with a password.", "username")


@check_type(
    "REDIS",
    config=RedisConfig,
    endpoint=host_and_port(PORT),
    slow_after_ms=SLOW_AFTER_MS,
    label="Redis or Valkey",
)
async def check_redis(target: Target, network: Network) -> Probe:
    """Send PING and read +PONG; without credentials a demand for them is an answer too."""
    config = target.config
    tls = config.get("tls", False)
    async with wire_to(target, network, tls=tls, default_port=PORT) as wire:
        if config.get("password"):
            await _sign_in(wire, config)
        if config.get("db"):
            await _ask(wire, "SELECT", str(config["db"]), expected="OK")
        answer = await _ask(wire, "PING")
        if answer == "+PONG" or (answer.startswith("-NOAUTH") and not config.get("password")):
            return wire.probe()
        raise CheckFailed(f"expected +PONG, got {shown(answer)}")


async def _sign_in(wire: Wire, config: Mapping[str, Any]) -> None:
    names = (config["username"],) if config.get("username") else ()
    answer = await _ask(wire, "AUTH", *names, config["password"])
    if answer != "+OK":
        raise CheckFailed(f"sign-in refused: {shown(answer.removeprefix('-'))}")


async def _ask(wire: Wire, *words: str, expected: str | None = None) -> str:
    wire.stage(f"waiting for the answer to {words[0]}")
    parts = [word.encode() for word in words]
    wire.send(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
    answer = await wire.line()
    if expected is not None and answer != f"+{expected}":
        raise CheckFailed(f"{words[0]} answered {shown(answer)}")
    return answer
