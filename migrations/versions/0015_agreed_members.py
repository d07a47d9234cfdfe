"""Invitations for everybody, and keys that end with the key they were made with."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# The default is for a process of the release before, which knows no such column.
CHANGES = """
ALTER TABLE invitations ADD COLUMN user_id uuid NOT NULL DEFAULT gen_random_uuid();
UPDATE invitations i SET user_id = u.id FROM users u WHERE u.email = i.email;
ALTER TABLE api_keys ADD COLUMN parent_id uuid REFERENCES api_keys (id) ON DELETE CASCADE;
CREATE INDEX ix_api_keys_parent_id ON api_keys (parent_id);
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(CHANGES)


def downgrade() -> None:
    """Drop them again."""
    op.execute("ALTER TABLE api_keys DROP COLUMN parent_id")
    op.execute("ALTER TABLE invitations DROP COLUMN user_id")
