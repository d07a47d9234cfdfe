"""The values that travel between layers. Words and their one meaning stand in ARCHITECTURE.md.

What is made anew for every check is a named tuple: a third of the cost of a frozen dataclass.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID


class Status(StrEnum):
    """Status of a service or of one check result."""

    PENDING = "PENDING"  # never checked yet
    GREEN = "GREEN"  # passed in time
    YELLOW = "YELLOW"  # passed, but slow (or inside a warning window)
    RED = "RED"  # failed
    UNKNOWN = "UNKNOWN"  # the monitor itself could not tell


class FailureKind(StrEnum):
    """Kind of a failure; what is decided about a failure is decided by this.

    The sentence beside it is for people, and may change.
    """

    NO_SUCH_HOST = "no_such_host"  # the name has no address
    RESOLVER_FAILED = "resolver_failed"  # a name server is silent, or cannot say
    REFUSED = "refused"  # nobody listens on the port
    UNREACHABLE = "unreachable"  # no way to the address
    TIMED_OUT = "timed_out"  # no answer, or no more of it, in time
    CLOSED = "closed"  # the connection ended before the answer was complete
    TLS = "tls"  # the handshake failed
    CERTIFICATE = "certificate"  # the host's certificate is not acceptable
    PROTOCOL = "protocol"  # the answer is not what the protocol prescribes
    ASSERTION = "assertion"  # the answer is not what the service's config asks for
    GUARD = "guard"  # the address policy forbids the target
    CONFIGURATION = "configuration"  # the endpoint or config cannot be used
    OWN_LIMIT = "own_limit"  # the monitor lacks something for this check: a permission, a route
    OWN_OUTAGE = "own_outage"  # it lacks what any check needs: descriptors, memory, a name server
    OWN_FAULT = "own_fault"  # the check's own code broke
    ISOLATED = "isolated"  # the monitor is cut off


@dataclass(frozen=True, slots=True)
class Target:
    """Target of a check: an endpoint and how to probe it. Secrets are in clear."""

    check_type: str  # canonical name, upper case
    endpoint: str
    timeout_seconds: float
    slow_threshold_ms: int
    config: Mapping[str, Any]
    organization_id: UUID | None = None
    service_id: UUID | None = None
    secrets: tuple[str, ...] = ()  # of the organization, as filled into endpoint and config
    body_texts: frozenset[str] = frozenset()  # which of these the body contains is to be told


class Phases(NamedTuple):
    """Phases of a probe, in milliseconds; None where there was no such part."""

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    ttfb_ms: float | None = None
    transfer_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """The leaf certificate a target showed, and what was wrong with it, if anything."""

    domain: str
    port: int
    subject: str
    issuer: str
    sans: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    fingerprint_sha256: str
    key_type: str
    chain_valid: bool
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """Probe as a check function returns it.

    `ok=False` needs an `error`: a sentence a person understands; its `failure_kind` is ASSERTION
    unless the check says otherwise. `warning` on a passing probe makes
    it YELLOW with that reason. `response_time_ms` is measured by the probe where it knows better
    than the runner (libcurl's own clock); otherwise the runner fills it in. `evidence` is kept for
    failures: address dialled, status line, headers, an excerpt of the body, certificate chain.
    `body_texts` says of each of the target's texts whether the body contained it; None: there was
    none to look in, or nothing to look for.
    """

    ok: bool
    error: str | None = None
    warning: str | None = None
    response_time_ms: float | None = None
    status_code: int | None = None
    phases: Phases | None = None
    evidence: Mapping[str, Any] | None = None
    certificate: Certificate | None = None
    body_texts: Mapping[str, bool] | None = None
    failure_kind: FailureKind | None = None


class Observation(NamedTuple):
    """A probe plus time, duration and status; RED and UNKNOWN have a kind of failure."""

    status: Status
    response_time_ms: float | None
    error: str | None = None
    status_code: int | None = None
    phases: Phases = Phases()
    evidence: Mapping[str, Any] | None = None
    certificate: Certificate | None = None
    body_texts: Mapping[str, bool] | None = None
    failure_kind: FailureKind | None = None
