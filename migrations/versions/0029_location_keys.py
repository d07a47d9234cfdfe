"""Keys of locations: the one before goes on for a while, until every agent has the new one."""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.execute(
        "ALTER TABLE locations ADD previous_key_hash text UNIQUE,"
        " ADD previous_key_until timestamptz"
    )


def downgrade() -> None:
    """Remove them."""
    op.execute("ALTER TABLE locations DROP previous_key_hash, DROP previous_key_until")
