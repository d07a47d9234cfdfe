"""Rules that go away while a worker opens and resolves their alerts: nobody waits in a circle."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from threading import Barrier
from uuid import UUID

import pytest
from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError

from app.operations.alerts import lifecycle
from app.operations.checks import record as checks_record
from app.operations.escalation import policies as escalation_policies
from app.operations.notifications import channels as notification_channels
from app.operations.rules import rules as alert_rules
from app.platform.clock import utcnow
from app.platform.errors import Conflict
from tests.alerting import RED, make_channel, make_policy, make_rule
from tests.factories import make_service
from tests.recording import claim_of, observe
from tests.waiting import crowding

ROUNDS = 25


@pytest.fixture
def crowd(context, alice, rows):
    """Services, a channel to tell, and no rule."""
    make_channel(alice)
    for rule in alice.get("/alert-rules").json:
        alice.delete(f"/alert-rules/{rule['id']}")
    return [UUID(make_service(alice, name=f"S{number}")["id"]) for number in range(4)]


def at_once(app, *stories):
    """Run stories at the same moment, each in a thread; raise what any of them raises.

    A lock that is not had within five seconds is asked for again as often as others want the same
    core: there the others may just be slow. On a machine of its own it is a fault at once.
    """
    barrier = Barrier(len(stories))

    def run(story):
        with app.app_context():
            barrier.wait()
            for tried in count(1):
                try:
                    return story()
                except (OperationalError, LockNotAvailable) as error:  # by the driver alone, too
                    is_late = isinstance(getattr(error, "orig", error), LockNotAvailable)
                    if not is_late or tried >= crowding():
                        raise

    with ThreadPoolExecutor(len(stories)) as pool:
        for future in [pool.submit(run, story) for story in stories]:
            future.result()


def batch(services, letters, at):
    """Return checks that were claimed and made, one letter for each service."""
    return [
        claim_of(service, "default", at).finished(observe(letter), at)
        for service, letter in zip(services, letters, strict=True)
    ]


def unresolved(rows):
    return rows("SELECT count(*) FROM alerts WHERE status <> 'resolved'")[0][0]


def delete(person, rule):
    alert_rules.delete(person.organization_id, UUID(rule["id"]))


def switch_off(person, rule):
    alert_rules.update(person.organization_id, UUID(rule["id"]), {"is_enabled": False})


@pytest.mark.parametrize("go_away", [delete, switch_off])
def test_a_rule_goes_away_while_a_batch_opens_and_resolves(app, alice, rows, crowd, go_away):
    long_red = RED | {"for_seconds": 1}
    at = utcnow() - timedelta(hours=1)
    for _ in range(ROUNDS):
        kept = [make_rule(alice, condition=condition) for condition in (RED, long_red)]
        for letters in ("GGGG", "RGRG", "RGRG"):
            at += timedelta(seconds=5)
            checks_record.record(batch(crowd, letters, at), at)
        assert unresolved(rows) == 4
        at += timedelta(seconds=5)
        # Opening before resolving and the other way round: in whatever order alerts are met.
        seen = batch(crowd, "GRGR", at)
        seen = [seen[1], seen[2], seen[3], seen[0]]
        (alert_id,) = rows("SELECT id FROM alerts WHERE status <> 'resolved' LIMIT 1")[0]

        def by_hand(alert_id=alert_id):
            lifecycle.resolve(alice.organization_id, alert_id, actor="alice")

        at_once(
            app,
            lambda seen=seen, at=at: checks_record.record(seen, at),
            lambda rule=kept[0]: go_away(alice, rule),
            lambda rule=kept[1]: go_away(alice, rule),
            by_hand,
        )
        assert unresolved(rows) == 0
        assert go_away is switch_off or rows("SELECT count(*) FROM rule_streaks") == [(0,)]


def test_what_rules_refer_to_stays_while_a_batch_opens(app, alice, rows, crowd):
    at = utcnow() - timedelta(hours=1)

    def refused(delete_it, id):
        with pytest.raises(Conflict):
            delete_it(alice.organization_id, UUID(id))

    for _ in range(ROUNDS):
        channel = make_channel(alice, name=f"Pager {at}")["id"]
        policy = make_policy(alice, name=f"Policy {at}")["id"]
        named = {"escalation_policy_id": policy, "notification_channel_ids": [channel]}
        rules = [make_rule(alice, condition=RED, **named) for _ in range(3)]
        at += timedelta(seconds=5)
        seen = batch(crowd, "RRRR", at)
        at_once(
            app,
            lambda seen=seen, at=at: checks_record.record(seen, at),
            lambda id=policy: refused(escalation_policies.delete, id),
            lambda id=channel: refused(notification_channels.delete, id),
        )
        assert unresolved(rows) == 12
        at_once(app, *(lambda rule=rule: delete(alice, rule) for rule in rules))
        assert unresolved(rows) == 0
        escalation_policies.delete(alice.organization_id, UUID(policy))
        notification_channels.delete(alice.organization_id, UUID(channel))


def test_what_alerts_refer_to_without_naming_it_goes_away_while_a_batch_opens(
    app, alice, rows, crowd
):
    at = utcnow() - timedelta(hours=1)
    for _ in range(ROUNDS):
        channel = make_channel(alice, name=f"Pager {at}")["id"]
        policy = make_policy(alice, name=f"Policy {at}", is_default=True)["id"]
        rules = [make_rule(alice, condition=RED) for _ in range(3)]
        at += timedelta(seconds=5)
        seen = batch(crowd, "RRRR", at)
        at_once(
            app,
            lambda seen=seen, at=at: checks_record.record(seen, at),
            lambda id=policy: escalation_policies.delete(alice.organization_id, UUID(id)),
            lambda id=channel: notification_channels.delete(alice.organization_id, UUID(id)),
        )
        assert unresolved(rows) == 12
        for rule in rules:
            delete(alice, rule)
        assert unresolved(rows) == 0
