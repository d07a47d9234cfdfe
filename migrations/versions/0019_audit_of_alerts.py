"""The audit log of alerts: what people did, without what the program notes down for itself."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

KEPT = """
CREATE OR REPLACE FUNCTION audit_kept(changed jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(changed)
    WHERE key !~ '_hash(es)?$' AND key !~ '^totp_' AND key <> ALL (ARRAY['created_at',
        'updated_at', 'version', 'alerting_version', 'token_epoch', 'last_used_at',
        'password_reset_expires_at', 'next_look_at', 'next_reminder_at', 'next_edge_at',
        'announced_start_at'{more}])
$$
"""


def upgrade() -> None:
    """Leave out why an alert told nobody, and what its rule said last."""
    op.execute(KEPT.format(more=", 'untold_reason', 'condition_holds'"))


def downgrade() -> None:
    """Keep them again."""
    op.execute(KEPT.format(more=""))
