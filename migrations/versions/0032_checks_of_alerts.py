"""What the check of an alert showed, so that nobody reads it out of the alert's message."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; alerts of before go without."""
    op.execute("ALTER TABLE alerts ADD check_status text, ADD explanation text")


def downgrade() -> None:
    """Remove them."""
    op.execute("ALTER TABLE alerts DROP check_status, DROP explanation")
