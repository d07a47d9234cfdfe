"""Locations: places where agents check services over HTTPS, and the agents that were seen there."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE locations (
    name text NOT NULL,
    region text NOT NULL,
    is_shared boolean NOT NULL,
    prefix text NOT NULL,
    key_hash text NOT NULL,
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (region),
    UNIQUE (key_hash),
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE INDEX ix_locations_organization_id ON locations (organization_id);

CREATE TABLE location_agents (
    location_id uuid NOT NULL,
    agent text NOT NULL,
    version text NOT NULL,
    protocol integer NOT NULL,
    started_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    checks_per_second real NOT NULL,
    lateness_ms real,
    clock_skew_ms real NOT NULL,
    buffered integer NOT NULL,
    blind_since timestamptz,
    PRIMARY KEY (location_id, agent),
    FOREIGN KEY(location_id) REFERENCES locations (id) ON DELETE CASCADE
);

SELECT audit_table('locations', 'location');
"""

DROP = """
DROP TABLE location_agents, locations;
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Remove them."""
    op.execute(DROP)
