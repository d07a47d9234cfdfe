"""Status pages: pages, keys, snapshots, incidents, subscribers, notices."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE status_pages (
    name text NOT NULL,
    slug text NOT NULL,
    description text NOT NULL,
    is_public boolean NOT NULL,
    branding jsonb NOT NULL,
    sections jsonb NOT NULL,
    services jsonb NOT NULL,
    custom_domain text,
    domain_token text NOT NULL,
    domain_verified_at timestamptz,
    domain_checked_at timestamptz,
    domain_answer text,
    password_hash text,
    show_uptime_days integer NOT NULL,
    theme text NOT NULL,
    language text NOT NULL,
    timezone text NOT NULL,
    links jsonb NOT NULL,
    show jsonb NOT NULL,
    layout text NOT NULL,
    auto_incidents jsonb NOT NULL,
    notify jsonb NOT NULL,
    allow_subscribe boolean NOT NULL,
    is_indexed boolean NOT NULL,
    announcement jsonb,
    custom_css text NOT NULL,
    badge_key text NOT NULL,
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (slug),
    UNIQUE (badge_key),
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX uq_status_pages_domain ON status_pages (custom_domain) WHERE domain_verified_at IS NOT NULL;
CREATE INDEX ix_status_pages_organization_id ON status_pages (organization_id);

CREATE TABLE status_page_slugs (
    slug text NOT NULL,
    status_page_id uuid NOT NULL,
    kept_until timestamptz NOT NULL,
    PRIMARY KEY (slug),
    FOREIGN KEY(status_page_id) REFERENCES status_pages (id) ON DELETE CASCADE
);
CREATE INDEX ix_status_page_slugs_status_page_id ON status_page_slugs (status_page_id);

CREATE TABLE status_page_services (
    status_page_id uuid NOT NULL,
    service_id uuid NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (status_page_id, service_id),
    UNIQUE (key),
    FOREIGN KEY(status_page_id) REFERENCES status_pages (id) ON DELETE CASCADE,
    FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE CASCADE
);

CREATE TABLE page_snapshots (
    status_page_id uuid NOT NULL,
    document bytea,
    archive bytea,
    hash text,
    archive_hash text,
    version bigint NOT NULL,
    made_at timestamptz,
    due_at timestamptz DEFAULT now() NOT NULL,
    lease_until timestamptz,
    PRIMARY KEY (status_page_id),
    FOREIGN KEY(status_page_id) REFERENCES status_pages (id) ON DELETE CASCADE
);
CREATE INDEX ix_page_snapshots_due ON page_snapshots (due_at);

CREATE TABLE page_incidents (
    status_page_id uuid NOT NULL,
    key text NOT NULL,
    title text NOT NULL,
    status text NOT NULL,
    severity text NOT NULL,
    service_ids uuid[] NOT NULL,
    service_states jsonb NOT NULL,
    overall_state text,
    is_draft boolean NOT NULL,
    is_automatic boolean NOT NULL,
    started_at timestamptz NOT NULL,
    published_at timestamptz,
    stated_at timestamptz,
    next_update_at timestamptz,
    resolved_at timestamptz,
    post_mortem text NOT NULL,
    post_mortem_published_at timestamptz,
    alert_ids uuid[] NOT NULL,
    recovered_at timestamptz,
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (key),
    FOREIGN KEY(status_page_id) REFERENCES status_pages (id) ON DELETE CASCADE,
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE INDEX ix_page_incidents_organization_id ON page_incidents (organization_id);
CREATE INDEX ix_page_incidents_started ON page_incidents (status_page_id, started_at);

CREATE TABLE page_incident_updates (
    incident_id uuid NOT NULL,
    status text NOT NULL,
    body text NOT NULL,
    at timestamptz NOT NULL,
    edited_at timestamptz,
    is_minor boolean NOT NULL,
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(incident_id) REFERENCES page_incidents (id) ON DELETE CASCADE,
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE INDEX ix_page_incident_updates_incident ON page_incident_updates (incident_id, at);
CREATE INDEX ix_page_incident_updates_organization_id ON page_incident_updates (organization_id);

CREATE TABLE page_subscribers (
    status_page_id uuid NOT NULL,
    kind text NOT NULL,
    address jsonb NOT NULL,
    address_hash text NOT NULL,
    secret jsonb,
    service_ids uuid[] NOT NULL,
    wants text NOT NULL,
    confirmed_at timestamptz,
    expires_at timestamptz,
    confirmations jsonb NOT NULL,
    bounces integer NOT NULL,
    paused_at timestamptz,
    last_error text,
    organization_id uuid NOT NULL,
    id uuid NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (status_page_id, kind, address_hash),
    FOREIGN KEY(status_page_id) REFERENCES status_pages (id) ON DELETE CASCADE,
    FOREIGN KEY(organization_id) REFERENCES organizations (id) ON DELETE CASCADE
);
CREATE INDEX ix_page_subscribers_organization_id ON page_subscribers (organization_id);
CREATE INDEX ix_page_subscribers_expiry ON page_subscribers (expires_at);

CREATE TABLE page_notices (
    status_page_id uuid NOT NULL,
    window_id uuid NOT NULL,
    starts_at timestamptz NOT NULL,
    kind text NOT NULL,
    ends_at timestamptz NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (status_page_id, window_id, starts_at, kind),
    FOREIGN KEY(status_page_id) REFERENCES status_pages (id) ON DELETE CASCADE,
    FOREIGN KEY(window_id) REFERENCES maintenance_windows (id) ON DELETE CASCADE
);

-- A page is made anew when a service changes its colour: which did so lately is asked each second.
CREATE INDEX ix_services_status_changed_at ON services (status_changed_at);

SELECT audit_table('status_pages', 'status_page');
SELECT audit_table('page_incidents', 'status_page_incident');
SELECT audit_table('page_incident_updates', 'status_page_incident_update');
SELECT audit_table('page_subscribers', 'status_page_subscriber');
"""

DROP = """
DROP INDEX ix_services_status_changed_at;
DROP TABLE page_notices, page_subscribers, page_incident_updates, page_incidents, page_snapshots, status_page_services, status_page_slugs, status_pages;
"""


def upgrade() -> None:
    """Create the tables of status pages."""
    op.execute(TABLES)


def downgrade() -> None:
    """Remove them."""
    op.execute(DROP)
