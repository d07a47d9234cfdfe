"""Which organizations were founded by strangers, while anybody could register."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nobody knows it of those that there are."""
    op.execute("ALTER TABLE organizations ADD COLUMN is_strangers boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE organizations DROP COLUMN is_strangers")
