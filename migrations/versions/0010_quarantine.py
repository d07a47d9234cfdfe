"""What ended or stalled a process, and when each standing tick has run."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE quarantine (
    kind text NOT NULL,
    key text NOT NULL,
    losses integer NOT NULL,
    trace text,
    set_aside_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kind, key)
);
CREATE TABLE tick_runs (
    job text NOT NULL,
    holder text,
    begun_at timestamptz,
    finished_at timestamptz,
    losses integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    trace text,
    set_aside_at timestamptz,
    PRIMARY KEY (job)
);
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them again."""
    op.execute("DROP TABLE quarantine, tick_runs")
