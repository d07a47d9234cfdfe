"""Use cases of the rows that alerting snapshots hold."""

from uuid import UUID

from app.operations.resource import Resource, Row
from app.operations.rows import lock_organization
from app.operations.snapshots import alerting
from app.platform.transaction import Transaction


class SnapshotResource(Resource[Row, UUID]):
    """Rows of which a change is the only one in its organization, and has workers read anew."""

    def begin(self, tx: Transaction, who: UUID) -> None:
        # First of all: whatever the row refers to, or is compared with, stays as it is.
        alerting.invalidate(lock_organization(tx, who))
