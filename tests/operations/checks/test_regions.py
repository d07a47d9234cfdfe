"""Several regions: their votes change statuses, and so does one that falls silent."""

import pytest

from app.operations.checks import regions
from app.operations.checks.status_announcements import EVENT
from tests.event_messages import at_once, check, claim, listen, live_events, record, status_messages
from tests.factories import make_service


@pytest.fixture(autouse=True)
def listener(alice):
    return listen(alice, EVENT)


@pytest.fixture
def sent(rows):
    return lambda: status_messages(rows)


def test_two_regions_in_one_moment_are_one_change(app, alice, rows, sent):
    make_service(alice, regions=["default", "eu"], region_quorum="all")
    for region in ("default", "eu"):
        check(app, rows, "GREEN", region=region)
    turns = iter([claim(app, rows, "default"), claim(app, rows, "eu")])
    at_once(app, lambda: record(app, next(turns), "RED"), times=2)
    assert sent()[-1].endswith(">RED critical")
    assert len(sent()) == 2
    assert sent()[0] == "GREEN>YELLOW warning"


def test_a_region_that_falls_silent_changes_colours_too(app, alice, rows, sent):
    make_service(alice, regions=["default", "eu"], region_quorum="all")
    check(app, rows, "GREEN", region="default")
    check(app, rows, "RED", region="eu")
    assert sent() == ["GREEN>YELLOW warning"]
    rows(
        "UPDATE schedule_entries SET next_due_at = now() - interval '1 minute' WHERE region = 'eu'"
    )

    def watch():
        with app.app_context():
            return regions.watch()

    assert at_once(app, watch, times=3)[0] in (["eu"], [])
    assert sent() == ["GREEN>YELLOW warning", "YELLOW>GREEN info"]
    event = live_events(app, alice, EVENT)[-1]["data"]
    assert (event["from"], event["to"]) == ("YELLOW", "GREEN")
    assert event["reason"] == "no worker is alive in eu"


def test_a_region_of_its_own_that_falls_silent_is_no_news(app, alice, rows, sent):
    make_service(alice)
    check(app, rows, "GREEN")
    rows("UPDATE schedule_entries SET next_due_at = now() - interval '1 minute'")
    with app.app_context():
        assert regions.watch() == ["default"]
    check(app, rows, "GREEN")
    assert sent() == []
    check(app, rows, "RED")
    assert sent() == ["GREEN>RED critical"]
