"""Raw results: a key that answers figures by itself, and how long each result speaks for."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_KEY = "(service_id, scheduled_for, region)"
_COVERED = "(checked_at, status, settled_status, response_time_ms, in_maintenance, cover_seconds)"
_NEWEST_FIRST = (
    "SELECT inhrelid::regclass::text FROM pg_inherits"
    " WHERE inhparent = 'check_results'::regclass ORDER BY 1 DESC"
)


def upgrade() -> None:
    """Cover the primary key, one day after the other, while checks go on being recorded.

    Each day's index is built CONCURRENTLY outside the migration's transaction; then the key itself
    changes hands in a moment, because the new one is made of what is there.
    """
    op.execute("ALTER TABLE check_results ADD COLUMN cover_seconds integer")
    context = op.get_context()
    with context.autocommit_block():
        for day in _days():
            # An index that an interrupted attempt left behind is not valid.
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {day}_covering")
            op.execute(
                f"CREATE UNIQUE INDEX CONCURRENTLY {day}_covering ON {day} {_KEY}"
                f" INCLUDE {_COVERED}"
            )
    op.execute("SET LOCAL lock_timeout = '30s'")
    op.execute("ALTER TABLE check_results DROP CONSTRAINT check_results_pkey")
    for day in _days():
        covering = op.get_bind().exec_driver_sql(f"SELECT to_regclass('{day}_covering')").scalar()
        if covering is not None:  # else a day that was made meanwhile
            op.execute(
                f"ALTER TABLE {day} ADD CONSTRAINT {day}_pkey PRIMARY KEY USING INDEX {covering}"
            )
    op.execute(f"ALTER TABLE check_results ADD PRIMARY KEY {_KEY} INCLUDE {_COVERED}")


def downgrade() -> None:
    """Return to the key without the covered columns."""
    op.execute("ALTER TABLE check_results DROP CONSTRAINT check_results_pkey")
    op.execute(f"ALTER TABLE check_results ADD PRIMARY KEY {_KEY}")
    op.execute("ALTER TABLE check_results DROP COLUMN cover_seconds")


def _days() -> list[str]:
    return [name for (name,) in op.get_bind().exec_driver_sql(_NEWEST_FIRST)]
