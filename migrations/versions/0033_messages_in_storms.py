"""Which messages a storm let through, as those alone keep the next one of the minute waiting."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; messages of before count as sent outside a storm."""
    op.execute("ALTER TABLE notifications ADD in_storm boolean NOT NULL DEFAULT false")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE notifications DROP in_storm")
