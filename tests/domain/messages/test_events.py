"""What channels hear of, and how much it weighs."""

import pytest

from app.domain.messages import events


@pytest.mark.parametrize(
    ("named", "heard"),
    [
        ([], set(events.DEFAULT_EVENTS)),
        (["alert.fired"], {"alert.fired"}),
        (["ssl.expiring"], {"ssl.expiring", "ssl.expired"}),
        (["ssl.expired"], {"ssl.expired"}),
        (["ssl.changed"], {"ssl.changed"}),
    ],
)
def test_who_wants_the_warning_wants_the_end(named, heard):
    assert events.wanted(named) == heard


def test_the_defaults_are_the_alerts():
    assert events.EVENTS[: len(events.DEFAULT_EVENTS)] == events.DEFAULT_EVENTS
    assert {event.partition(".")[0] for event in events.DEFAULT_EVENTS} == {"alert"}
    assert len(set(events.EVENTS)) == len(events.EVENTS)


@pytest.mark.parametrize(
    ("severity", "least", "expected"),
    [
        ("critical", "info", True),
        ("warning", "warning", True),
        ("info", "warning", False),
        ("warning", "critical", False),
    ],
)
def test_severities_are_ordered(severity, least, expected):
    assert events.is_at_least(severity, least) is expected


def test_no_severity_is_an_error():
    with pytest.raises(KeyError):
        events.rank("loud")


@pytest.mark.parametrize(
    ("event", "severity"),
    [
        ("heartbeat.missed", "critical"),
        ("ssl.expired", "critical"),
        ("ssl.expiring", "warning"),
        ("ssl.changed", "info"),
        ("maintenance.started", "info"),
    ],
)
def test_what_an_event_weighs_by_itself(event, severity):
    assert events.usual_severity(event) == severity
