"""Snapshots of pages: by which version of the organization's windows they were made."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE page_snapshots ADD COLUMN alerting_version bigint")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE page_snapshots DROP COLUMN alerting_version")
