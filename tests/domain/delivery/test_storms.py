from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.delivery import storms
from app.domain.delivery.storms import Pending, Storm

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
STORM = Storm(NOW - timedelta(minutes=2), NOW)
LONG_AGO = NOW - timedelta(minutes=1)


def message(number: int, severity: str = "critical", **more) -> Pending:
    created = NOW - timedelta(seconds=60 - number)
    return Pending(
        UUID(int=number),
        more.pop("subject_id", UUID(int=1000 + number)),
        severity,
        more.pop("service_name", f"web-{number}"),
        more.pop("created_at", created),
    )


@pytest.mark.parametrize(
    ("ages", "is_storm", "why"),
    [
        ([], False, "nothing happens"),
        ([0] * 10, False, "ten at once are still told one by one"),
        ([0] * 11, True, "eleven are a storm"),
        ([59, *[0] * 10], True, "anywhere within the minute"),
        ([60, *[0] * 10], False, "before it"),
        ([30 * n for n in range(11)], False, "spread over five minutes"),
    ],
)
def test_a_storm_is_more_than_ten_alerts_in_a_minute(ages, is_storm, why):
    fired = [NOW - timedelta(seconds=age) for age in ages]
    found = storms.latest(fired)
    assert (found == Storm(NOW, NOW)) is is_storm, why


def test_a_storm_lasts_until_five_minutes_are_calm():
    storm = Storm(NOW, NOW)
    assert storm.is_on(NOW + timedelta(minutes=4, seconds=59))
    assert not storm.is_on(NOW + timedelta(minutes=5))


def test_a_storm_that_goes_on_began_with_its_first_excess():
    fired = [NOW + timedelta(seconds=5 * n) for n in range(40)]
    assert storms.latest(fired) == Storm(fired[10], fired[-1])


def test_a_storm_after_a_calm_is_another_one():
    later = NOW + timedelta(minutes=6)
    assert storms.latest([*[NOW] * 11, *[later] * 11]) == Storm(later, later)


@pytest.mark.parametrize("storm", [None, Storm(LONG_AGO, NOW - timedelta(minutes=5))])
def test_outside_a_storm_each_message_goes_by_itself(storm):
    pending = [message(n) for n in range(1, 9)]
    assert storms.evaluate(storm, pending, LONG_AGO, NOW) == storms.StormEvaluation(tuple(pending))


def test_in_a_storm_a_channel_gets_one_digest():
    plan = storms.evaluate(STORM, [message(n) for n in range(1, 6)], None, NOW)
    assert plan.single == ()
    assert len(plan.digest.replaces) == 5


def test_a_digest_names_the_worst_first():
    pending = [
        message(1, severity="info", service_name="blog"),
        message(2, severity="critical", service_name="shop"),
        message(3, severity="warning", service_name="api"),
        message(4, severity="critical", service_name="db"),
        message(5, severity="warning", service_name="shop"),
    ]
    digest = storms.evaluate(STORM, pending, None, NOW).digest
    assert digest.severity == "critical"
    assert digest.named == ("shop", "db", "api", "blog")
    assert digest.counts == (("critical", 2), ("warning", 2), ("info", 1))
    assert digest.replaces == tuple(UUID(int=n) for n in range(1, 6))
    assert digest.subject_ids[0] == UUID(int=1002)
    assert digest.unnamed == 0


def test_a_long_digest_counts_the_rest():
    digest = storms.evaluate(STORM, [message(n) for n in range(1, 51)], None, NOW).digest
    assert len(digest.named) == storms.NAMED_IN_DIGEST
    assert digest.unnamed == 30
    assert len(digest.replaces) == len(digest.subject_ids) == 50


def test_two_messages_about_one_alert_count_once():
    same = [message(1, subject_id=UUID(int=7)), message(2, subject_id=UUID(int=7))]
    digest = storms.evaluate(STORM, same, None, NOW).digest
    assert digest.counts == (("critical", 1),)
    assert digest.subject_ids == (UUID(int=7),)


def test_a_digest_of_one_is_the_message_itself():
    assert storms.evaluate(STORM, [message(1)], None, NOW) == storms.StormEvaluation((message(1),))


@pytest.mark.parametrize("count", [1, 2])
def test_a_channel_is_told_once_a_minute(count):
    pending = [message(n) for n in range(1, 1 + count)]
    plan = storms.evaluate(STORM, pending, NOW - timedelta(seconds=20), NOW)
    assert plan == storms.StormEvaluation(wait_until=NOW + timedelta(seconds=40))
    plan = storms.evaluate(STORM, pending, NOW - timedelta(seconds=60), NOW)
    assert plan.single or plan.digest


def test_the_first_message_of_a_storm_waits_for_those_that_fall_with_it():
    fresh = message(1, created_at=NOW - timedelta(seconds=0.5))
    assert storms.evaluate(STORM, [fresh], None, NOW).wait_until == NOW + timedelta(seconds=1.5)
    assert storms.evaluate(STORM, [fresh], None, NOW + timedelta(seconds=1.5)).single == (fresh,)
