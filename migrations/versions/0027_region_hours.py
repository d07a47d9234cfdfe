"""Hours of services by region, for services that more than one region checks."""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; its partitions, by month, are made by the program."""
    op.execute(
        "CREATE TABLE metric_region_hours ("
        " organization_id uuid NOT NULL, service_id uuid NOT NULL, at timestamptz NOT NULL,"
        " region text NOT NULL, checks integer NOT NULL, failed integer NOT NULL,"
        " slow integer NOT NULL, timed integer NOT NULL, sum_ms double precision NOT NULL,"
        " min_ms real, max_ms real, hist bytea NOT NULL,"
        " PRIMARY KEY (service_id, at, region)) PARTITION BY RANGE (at)"
    )


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP TABLE metric_region_hours")
