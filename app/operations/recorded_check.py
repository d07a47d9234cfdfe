"""A finished check on its way from the engine into the database, common to checks and rules."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Status
from app.operations.snapshots.services import ServiceSnapshot


def quarantine_key(service_id: UUID, region: str) -> str:
    """Return what a check is called in the quarantine."""
    return f"{service_id}/{region}"


@dataclass(slots=True)
class RecordedCheck:
    """A finished check on its way from the engine into the database.

    It names its service, so that another process can record it; the stages of `record` fill in
    what follows from it.
    """

    service_id: UUID
    version: int
    region: str
    lease_token: int
    scheduled_for: datetime
    claimed_state: RegionState  # as the check was claimed
    claimed_service_status: Status
    observation: Observation
    checked_at: datetime
    place: str | None = None  # of its claimed row (`ctid`); None: it is found by its key

    snapshot: ServiceSnapshot = field(init=False, repr=False, compare=False)
    check_id: UUID = field(init=False, repr=False, compare=False)
    # Of the service in this region, with this check.
    state: RegionState = field(init=False, repr=False, compare=False)
    next_due_at: datetime = field(init=False, repr=False, compare=False)
    # Of the service, as rules see it; a check that cannot tell leaves it UNKNOWN.
    confirmed_status: Status = field(init=False, repr=False, compare=False)
    maintenance_until: datetime | None = field(init=False, repr=False, compare=False)

    @property
    def ssl_days_remaining(self) -> int | None:
        """Return the days until the certificate ends that the check was shown."""
        certificate = self.observation.certificate
        return (certificate.valid_to - self.checked_at).days if certificate else None
