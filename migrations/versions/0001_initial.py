"""Organizations, people, services, their schedule and what was seen of them."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL UNIQUE,
    plan_type text NOT NULL,
    max_services integer NOT NULL,
    timezone text NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    full_name text NOT NULL,
    timezone text NOT NULL,
    contact_methods jsonb NOT NULL,
    token_epoch integer NOT NULL,
    is_operator boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE memberships (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (organization_id, user_id)
);
CREATE INDEX ix_memberships_user_id ON memberships (user_id);

CREATE TABLE revoked_tokens (
    jti uuid PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ix_revoked_tokens_expires_at ON revoked_tokens (expires_at);

CREATE TABLE services (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name text NOT NULL,
    endpoint text NOT NULL,
    check_type text NOT NULL,
    description text NOT NULL,
    environment text NOT NULL,
    check_interval_seconds integer NOT NULL,
    timeout_seconds integer NOT NULL,
    tags text[] NOT NULL,
    is_active boolean NOT NULL,
    config jsonb NOT NULL,
    slow_threshold_ms integer NOT NULL,
    failure_threshold integer NOT NULL,
    recovery_threshold integer NOT NULL,
    retry_interval_seconds integer,
    regions text[] NOT NULL,
    region_quorum text NOT NULL,
    depends_on uuid[] NOT NULL,
    escalation_policy_id uuid,
    status text NOT NULL,
    status_changed_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_services_organization_id ON services (organization_id);
CREATE INDEX ix_services_newest ON services (organization_id, created_at DESC, id DESC);

CREATE SEQUENCE lease_tokens;

-- Two updates a check: keep room on the pages for HOT updates and vacuum early.
CREATE TABLE schedule_entries (
    service_id uuid NOT NULL REFERENCES services ON DELETE CASCADE,
    region text NOT NULL,
    next_due_at timestamptz,
    lease_until timestamptz,
    lease_token bigint,
    status text NOT NULL,
    consecutive_failures integer NOT NULL,
    consecutive_successes integer NOT NULL,
    last_checked_at timestamptz,
    last_response_time_ms real,
    last_status_code integer,
    last_error text,
    PRIMARY KEY (service_id, region)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
CREATE INDEX ix_schedule_entries_due ON schedule_entries (region, next_due_at);

CREATE TABLE check_results (
    service_id uuid NOT NULL,
    scheduled_for timestamptz NOT NULL,
    region text NOT NULL,
    id uuid NOT NULL,
    checked_at timestamptz NOT NULL,
    status text NOT NULL,
    response_time_ms real,
    status_code integer,
    error text,
    dns_ms real,
    connect_ms real,
    tls_ms real,
    ttfb_ms real,
    transfer_ms real,
    in_maintenance boolean NOT NULL DEFAULT false,
    settled_status text,
    consecutive_failures integer,
    ssl_days_remaining integer,
    PRIMARY KEY (service_id, scheduled_for, region)
) PARTITION BY RANGE (scheduled_for);

CREATE TABLE status_changes (
    id uuid PRIMARY KEY,
    service_id uuid NOT NULL REFERENCES services ON DELETE CASCADE,
    at timestamptz NOT NULL,
    from_status text NOT NULL,
    to_status text NOT NULL,
    reason text,
    check_id uuid
);
CREATE INDEX ix_status_changes_service ON status_changes (service_id, at);

CREATE TABLE probe_requests (
    id uuid PRIMARY KEY,
    organization_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    region text NOT NULL,
    sealed_target bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    lease_until timestamptz,
    outcome jsonb
);
CREATE INDEX ix_probe_requests_open ON probe_requests (region) WHERE outcome IS NULL;

CREATE TABLE history_purges (
    service_id uuid PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT now()
);
"""

DROP = """
DROP TABLE history_purges, probe_requests, status_changes, check_results, schedule_entries,
    services, revoked_tokens, memberships, users, organizations;
DROP SEQUENCE lease_tokens;
"""


def upgrade() -> None:
    """Create the first tables; partitions of check_results are made by the program."""
    op.execute(TABLES)


def downgrade() -> None:
    """Remove everything."""
    op.execute(DROP)
