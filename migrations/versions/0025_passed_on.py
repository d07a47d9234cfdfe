"""Messages that had not got through, so that others were told as well."""

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE notifications ADD COLUMN passed_on_at timestamptz")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE notifications DROP COLUMN passed_on_at")
