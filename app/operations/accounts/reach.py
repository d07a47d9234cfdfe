"""Addresses that the checks and messages of an organization may reach.

With PROBE_TARGETS=operators the organizations that operators own reach the operator's own network,
and all others, whose members nobody here knows, public addresses alone. Where the setting is not
given and others reach this server, that is so while anybody may register; once they may not, it
still holds for the organizations that strangers founded until then.
"""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from app.models.members import Membership, User
from app.models.organization import Organization
from app.operations.accounts import instance
from app.platform.clock import monotonic
from app.platform.config import Config
from app.platform.transaction import transaction

Targets = Literal["any", "public"]
_REFRESH_SECONDS = 15.0


class AddressReach:
    """Policy of addresses by organization; `refresh` reads what it rests on every 15 seconds."""

    def __init__(self, config: Config) -> None:
        self._mode = config.probe_targets
        self._registration = config.registration
        self._follows = config.targets_follow_registration
        self._operators: frozenset[UUID] = frozenset()
        self._strangers: frozenset[UUID] = frozenset()
        self._read_at = float("-inf")

    def refresh(self) -> None:
        """Read who may register and who the operators are, where that matters and was long ago."""
        is_needed = self._follows or self._mode == "operators"
        if not is_needed or monotonic() - self._read_at <= _REFRESH_SECONDS:
            return
        with transaction() as tx:
            if self._follows:
                is_open = (instance.registration(tx) or self._registration) == "open"
                self._mode = "operators" if is_open else "any"
                self._strangers = frozenset(
                    tx.session.scalars(select(Organization.id).where(Organization.is_strangers))
                )
            self._operators = frozenset(
                tx.session.scalars(
                    select(Membership.organization_id)
                    .join(User, User.id == Membership.user_id)
                    .where(User.is_operator, Membership.role == "owner")
                )
            )
        self._read_at = monotonic()

    def targets(self, organization_id: UUID | None) -> Targets:
        """Return what an organization may reach; what belongs to none is ours."""
        if self._mode == "public":
            return "public"
        if organization_id is None or organization_id in self._operators:
            return "any"
        is_kept_out = self._mode == "operators" or organization_id in self._strangers
        return "public" if is_kept_out else "any"
