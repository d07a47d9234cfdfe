"""Check types: their registry, and the decorator that registers one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import RAISE, Schema

from app.domain.checks.endpoints import parse_host, parse_host_port, parse_url
from app.domain.types import FailureKind, Probe, Target
from app.network.network import Network
from app.platform.registry import Registry

Run = Callable[[Target, Network], Awaitable[Probe]]
ValidateEndpoint = Callable[[str], str]


class CheckConfig(Schema):
    """Parent of every check type's config: unknown keys are refused."""

    class Meta:
        unknown = RAISE


@dataclass(frozen=True, slots=True)
class CheckType:
    """One way to probe. `validate_endpoint` returns the endpoint tidied or raises ValueError."""

    kind: str
    aliases: tuple[str, ...]
    config_schema: type[CheckConfig]
    run: Run
    slow_after_ms: int
    default_port: int | None
    validate_endpoint: ValidateEndpoint
    description: str
    label: str
    endpoint_hint: str
    example: str
    dials_endpoint: bool


class CheckFailed(Exception):
    """Raised inside a check when the host answers, but not as the config asks."""

    kind = FailureKind.ASSERTION

    def __init__(
        self,
        sentence: str,
        *,
        status_code: int | None = None,
        evidence: Mapping[str, Any] | None = None,
        kind: FailureKind | None = None,
    ) -> None:
        super().__init__(sentence)
        self.kind = kind or self.kind
        self.status_code = status_code
        self.evidence = evidence


class ProtocolBroken(CheckFailed):
    """Raised inside a check when the host answers, but not as the protocol prescribes."""

    kind = FailureKind.PROTOCOL


CHECK_TYPES: Registry[CheckType] = Registry("check type")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Endpoint of a check type as it is written, and its usual port."""

    validate: ValidateEndpoint
    default_port: int | None = None
    hint: str = "host"
    example: str = "host.example.com"


def check_type(
    kind: str,
    *aliases: str,
    config: type[CheckConfig],
    endpoint: Endpoint,
    label: str,
    slow_after_ms: int = 1000,
    dials_endpoint: bool = True,
) -> Callable[[Run], Run]:
    """Register a check function under its kind; its docstring is the type's description, and
    `label` what people call it. Without `dials_endpoint` the endpoint is only asked about."""

    def register(run: Run) -> Run:
        plugin = CheckType(
            kind=kind,
            aliases=aliases,
            config_schema=config,
            run=run,
            slow_after_ms=slow_after_ms,
            default_port=endpoint.default_port,
            validate_endpoint=endpoint.validate,
            description=" ".join((run.__doc__ or "").split()),
            label=label,
            endpoint_hint=endpoint.hint,
            example=endpoint.example,
            dials_endpoint=dials_endpoint,
        )
        CHECK_TYPES.add(plugin, kind, *aliases)
        return run

    return register


def host_and_port(default_port: int | None = None, *, example: str = "") -> Endpoint:
    """Endpoints of the form host:port; the port may be left out where a protocol has one."""
    return Endpoint(
        lambda text: parse_host_port(text.strip(), default_port).text,
        default_port,
        "host:port" if default_port is None else f"host or host:port ({default_port})",
        example or f"server.example.com:{default_port}",
    )


def url(*schemes: str) -> Endpoint:
    """Endpoints that are URLs of the given schemes."""
    return Endpoint(
        lambda text: parse_url(text.strip(), schemes).text,
        hint=f"URL that begins with {schemes[-1]}:// or {schemes[0]}://",
        example=f"{schemes[-1]}://www.example.com/",
    )


def host() -> Endpoint:
    """Endpoints that are a host name or an address."""
    return Endpoint(lambda text: parse_host(text.strip()), hint="host name or address")
