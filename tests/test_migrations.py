"""The migrations and the models describe the same database, and each step can be undone."""

import hashlib
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

import app.models  # noqa: F401  fills the metadata
from app.models.base import Base

ALEMBIC = "migrations/alembic.ini"
VERSIONS = Path(__file__).parents[1] / "migrations" / "versions"
# What has landed never changes again: installations have it. A change is a new revision; when that
# has landed, its line comes here (the first 32 digits of `sha256sum`).
LANDED = {
    "0001_initial.py": "42bce708e306600f5478c025f9346acb",
    "0002_alerting.py": "c6476c61b4310185d7343f462a7756c6",
    "0003_organizations.py": "85f059dac00d9af8d32653166b9433d5",
    "0004_heartbeats.py": "c73f83ab1d8479ac6c83db4257b4effe",
    "0005_evidence.py": "1d3a4d23cb31587c62e42529603099b8",
    "0006_covering_results.py": "0ed440d6bf7a6fa88715aa47e8c79dcb",
    "0007_failure_kinds.py": "bf89db68900646901d069fb90ca912f1",
    "0008_alert_conditions.py": "ab9c76a6c1aced6cb4cb16cd2bce27aa",
    "0009_status_pages.py": "045f8b6570bca19de8953ccbc23aa096",
    "0010_quarantine.py": "f25210f956e694eae7a3329409ea3d47",
    "0011_untold_alerts.py": "6fbfc80e9a8792397842783fb83a1696",
    "0012_console.py": "b9cca00955b806a324cbfdaa1ba55b30",
    "0013_secret_hosts.py": "7673347b8f87fbb6bc2b0751d4642edd",
    "0014_page_snapshots.py": "b48252da623cde875ac369f70c97f8da",
    "0015_agreed_members.py": "4b03d5951709042bec7dc2814f1c2336",
    "0016_metrics.py": "ffcccdfe9aee5aceae81cfa38782cfd7",
    "0017_window_exceptions.py": "fb99b6b84e61d2ed2f8ebda9469cc8fa",
    "0018_page_logos.py": "325485fdda8d91f0216f2dcf3ee4da82",
    "0019_audit_of_alerts.py": "d956f00dcf7cf046422aa6dc083ca321",
    "0020_locations.py": "1a6e3e6dcfb0f6ad613d928b14ad8739",
    "0021_service_badges.py": "ba2a1404c670554445be6a74f29fec03",
    "0022_lost_domains.py": "90fa790be3968da16272df8b12a5748a",
    "0023_strangers.py": "3ae50a58f3efaa73d6bd8d8b64d2ff12",
    "0024_monthly_reports.py": "8dc38837da6a48fa5768764adea45d4c",
    "0025_passed_on.py": "fe56854964e5db0f40ad7546c310a5c0",
    "0026_suspects.py": "cb610181b186bddf7bdaa4b719f30889",
    "0027_region_hours.py": "20b0f5c1c37560fd4a987233c63f3d34",
    "0028_schedule_keys.py": "2bcba8229eb0dc00be8e3cffba36dc13",
    "0029_location_keys.py": "b33f4aef932d6905d931df8d28713f86",
    "0030_proved_domains.py": "8150f2c9cdaab309aaf9842d42fa31c9",
    "0031_user_sessions.py": "980738f268c3e6312ff65a3c28b5bea7",
    "0032_checks_of_alerts.py": "5074720f9fd9e86cb82edad15324d0c7",
    "0033_messages_in_storms.py": "bee829f71faacbc60ccd042063dd0fbd",
}


def alembic_for(url: str) -> AlembicConfig:
    config = AlembicConfig(ALEMBIC)
    config.attributes["database_url"] = url
    return config


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    partitions = ("check_results_", "metric_hours_", "metric_region_hours_", "metric_fives_")
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


@pytest.mark.parametrize("name", LANDED)
def test_what_has_landed_is_never_edited(name):
    assert hashlib.sha256((VERSIONS / name).read_bytes()).hexdigest()[:32] == LANDED[name]


def test_nothing_comes_in_between_what_has_landed():
    names = {path.name for path in VERSIONS.glob("[0-9]*.py")}
    assert not {name for name in names - LANDED.keys() if name < max(LANDED)}
