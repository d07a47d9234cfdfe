"""Losses at agents: checks that ended the process which made them, as its agent found out."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from app.operations.checks.claim import Claim
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.recorded_check import quarantine_key
from app.operations.remote.agents import AgentLocation
from app.platform.errors import NotFound
from app.platform.transaction import transaction

_HERE = """
SELECT s.id FROM services s JOIN schedule_entries e ON e.service_id = s.id
WHERE s.id = ANY(%s) AND e.region = %s AND s.organization_id = coalesce(%s, s.organization_id)
"""


def note(
    location: AgentLocation,
    in_hand: Collection[UUID],
    traces: Mapping[UUID, str],
    done: Collection[UUID],
) -> set[UUID]:
    """Count losses of services by id, and return those that are set aside now.

    `in_hand` are what an agent had in hand as it ended: they are done alone from now on. `traces`
    are of those that ended a process of their own; what is `done` alone has gone well. Raises
    NotFound when none of them is checked at the location.
    """
    named = {*in_hand, *traces, *done}
    with transaction() as tx:
        here = set(tx.scalars(_HERE, (list(named), location.region, location.organization_id)))
    if named and not here:
        raise NotFound

    def keys(ids: Iterable[UUID]) -> list[str]:
        return [quarantine_key(id, location.region) for id in ids if id in here]

    quarantine.suspect((WorkKind.CHECK, key) for key in keys(in_hand))
    quarantine.clear(WorkKind.CHECK, keys(done))
    return {
        id
        for id, trace in traces.items()
        if id in here
        and quarantine.count_failure(
            WorkKind.CHECK, quarantine_key(id, location.region), trace, ends_process=True
        )
    }


def quarantined(claims: Iterable[Claim]) -> dict[UUID, bool]:
    """Return which claims are in quarantine: True while one rests, False if it runs alone."""
    aside = quarantine.set_aside(WorkKind.CHECK)
    return {claim.service_id: aside[claim.key] for claim in claims if claim.key in aside}
