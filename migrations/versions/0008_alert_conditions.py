"""What an alert remembers of its condition, so that a resolve by hand holds back only what fails."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a rule said last."""
    op.execute("ALTER TABLE alerts ADD COLUMN condition_holds boolean NOT NULL DEFAULT true")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE alerts DROP COLUMN condition_holds")
