"""The hosts that a secret may go to."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a secret without hosts may go everywhere, as before."""
    op.execute("ALTER TABLE secrets ADD COLUMN hosts text[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    """Drop it again."""
    op.execute("ALTER TABLE secrets DROP COLUMN hosts")
