"""Sessions of people: where each of their tokens was used last, and with what."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table. Tokens of before come into it when they are used next."""
    op.execute("""
        CREATE TABLE user_sessions (
            token_id uuid PRIMARY KEY,
            user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            organization_id uuid NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
            token_epoch integer NOT NULL,
            created_at timestamptz NOT NULL,
            last_seen_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            address text,
            user_agent text
        )
    """)
    for column in ("user_id", "organization_id", "expires_at"):
        op.execute(f"CREATE INDEX ix_user_sessions_{column} ON user_sessions ({column})")


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP TABLE user_sessions")
