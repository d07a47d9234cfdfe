"""Services of a location as its agent knows them, each at the version of its latest claim."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from app.network.server_client import ServerAway, ServerClient, ServerRefused
from app.operations.accounts.reach import Targets
from app.operations.checks.claim import Claim
from app.operations.remote import wire
from app.operations.services.one_off_checks import ProbeTask
from app.operations.snapshots.services import ServiceSnapshot

_MOST_KNOWN = 50_000  # snapshots; more than any location of ours has
_SECONDS = 10.0


class KnownServices:
    """Snapshots by service, and what each organization may reach; asked for once."""

    def __init__(self, client: ServerClient, region: str) -> None:
        self._client = client
        self._region = region
        self._known: dict[UUID, tuple[str, ServiceSnapshot]] = {}
        self._targets: dict[UUID, Targets] = {}

    def forget(self) -> None:
        """Know no service any more."""
        self._known.clear()

    def targets(self, organization_id: UUID | None) -> Targets:
        """Return what an organization may reach, as far as the server has a say in it."""
        return self._targets.get(organization_id, "any") if organization_id else "any"

    def claims(self, answered: Sequence[Mapping[str, Any]]) -> list[Claim]:
        """Return claims of services that are there. Raises ServerAway."""
        self._learn(answered)
        return [
            wire.claim_of_json(claim, known[1], self._region)
            for claim in answered
            if (known := self._known.get(UUID(claim["service_id"]))) and known[0] == claim["tag"]
        ]

    def task(self, data: Mapping[str, Any]) -> ProbeTask:
        """Return a one-off probe."""
        organization_id = UUID(data["organization_id"])
        self._targets[organization_id] = data["targets"]
        target = wire.target_of_json(data["target"], organization_id)
        return ProbeTask(UUID(data["id"]), target, data["fault"])

    def _learn(self, answered: Sequence[Mapping[str, Any]]) -> None:
        """Ask for the services of claims that are not known at their version."""
        missing = [
            claim["service_id"]
            for claim in answered
            if self._known.get(UUID(claim["service_id"]), ("",))[0] != claim["tag"]
        ]
        if not missing:
            return
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        try:
            answer = self._client.post("snapshots", {"service_ids": missing}, _SECONDS)
        except ServerRefused as error:
            if error.status != 404:
                raise ServerAway(str(error)) from error
            return  # all of them were deleted meanwhile
        for found in answer["snapshots"]:
            snapshot = wire.snapshot_of_json(found, self._region)
            self._known[snapshot.service_id] = (found["tag"], snapshot)
            self._targets[snapshot.organization_id] = found["targets"]
