"""Console: preferences of people, saved views, calendars of on-call duty, keys of configuration."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE user_preferences (
    user_id uuid NOT NULL,
    preferences jsonb NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (user_id),
    FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE saved_views (
    name text NOT NULL,
    screen text NOT NULL,
    query text NOT NULL,
    is_shared boolean NOT NULL,
    is_pinned boolean NOT NULL,
    user_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE INDEX ix_saved_views_organization_id ON saved_views (organization_id);
CREATE INDEX ix_saved_views_user_id ON saved_views (user_id);

CREATE TABLE on_call_calendars (
    scope text NOT NULL,
    key_hash text NOT NULL,
    user_id uuid NOT NULL,
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (key_hash),
    FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE INDEX ix_on_call_calendars_organization_id ON on_call_calendars (organization_id);
CREATE INDEX ix_on_call_calendars_user_id ON on_call_calendars (user_id);

CREATE TABLE configuration_keys (
    organization_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    object_id uuid NOT NULL,
    PRIMARY KEY (organization_id, kind, key),
    UNIQUE (organization_id, kind, object_id),
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);

SELECT audit_table('saved_views', 'saved_view');
SELECT audit_table('on_call_calendars', 'on_call_calendar');
"""

DROP = """
DROP TABLE configuration_keys, on_call_calendars, saved_views, user_preferences;
"""


def upgrade() -> None:
    """Create the tables of the console."""
    op.execute(TABLES)


def downgrade() -> None:
    """Remove them."""
    op.execute(DROP)
