"""The kind of failure of a check result, beside its sentence."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; results stored before have no kind."""
    op.execute("ALTER TABLE check_results ADD COLUMN failure_kind text")


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE check_results DROP COLUMN failure_kind")
