"""Freezing of the raw results of past days, so that figures are read from the index alone.

Inserts make autovacuum come at half a day's growth, which leaves up to a third of every day unseen
by the visibility map; and days that nobody froze come due for wraparound together.
"""

from datetime import datetime, timedelta

from psycopg import sql
from sqlalchemy import text

from app.platform.extensions import db
from app.platform.transaction import transaction

# Results of checks that were due before midnight are recorded after it.
_SETTLED_AFTER = timedelta(minutes=20)
_NEVER_VACUUMED = """
SELECT c.relname FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
LEFT JOIN pg_stat_user_tables t ON t.relid = c.oid
WHERE i.inhparent = 'check_results'::regclass AND c.relname < %s
  AND coalesce(t.last_vacuum, 'epoch') < to_date(substring(c.relname FROM '[0-9]{8}$'), 'YYYYMMDD')
      + interval '1 day' + %s
ORDER BY c.relname DESC LIMIT 1
"""


def freeze_a_day(now: datetime) -> str | None:
    """Freeze and analyse the newest day that was not yet; return its partition, None: all are.

    Whether a day was done is what PostgreSQL's statistics say; where they were lost in a crash it
    is done again, which costs little. `now` is the time of day that decides which days are over.
    """
    first_open = (now - _SETTLED_AFTER).date()
    with transaction() as tx:
        name: str | None = tx.scalar(
            _NEVER_VACUUMED, (f"check_results_{first_open:%Y%m%d}", _SETTLED_AFTER)
        )
    if name is None:
        return None
    # VACUUM runs in no transaction, and takes as long as it takes.
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET statement_timeout = 0"))
        try:
            statement = sql.SQL("VACUUM (FREEZE, ANALYZE) {}").format(sql.Identifier(name))
            connection.exec_driver_sql(statement.as_string())
        finally:
            connection.execute(text("RESET statement_timeout"))
    return name
