"""Addresses that the checks and messages of an organization may reach.

With PROBE_TARGETS=operators the organizations that operators own reach the operator's own network,
and all others, whose members nobody here knows, public addresses alone.
"""

from typing import Literal
from uuid import UUID

from sqlalchemy import select

from app.models.members import Membership, User
from app.platform.clock import monotonic
from app.platform.config import Config
from app.platform.transaction import transaction

Targets = Literal["any", "public"]
_REFRESH_SECONDS = 15.0


def operators_organizations() -> frozenset[UUID]:
    """Return every organization that an operator owns."""
    with transaction() as tx:
        found = tx.session.scalars(
            select(Membership.organization_id)
            .join(User, User.id == Membership.user_id)
            .where(User.is_operator, Membership.role == "owner")
        ).all()
    return frozenset(found)


class Reach:
    """Policy of addresses by organization; `refresh` reads what it rests on every 15 seconds."""

    def __init__(self, config: Config) -> None:
        self._mode = config.probe_targets
        self._trusted: frozenset[UUID] = frozenset()
        self._read_at = float("-inf")

    def refresh(self) -> None:
        """Read who the operators are, where that matters and it was read a while ago."""
        if self._mode == "operators" and monotonic() - self._read_at > _REFRESH_SECONDS:
            self._trusted = operators_organizations()
            self._read_at = monotonic()

    def targets(self, organization_id: UUID | None) -> Targets:
        """Return what an organization may reach; what belongs to none is ours."""
        if self._mode == "operators":
            is_trusted = organization_id is None or organization_id in self._trusted
            return "any" if is_trusted else "public"
        return "public" if self._mode == "public" else "any"
