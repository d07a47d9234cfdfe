"""Whether the TXT record of a page's host is there, which takes it from pages without one.

All are looked up at once, so that those which have the record are known.
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE status_pages ADD COLUMN domain_has_txt boolean NOT NULL DEFAULT false")
    op.execute("UPDATE status_pages SET domain_checked_at = NULL WHERE custom_domain IS NOT NULL")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE status_pages DROP COLUMN domain_has_txt")
