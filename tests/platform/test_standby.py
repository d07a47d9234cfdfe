"""Reads with a standby (DATABASE_READ_URL): what it answers, and when the primary does instead."""

import logging
import signal
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from flask import Flask
from sqlalchemy import create_engine

from app.local import ports
from app.operations.checks.retention import ensure_partitions
from app.platform import standby as standby_module
from app.platform.config import Config
from app.platform.events import Event
from app.platform.extensions import db
from app.platform.redis_client import connect
from app.platform.standby import Standby
from app.web import create_app
from tests import standby, url_arguments
from tests.factories import Person, make_person, make_service
from tests.standby import Pair
from tests.waiting import seconds_until

# What a view must be asked for.
QUERIES = {
    "service_lists.beats": {"ids": "00000000-0000-0000-0000-000000000000"},
}


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    with standby.pair() as found:
        alembic = AlembicConfig()
        alembic.set_main_option("script_location", "migrations")
        url = found.primary_url.replace("postgresql://", "postgresql+psycopg://")
        alembic.attributes["database_url"] = url
        command.upgrade(alembic, "head")
        yield found


@pytest.fixture(scope="module")
def web(both: Pair, servers: Any) -> Iterator[Flask]:
    """The application with a standby; all of its redis keys are in a database of their own."""
    config = Config.from_env(
        {
            "DATABASE_URL": both.primary_url,
            "DATABASE_READ_URL": both.standby_url,
            "REDIS_URL": servers.redis_url.rpartition("/")[0] + "/7",
            "JWT_SECRET": "a secret of the tests, long enough to be taken",
            "ENCRYPTION_KEY": "ab" * 32,
            "BASE_URL": "http://localhost",
            "RATE_LIMITS": "off",
            "PLAN_LIMITS": "off",
            "LOG_LEVEL": "warning",
        }
    )
    web = create_app(config)
    web.testing = True
    with web.app_context():
        ensure_partitions()
    yield web
    web.extensions["hub"].close()


@pytest.fixture
def person(web: Flask) -> Person:
    return make_person(web, "Reader")


@pytest.fixture
def gate(web: Flask) -> Standby:
    found: Standby = web.extensions["runtime"].standby
    return found


def names(person: Person) -> list[str]:
    """The services that a list shows."""
    answer = person.get("/services")
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json]


def rename(both: Pair, name: str, person: Person) -> None:
    """Change a service beside the application, which therefore knows of no write."""
    with psycopg.connect(both.primary_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE services SET name = %s WHERE organization_id = %s",
            (name, person.organization_id),
        )


def forget_writes(web: Flask) -> None:
    web.extensions["runtime"].redis.flushdb()


def answers_from_standby(gate: Standby, both: Pair, person: Person) -> bool:
    """Look at the standby anew, which a commit of just now has reached."""
    both.catch_up()
    return gate.may_answer(person.user_id, person.organization_id)


def test_a_list_is_read_from_the_standby_and_after_a_write_from_the_primary(
    web, both, person, gate, monkeypatch
):
    make_service(person, name="Before")
    forget_writes(web)
    seconds_until(lambda: answers_from_standby(gate, both, person), 10)
    monkeypatch.setattr(standby_module, "MAX_LAG_SECONDS", 3600.0)  # however slow this machine is
    with both.held_back():
        rename(both, "After", person)
        assert names(person) == ["Before"]
        make_service(person, name="Mine")
        assert set(names(person)) == {"After", "Mine"}  # who writes reads what they wrote


def test_what_is_told_on_the_live_feed_is_there_for_who_reads_it_then(web, both, person, gate):
    forget_writes(web)
    seconds_until(lambda: answers_from_standby(gate, both, person), 10)
    event = Event(person.organization_id, "service.updated", {})
    web.extensions["runtime"].feed.publish([event])
    assert not gate.may_answer(person.user_id, person.organization_id)


def test_a_standby_that_lags_answers_nothing(web, both, person, gate, monkeypatch):
    make_service(person, name="Before")
    forget_writes(web)
    seconds_until(lambda: answers_from_standby(gate, both, person), 10)
    monkeypatch.setattr(standby_module, "MAX_LAG_SECONDS", 0.5)
    with both.held_back():
        rename(both, "After", person)
        seconds_until(lambda: names(person) == ["After"], 10)
    monkeypatch.undo()
    seconds_until(lambda: answers_from_standby(gate, both, person), 10)


def test_a_server_that_takes_writes_is_no_standby(web, person, gate, caplog):
    with web.app_context(), caplog.at_level(logging.WARNING):
        promoted = Standby(db.engine, db.engine, web.extensions["runtime"].redis)
        assert not promoted.may_answer(person.user_id)
    assert "it is no standby" in str([vars(line).get("why") for line in caplog.records])


def test_the_standby_of_another_database_answers_nothing(web, both, person, servers, caplog):
    elsewhere = create_engine(servers.database_url.replace("postgresql:", "postgresql+psycopg:"))
    both.catch_up()
    with web.app_context(), caplog.at_level(logging.WARNING):
        gate = Standby(db.engines["standby"], elsewhere, web.extensions["runtime"].redis)
        assert not gate.may_answer(person.user_id)
    assert "standby of another database" in str([vars(line).get("why") for line in caplog.records])
    elsewhere.dispose()


def test_without_redis_nobody_is_answered_from_the_standby(web, both, person):
    with web.app_context():
        away = connect(f"redis://127.0.0.1:{ports.choose(None)}/0")
        gate = Standby(db.engines["standby"], db.engine, away)
    both.catch_up()
    gate.note_writes(person.user_id)
    assert not gate.may_answer(person.user_id)


def test_every_view_that_reads_the_standby_only_reads(web, both, person, gate):
    rules = [
        rule
        for rule in web.url_map.iter_rules()
        if getattr(web.view_functions[rule.endpoint], "reads_standby", False)
    ]
    assert len(rules) > 25
    named = sorted({name for rule in rules for name in rule.arguments})
    made = {name: url_arguments.OWNED[name](person) for name in named}
    forget_writes(web)
    seconds_until(lambda: answers_from_standby(gate, both, person), 10)
    for rule in rules:
        values = {name: made[name] for name in rule.arguments}
        path = web.url_map.bind("localhost").build(rule.endpoint, values)
        answer = person.get(path.removeprefix("/api/v1"), query_string=QUERIES.get(rule.endpoint))
        assert answer.status_code == 200, f"{rule}: {answer.text}"
    assert answers_from_standby(gate, both, person)  # and it gave up at none of them


def test_the_primary_answers_when_the_standby_is_gone(web, both, person, gate):
    make_service(person, name="Still here")
    forget_writes(web)
    seconds_until(lambda: answers_from_standby(gate, both, person), 10)
    both.standby.send_signal(signal.SIGQUIT)  # its connections end without a word
    both.standby.wait(10)
    assert names(person) == ["Still here"]
    assert not gate.may_answer(person.user_id)
