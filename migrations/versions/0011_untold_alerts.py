"""Why an alert told nobody, and when an override was made: of several at once the last counts."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both."""
    op.execute("ALTER TABLE alerts ADD COLUMN untold_reason text")
    op.execute(
        "ALTER TABLE on_call_overrides"
        " ADD COLUMN created_at timestamptz NOT NULL DEFAULT clock_timestamp()"
    )


def downgrade() -> None:
    """Remove both."""
    op.execute("ALTER TABLE on_call_overrides DROP COLUMN created_at")
    op.execute("ALTER TABLE alerts DROP COLUMN untold_reason")
