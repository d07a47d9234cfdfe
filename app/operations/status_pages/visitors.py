"""Who may see a page that is not for everybody."""

from uuid import UUID

from app.operations.accounts.members import role_of
from app.platform.transaction import transaction


def is_member(organization_id: UUID, user_id: UUID) -> bool:
    """Say whether somebody is a member of an organization now."""
    with transaction() as tx:
        found = role_of(tx, organization_id, user_id)
    return found is not None
