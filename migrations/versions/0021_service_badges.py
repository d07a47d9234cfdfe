"""Keys of services' badges."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; services that there are get a key each."""
    op.execute(
        "ALTER TABLE services ADD COLUMN badge_key text NOT NULL"
        " DEFAULT 'sv-' || replace(gen_random_uuid()::text, '-', ''),"
        " ADD CONSTRAINT services_badge_key_key UNIQUE (badge_key)"
    )


def downgrade() -> None:
    """Remove it."""
    op.execute("ALTER TABLE services DROP COLUMN badge_key")
