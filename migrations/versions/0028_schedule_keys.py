"""Keys of schedule entries in a table of their own, which no check changes."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# Claims go on while this waits: it asks for half a second at a time, in between they come through.
_LOCK = """
DO $$ BEGIN
    SET LOCAL lock_timeout = '500ms';
    FOR attempt IN 1..120 LOOP
        BEGIN
            LOCK TABLE schedule_entries IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.5);
        END;
    END LOOP;
    RAISE EXCEPTION 'schedule_entries is read or written without a break (by a pg_dump?)'
        USING ERRCODE = 'lock_not_available';
END $$
"""

_KEYS = """
CREATE TABLE schedule_keys (
    service_id uuid NOT NULL REFERENCES services ON DELETE CASCADE,
    region text NOT NULL,
    PRIMARY KEY (service_id, region)
);
CREATE INDEX ix_schedule_keys_region ON schedule_keys (region);
INSERT INTO schedule_keys SELECT service_id, region FROM schedule_entries;

CREATE FUNCTION keep_schedule_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM schedule_keys WHERE service_id = OLD.service_id AND region = OLD.region;
    ELSIF TG_OP = 'UPDATE' THEN
        UPDATE schedule_keys SET service_id = NEW.service_id, region = NEW.region
        WHERE service_id = OLD.service_id AND region = OLD.region;
    ELSE
        INSERT INTO schedule_keys VALUES (NEW.service_id, NEW.region) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN NULL;  -- no second entry, and no error
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_keys BEFORE INSERT OR UPDATE OF service_id, region ON schedule_entries
    FOR EACH ROW EXECUTE FUNCTION keep_schedule_keys();
CREATE TRIGGER delete_keys AFTER DELETE ON schedule_entries
    FOR EACH ROW EXECUTE FUNCTION keep_schedule_keys();
ALTER TABLE schedule_entries DROP CONSTRAINT schedule_entries_pkey;
"""


def upgrade() -> None:
    """Move the key; its index is built first, while checks go on.

    A unique index looks, with every new version of a row, at all earlier ones that a long snapshot
    (a `pg_dump`) keeps. What inserts entries without looking goes on as with the key before: a
    second entry of a service and region is left out.
    """
    with op.get_context().autocommit_block():
        # An index that an interrupted attempt left behind is not valid.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_schedule_entries_service")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_schedule_entries_service"
            " ON schedule_entries (service_id, region)"
        )
    op.execute(_LOCK)
    op.execute(_KEYS)


def downgrade() -> None:
    """Return to the key of the entries themselves."""
    op.execute("DROP TRIGGER keep_keys ON schedule_entries")
    op.execute("DROP TRIGGER delete_keys ON schedule_entries")
    op.execute("DROP FUNCTION keep_schedule_keys")
    op.execute("DROP TABLE schedule_keys")
    op.execute("ALTER TABLE schedule_entries ADD PRIMARY KEY (service_id, region)")
    op.execute("DROP INDEX ix_schedule_entries_service")
