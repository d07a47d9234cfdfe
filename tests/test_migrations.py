"""The migrations and the models describe the same database, and each step can be undone."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

import app.models  # noqa: F401  fills the metadata
from app.models.base import Base

ALEMBIC = "migrations/alembic.ini"


def alembic_for(url: str) -> AlembicConfig:
    config = AlembicConfig(ALEMBIC)
    config.attributes["database_url"] = url
    return config


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    partitions = ("check_results_", "metric_hours_", "metric_fives_")
    return not (kind == "table" and name is not None and name.startswith(partitions))


def test_models_and_migrations_agree(empty_database_url):
    command.upgrade(alembic_for(empty_database_url), "head")
    engine = create_engine(empty_database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": is_ours})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_every_step_can_be_undone(empty_database_url):
    config = alembic_for(empty_database_url)
    command.upgrade(config, "head")
    command.downgrade(config, "base")
    command.upgrade(config, "head")
