"""Agents: which location a key is for, what they may claim, and how they were seen last."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.models.locations import Location, LocationAgent
from app.operations.accounts.reach import AddressReach
from app.operations.checks import claim as checks_claim
from app.operations.checks import regions
from app.operations.checks.claim import Claimed
from app.operations.services import one_off_checks
from app.operations.services.one_off_checks import ProbeTask
from app.operations.snapshots.alerting import alerting_snapshots
from app.operations.snapshots.services import ServiceSnapshot, newest_snapshots
from app.platform.bootstrap import runtime
from app.platform.clock import monotonic
from app.platform.crypto import digest
from app.platform.errors import NotFound
from app.platform.transaction import transaction

# Past due time and timeout: three seconds as of every worker, and room for the road.
LEASE_MARGIN_SECONDS = checks_claim.LEASE_MARGIN_SECONDS + 15
MOST_CLAIMS = 500
_TASKS = 20
_NOTE_SECONDS = 4.0  # so often at most an agent's sign of life is written


@dataclass(frozen=True, slots=True)
class AgentLocation:
    """The location that a key is for; `organization_id` is whose services alone it serves."""

    id: UUID
    name: str
    region: str
    organization_id: UUID | None  # None: the operators share it, it serves all


@dataclass(frozen=True, slots=True)
class Pulse:
    """Pulse of an agent, as it says of itself."""

    agent: str
    version: str
    protocol: int
    checks_per_second: float
    lateness_ms: float | None
    clock: datetime  # its own, as it sent this
    buffered: int
    isolated_seconds: float | None  # for how long it has reached nothing; None: it is connected


_noted_at: dict[tuple[UUID, str], float] = {}


def location_of(key: str) -> AgentLocation | None:
    """Return the location of a key, None for a key that is none."""
    with transaction() as tx:
        hashed = digest(key)
        row = tx.session.scalar(
            select(Location).where(
                (Location.key_hash == hashed)
                | (Location.previous_key_hash == hashed)
                & (Location.previous_key_until > func.now())
            )
        )
        if row is None:
            return None
        owner = None if row.is_shared else row.organization_id
        return AgentLocation(row.id, row.name, row.region, owner)


def note(location: AgentLocation, pulse: Pulse) -> None:
    """Write down that an agent is alive, at most every few seconds."""
    key = (location.id, pulse.agent)
    if monotonic() - _noted_at.get(key, float("-inf")) < _NOTE_SECONDS:
        return
    _noted_at[key] = monotonic()
    with transaction() as tx:
        now = tx.now()
        seen = {
            "version": pulse.version,
            "protocol": pulse.protocol,
            "last_seen_at": now,
            "checks_per_second": pulse.checks_per_second,
            "lateness_ms": pulse.lateness_ms,
            "clock_skew_ms": round((pulse.clock - now).total_seconds() * 1000, 1),
            "buffered": pulse.buffered,
            "blind_since": None
            if pulse.isolated_seconds is None
            else now - timedelta(seconds=pulse.isolated_seconds),
        }
        statement = insert(LocationAgent).values(
            location_id=location.id, agent=pulse.agent, started_at=now, **seen
        )
        tx.session.execute(
            statement.on_conflict_do_update(
                index_elements=["location_id", "agent"],
                set_={name: statement.excluded[name] for name in seen},
            )
        )
    # That an agent reaches nothing concerns its location alone: the operators are not told.
    regions.pulse(f"{location.id}:{pulse.agent}", location.region, None)


def claim(
    location: AgentLocation, limit: int, ahead_seconds: float, behind_seconds: float | None
) -> tuple[Claimed, list[ProbeTask]]:
    """Return checks of a location under a lease with room for the road, and one-off probes."""
    claimed = checks_claim.claim(
        location.region,
        min(limit, MOST_CLAIMS),
        ahead_seconds=ahead_seconds,
        behind_seconds=behind_seconds,
        margin_seconds=LEASE_MARGIN_SECONDS,
        organization_id=location.organization_id,
        notes_losses=False,  # a road that was cut says nothing against the checks
    )
    tasks = one_off_checks.claim(location.region, _TASKS, organization_id=location.organization_id)
    return claimed, tasks


def snapshots(location: AgentLocation, service_ids: list[UUID]) -> dict[UUID, ServiceSnapshot]:
    """Return services by id as they are now, with secrets in clear.

    Only those that are checked at the location; raises NotFound when none of them is.
    """
    with transaction() as tx:
        rows = tx.driver.execute(
            "SELECT s.id, s.version FROM services s JOIN schedule_entries e ON e.service_id = s.id"
            " WHERE s.id = ANY(%s) AND e.region = %s"
            " AND s.organization_id = coalesce(%s, s.organization_id)",
            (service_ids, location.region, location.organization_id),
        ).fetchall()
        if not rows:
            raise NotFound
        found = newest_snapshots(tx.driver.cursor(), dict(rows))
        alerting = alerting_snapshots(tx, {one.organization_id for one in found.values()})
    return {
        service_id: alerting[one.organization_id].with_texts(one)
        if one.organization_id in alerting
        else one
        for service_id, one in found.items()
    }


class AgentReach:
    """Addresses that an agent's checks may reach, as far as the server has a say in it.

    At its own location an organization reaches what it likes; at the operators' it reaches what it
    would reach from here.
    """

    def __init__(self) -> None:
        self._reach = AddressReach(runtime().config)
        self._reach.refresh()

    def of(self, location: AgentLocation, organization_id: UUID | None) -> str:
        """Return `any` or `public`."""
        if location.organization_id is not None:
            return "any"
        return self._reach.targets(organization_id)
