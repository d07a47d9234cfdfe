"""Evidence of failures, certificates, and signs of life of workers."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE check_evidence (
    check_id uuid NOT NULL,
    service_id uuid NOT NULL,
    at timestamptz NOT NULL,
    region text NOT NULL,
    evidence jsonb NOT NULL,
    PRIMARY KEY (check_id),
    FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE CASCADE
);
CREATE INDEX ix_check_evidence_service ON check_evidence (service_id, at);

CREATE TABLE ssl_certificates (
    service_id uuid NOT NULL,
    domain text NOT NULL,
    port integer NOT NULL,
    subject text NOT NULL,
    issuer text NOT NULL,
    sans text[] NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    fingerprint_sha256 text NOT NULL,
    key_type text NOT NULL,
    chain_valid boolean NOT NULL,
    error text,
    last_checked_at timestamptz NOT NULL,
    previous_fingerprint text,
    changed_at timestamptz,
    PRIMARY KEY (service_id),
    FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE CASCADE
);
CREATE INDEX ix_ssl_certificates_valid_to ON ssl_certificates (valid_to);

CREATE TABLE ssl_notices (
    service_id uuid NOT NULL,
    fingerprint_sha256 text NOT NULL,
    threshold_days integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, fingerprint_sha256, threshold_days),
    FOREIGN KEY(service_id) REFERENCES services (id) ON DELETE CASCADE
);

CREATE TABLE worker_pulses (
    worker text NOT NULL,
    region text NOT NULL,
    at timestamptz NOT NULL,
    blind_since timestamptz,
    PRIMARY KEY (worker)
);
"""

DROP = """
DROP TABLE worker_pulses, ssl_notices, ssl_certificates, check_evidence;
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(TABLES)


def downgrade() -> None:
    """Remove them."""
    op.execute(DROP)
