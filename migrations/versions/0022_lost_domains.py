"""Since when the records of a page's host are not what they should be."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE status_pages ADD COLUMN domain_wrong_since timestamptz")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE status_pages DROP COLUMN domain_wrong_since")
