"""Skipped occurrences of maintenance windows, and windows for single heartbeats."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both."""
    op.execute(
        "ALTER TABLE maintenance_windows"
        " ADD COLUMN exdates timestamptz[] NOT NULL DEFAULT '{}',"
        " ADD COLUMN heartbeat_ids uuid[] NOT NULL DEFAULT '{}'"
    )


def downgrade() -> None:
    """Remove both."""
    op.execute("ALTER TABLE maintenance_windows DROP COLUMN exdates, DROP COLUMN heartbeat_ids")
