from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain import storms
from app.domain.storms import Pending, StormState

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
STORM = StormState(NOW)
SLACK, MAIL = UUID(int=901), UUID(int=902)


def message(number: int, channel: UUID = SLACK, severity: str = "critical", **more) -> Pending:
    created = NOW - timedelta(seconds=60 - number)
    return Pending(
        UUID(int=number),
        more.pop("subject_id", UUID(int=1000 + number)),
        channel,
        severity,
        more.pop("service_name", f"web-{number}"),
        created,
        **more,
    )


@pytest.mark.parametrize(
    ("ages", "is_on", "why"),
    [
        ([], False, "nothing happens"),
        ([0] * 10, False, "ten at once are still told one by one"),
        ([0] * 11, True, "eleven are a storm"),
        ([59] * 11, True, "anywhere within the minute"),
        ([60] * 11, False, "before it"),
        ([30 * n for n in range(11)], False, "spread over five minutes"),
    ],
)
def test_a_storm_is_more_than_ten_alerts_in_a_minute(ages, is_on, why):
    fired = [NOW - timedelta(seconds=age) for age in ages]
    assert storms.observe(StormState(), fired, NOW).is_on(NOW) is is_on, why


def test_a_storm_lasts_until_five_minutes_are_calm():
    state = storms.observe(STORM, [], NOW + timedelta(minutes=4, seconds=59))
    assert state.is_on(NOW + timedelta(minutes=4, seconds=59))
    assert not state.is_on(NOW + timedelta(minutes=5))


def test_outside_a_storm_each_message_goes_by_itself():
    pending = [message(n) for n in range(1, 9)]
    plan = storms.plan(StormState(), pending, None, NOW)
    assert plan.single == tuple(pending)
    assert plan.digests == ()
    assert plan.wait_until is None


def test_in_a_storm_every_channel_gets_one_digest():
    pending = [message(n, channel) for n in range(1, 6) for channel in (SLACK, MAIL)]
    plan = storms.plan(STORM, pending, None, NOW)
    assert plan.single == ()
    assert [digest.channel_id for digest in plan.digests] == [SLACK, MAIL]
    assert all(len(digest.replaces) == 5 for digest in plan.digests)


def test_a_digest_names_the_worst_first():
    pending = [
        message(1, severity="info", service_name="blog"),
        message(2, severity="critical", service_name="shop"),
        message(3, severity="warning", service_name="api"),
        message(4, severity="critical", service_name="db"),
        message(5, severity="warning", service_name="shop"),
    ]
    (digest,) = storms.plan(STORM, pending, None, NOW).digests
    assert digest.severity == "critical"
    assert digest.named == ("shop", "db", "api", "blog")
    assert digest.counts == (("critical", 2), ("warning", 2), ("info", 1))
    assert digest.replaces == tuple(UUID(int=n) for n in range(1, 6))
    assert digest.subject_ids[0] == UUID(int=1002)
    assert digest.unnamed == 0


def test_a_long_digest_counts_the_rest():
    (digest,) = storms.plan(STORM, [message(n) for n in range(1, 51)], None, NOW).digests
    assert len(digest.named) == storms.NAMED_IN_DIGEST
    assert digest.unnamed == 30
    assert len(digest.replaces) == len(digest.subject_ids) == 50


def test_two_messages_about_one_alert_count_once():
    same = [message(1, subject_id=UUID(int=7)), message(2, subject_id=UUID(int=7))]
    (digest,) = storms.plan(STORM, same, None, NOW).digests
    assert digest.counts == (("critical", 1),)
    assert digest.subject_ids == (UUID(int=7),)


def test_a_digest_of_one_is_the_message_itself():
    plan = storms.plan(STORM, [message(1), message(2, MAIL)], None, NOW)
    assert plan.digests == ()
    assert len(plan.single) == 2


def test_digests_come_a_minute_apart():
    pending = [message(1), message(2)]
    plan = storms.plan(STORM, pending, NOW - timedelta(seconds=20), NOW)
    assert (plan.single, plan.digests) == ((), ())
    assert plan.wait_until == NOW + timedelta(seconds=40)
    assert storms.plan(STORM, pending, NOW - timedelta(seconds=60), NOW).digests


def test_a_page_of_an_escalation_policy_is_never_folded_away():
    page = message(1, is_escalation=True)
    plan = storms.plan(STORM, [page, message(2), message(3)], NOW, NOW)
    assert plan.single == (page,)
    assert plan.wait_until == NOW + timedelta(minutes=1)
    assert storms.plan(STORM, [page], NOW, NOW).wait_until is None
