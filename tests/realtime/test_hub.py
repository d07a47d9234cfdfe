"""The live feed's hub: bounded queues, filters, other organizations, a Redis that comes back."""

import json
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from app.platform.events import Event, Feed, listen
from app.realtime.hub import QUEUE_LIMIT, Client, Hub, sequence_of
from tests.waiting import stretched


@pytest.fixture
def feed(app) -> Feed:
    return app.extensions["runtime"].feed


@pytest.fixture
def hub(app) -> Iterator[Hub]:
    hub = Hub(app.extensions["runtime"].redis)
    yield hub
    hub.close()


def join(hub: Hub, organization_id) -> Client:
    client = Client(organization_id)
    hub.join(client)
    return client


def frames_of(client: Client, count: int) -> list[dict]:
    found: list[str] = []
    deadline = time.monotonic() + stretched(5)
    while len(found) < count and time.monotonic() < deadline:
        found += client.take(0.2)
    return [json.loads(frame) for frame in found]


def events(organization_id, count: int, **data) -> list[Event]:
    return [Event(organization_id, "check_result", {"n": n, **data}) for n in range(count)]


def test_events_arrive_in_order_with_growing_numbers(feed, hub):
    organization = uuid4()
    client = join(hub, organization)
    feed.publish(events(organization, 20))
    frames = frames_of(client, 20)
    assert [frame["data"]["n"] for frame in frames] == list(range(20))
    numbers = [frame["seq"] for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + 20))


def test_an_organization_never_sees_another(feed, hub):
    mine, theirs = uuid4(), uuid4()
    client, stranger = join(hub, mine), join(hub, theirs)
    for _ in range(50):
        feed.publish([*events(mine, 5, whose="mine"), *events(theirs, 5, whose="theirs")])
    seen = frames_of(client, 250)
    assert len(seen) == 250
    assert {frame["data"]["whose"] for frame in seen} == {"mine"}
    assert {frame["data"]["whose"] for frame in frames_of(stranger, 250)} == {"theirs"}


def test_a_client_that_does_not_read_is_overrun_and_costs_no_more(feed, hub):
    organization = uuid4()
    slow, fast = join(hub, organization), join(hub, organization)
    for _ in range(QUEUE_LIMIT // 10 + 2):
        feed.publish(events(organization, 10))
        frames_of(fast, 10)
    deadline = time.monotonic() + stretched(5)
    while not slow.is_overrun and time.monotonic() < deadline:
        time.sleep(0.02)
    assert slow.is_overrun
    assert not fast.is_overrun
    assert slow.take(0) == []


def test_what_is_for_one_client_alone_is_bounded_as_well(hub):
    client = join(hub, uuid4())
    for _ in range(QUEUE_LIMIT + 1):
        client.send("{}")
    assert client.is_overrun
    client.send("{}")
    assert client.take(0) == []


def test_filters_by_type_and_service(feed, hub):
    organization = uuid4()
    client = join(hub, organization)
    client.types, client.service_ids = frozenset({"check_result"}), frozenset({"a"})
    feed.publish(
        [
            Event(organization, "check_result", {"service_id": "a"}),
            Event(organization, "check_result", {"service_id": "b"}),
            Event(organization, "alert.fired", {"service_id": "a"}),
        ]
    )
    assert [frame["data"] for frame in frames_of(client, 1)] == [{"service_id": "a"}]
    assert client.take(0.3) == []


def test_what_the_greeting_sent_is_not_sent_again(feed, hub):
    organization = uuid4()
    client = join(hub, organization)
    feed.publish(events(organization, 3))
    client.after_seq = feed.position(organization) + 1
    feed.publish(events(organization, 3))
    seen = [frame["seq"] for frame in frames_of(client, 5)]
    assert client.after_seq not in seen


def test_numbers_grow_also_after_redis_was_emptied(app, feed):
    organization = uuid4()
    listen(feed.redis, [organization])
    feed.publish(events(organization, 3))
    before = feed.position(organization)
    app.extensions["runtime"].redis.flushall()
    time.sleep(0.01)
    feed.publish(events(organization, 1))
    assert feed.position(organization) > before


def test_the_last_thousand_are_kept(feed):
    organization = uuid4()
    listen(feed.redis, [organization])
    feed.publish(events(organization, 1500))
    kept = feed.kept(organization)
    assert len(kept) == 1000
    assert sequence_of(kept[-1]) == feed.position(organization)


def test_results_of_checks_are_published_only_while_somebody_listens(feed, hub):
    organization = uuid4()
    feed.publish([*events(organization, 3), Event(organization, "alert.fired", {})])
    kinds = [json.loads(frame)["type"] for frame in feed.kept(organization)]
    assert kinds == ["alert.fired"], "what changes is kept for whoever comes back"
    first = join(hub, organization)
    assert not first.was_heard, "results are missing among what is kept"
    time.sleep(1.1)  # a publisher remembers for a second that nobody listened
    feed.publish(events(organization, 3))
    assert len(frames_of(first, 3)) == 3
    hub.leave(first)
    feed.publish(events(organization, 2))
    assert join(hub, organization).was_heard, "who comes back soon has missed nothing"
    assert len(feed.kept(organization)) == 6


def test_the_script_is_loaded_again_after_redis_was_emptied(feed):
    organization = uuid4()
    feed.publish([Event(organization, "alert.fired", {})])
    feed.redis.script_flush()
    feed.publish([Event(organization, "alert.resolved", {})])
    assert len(feed.kept(organization)) == 2


def test_clients_come_back_after_redis_was_away_for_they_may_have_missed_something(hub, feed):
    client = join(hub, uuid4())
    assert not client.is_overrun
    assert feed.redis.client_kill_filter(_type="pubsub") >= 1
    end = time.monotonic() + stretched(5)
    while not client.is_overrun and time.monotonic() < end:
        client.take(0.2)
    assert client.is_overrun
    later = join(hub, uuid4())
    feed.publish(events(later.organization_id, 1))
    assert len(frames_of(later, 1)) == 1
    assert not later.is_overrun


def test_a_client_that_leaves_is_forgotten(hub):
    client = join(hub, uuid4())
    assert hub.count() == 1
    hub.leave(client)
    assert hub.count() == 0


def test_check_results_of_some_services_and_everything_else(feed, hub):
    organization = uuid4()
    client = join(hub, organization)
    assert not client.has_filters()
    client.check_results_of = frozenset({"a", "b"})
    assert client.has_filters()
    feed.publish(
        [
            Event(organization, "check_result", {"service_id": "a"}),
            Event(organization, "check_result", {"service_id": "c"}),
            Event(organization, "service.status_changed", {"service_id": "c"}),
            Event(organization, "alert.fired", {"service_id": "c"}),
            Event(organization, "heartbeat.ping", {}),
            Event(organization, "check_result", {"service_id": "b"}),
        ]
    )
    seen = [(frame["type"], frame["data"].get("service_id")) for frame in frames_of(client, 5)]
    assert seen == [
        ("check_result", "a"),
        ("service.status_changed", "c"),
        ("alert.fired", "c"),
        ("heartbeat.ping", None),
        ("check_result", "b"),
    ]
    client.check_results_of = frozenset()
    feed.publish([*events(organization, 1, service_id="a"), Event(organization, "x.y", {})])
    assert [frame["type"] for frame in frames_of(client, 1)] == ["x.y"]


def test_kinds_and_check_results_go_together(feed, hub):
    organization = uuid4()
    client = join(hub, organization)
    client.types, client.check_results_of = frozenset({"alert.fired"}), frozenset({"a"})
    feed.publish(
        [
            Event(organization, "check_result", {"service_id": "a"}),
            Event(organization, "heartbeat.ping", {}),
            Event(organization, "alert.fired", {"service_id": "b"}),
        ]
    )
    assert [frame["type"] for frame in frames_of(client, 2)] == ["check_result", "alert.fired"]
