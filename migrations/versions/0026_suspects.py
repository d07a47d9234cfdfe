"""Suspects: the work that a process had in hand as it ended, and rows that end processes."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.execute(
        "ALTER TABLE quarantine ADD is_suspect boolean NOT NULL DEFAULT false,"
        " ADD ends_process boolean NOT NULL DEFAULT false"
    )


def downgrade() -> None:
    """Remove them."""
    op.execute("ALTER TABLE quarantine DROP is_suspect, DROP ends_process")
