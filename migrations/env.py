"""Alembic environment: takes the database from the same settings as the program."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, text

import app.models  # noqa: F401  fills the metadata
from app.models.base import Base
from app.platform.config import Config
from app.platform.server_requirements import lacking_in_database

# Any constant will do; two launchers that migrate at once must wait for one another.
MIGRATION_LOCK = 7_261_001

url = context.config.attributes.get("database_url") or Config.from_env().database_direct_url
plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
with psycopg.connect(plain, connect_timeout=5) as probe:
    if lacking := lacking_in_database(probe):
        raise SystemExit(f"DATABASE_URL: the database cannot be used: {lacking}")
engine = create_engine(url, connect_args={"connect_timeout": 5})

with engine.connect() as connection:
    connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
    connection.commit()
    context.configure(
        connection=connection, target_metadata=Base.metadata, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
