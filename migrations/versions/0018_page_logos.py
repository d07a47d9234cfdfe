"""Logos of status pages, fetched once and served from here."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE status_pages ADD COLUMN logos jsonb NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE status_pages DROP COLUMN logos")
