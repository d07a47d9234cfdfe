"""Subscriptions of members to monthly reports by mail."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.execute(
        "CREATE TABLE report_subscriptions ("
        " organization_id uuid NOT NULL, user_id uuid NOT NULL,"
        " sla_target double precision NOT NULL, reported_month date NOT NULL,"
        " PRIMARY KEY (organization_id, user_id),"
        " FOREIGN KEY (organization_id, user_id)"
        " REFERENCES memberships (organization_id, user_id) ON DELETE CASCADE)"
    )


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP TABLE report_subscriptions")
