"""Every setting that is documented does something, and every one that does is documented."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.platform.config import Config

ROOT = Path(__file__).parents[1]
EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTED = re.findall(r"^# ([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE)
# Read where no Config is at hand: by gunicorn's own configuration, and by docker compose.
ELSEWHERE = {
    "WEB_PROCESSES": "gunicorn.conf.py",
    "POSTGRES_PASSWORD": "docker-compose.yml",
    "REDIS_PASSWORD": "docker-compose.yml",
}


def test_there_is_something_to_walk():
    assert len(DOCUMENTED) == len(set(DOCUMENTED)) > 25


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_setting_is_read_and_used(name):
    if name in ELSEWHERE:
        assert name in (ROOT / ELSEWHERE[name]).read_text()
        return
    field = name.lower()
    assert field in {each.name for each in fields(Config)}
    use = re.compile(rf"\.{field}\b")
    users = [
        path
        for folder in ("app", "workers", "scheduler")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "config.py" and use.search(path.read_text())
    ]
    assert users, f"{name} is read, and does nothing"


def test_a_setting_that_is_read_is_documented():
    assert {each.name.upper() for each in fields(Config) if "derived" not in each.metadata} <= set(
        DOCUMENTED
    )
