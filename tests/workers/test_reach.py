"""Strangers who register do not get at the operator's own network."""

import asyncio
from uuid import UUID

import pytest

from app.domain.types import Observation, Status
from app.operations.accounts.reach import AddressReach
from app.operations.checks import record as recording
from app.platform.config import Config
from tests.factories import PASSWORD, make_service, service_body
from workers.database_exchange import DatabaseExchange
from workers.engine import Engine

BASE = {
    "DATABASE_URL": "postgresql://x/y",
    "REDIS_URL": "redis://x",
    "JWT_SECRET": "0" * 64,
    "ENCRYPTION_KEY": "0" * 64,
}


@pytest.mark.parametrize(
    ("settings", "targets"),
    [
        ({}, "any"),
        ({"HOST": "127.0.0.1"}, "any"),
        ({"HOST": "::1"}, "any"),
        ({"HOST": "localhost"}, "any"),
        ({"HOST": "0.0.0.0"}, "operators"),
        ({"HOST": "::"}, "operators"),
        ({"HOST": "192.168.1.5"}, "operators"),
        ({"HOST": "monitor.example.com"}, "operators"),
        ({"HOST": "0.0.0.0", "REGISTRATION": "invite"}, "any"),
        ({"HOST": "0.0.0.0", "PROBE_TARGETS": "any"}, "any"),
        ({"HOST": "0.0.0.0", "PROBE_TARGETS": "public"}, "public"),
        ({"PROBE_TARGETS": "operators"}, "operators"),
        ({"BASE_URL": "https://monitor.example.com"}, "operators"),  # behind a proxy
        ({"BASE_URL": "http://127.0.0.1:8080"}, "any"),
    ],
)
def test_what_the_settings_come_to(settings, targets):
    assert Config.from_env(BASE | settings).probe_targets == targets


def test_operators_reach_their_network_and_strangers_do_not(app, alice, charlie, rows, configure):
    rows("UPDATE users SET is_operator = (id = %s)", alice.user_id)
    configure(probe_targets="operators")
    inside = service_body(endpoint="http://127.0.0.1:9/")
    assert alice.post("/services", inside).status_code == 201
    refused = charlie.post("/services", inside)
    assert refused.status_code == 422
    assert "endpoint" in refused.json["fields"]
    assert charlie.post("/services", service_body()).status_code == 201


def test_each_check_goes_through_the_network_of_its_organization(
    app, context, alice, charlie, rows, configure, monkeypatch
):
    rows("UPDATE users SET is_operator = (id = %s)", alice.user_id)
    configure(probe_targets="operators")
    for person in (alice, charlie):
        make_service(person)
    used = {}

    async def run(target, network):
        used[target.organization_id] = network
        return Observation(Status.GREEN, 1.0)

    class SameProcess:
        def record(self, batch, now):
            with app.app_context():
                recording.record(batch, now)

    monkeypatch.setattr("workers.engine.runner.run", run)
    exchange = DatabaseExchange(app, "default", SameProcess())
    engine = Engine(exchange, app.extensions["runtime"].config, lambda targets: targets)
    asyncio.set_event_loop(engine._loop)
    engine._loop.run_until_complete(engine._session(1))
    assert used == {alice.organization_id: "any", charlie.organization_id: "public"}


def test_reach_follows_who_may_register(client, context, alice, charlie, rows, configure):
    rows("UPDATE users SET is_operator = (id = %s)", alice.user_id)
    rows("UPDATE organizations SET is_strangers = false")  # they came by invitation
    configure(registration="invite", probe_targets="any", targets_follow_registration=True)

    def targets(organization_id):
        reach = AddressReach(context.extensions["runtime"].config)
        reach.refresh()
        return reach.targets(organization_id)

    assert targets(charlie.organization_id) == "any"
    assert alice.patch("/instance", {"registration": "open"}).status_code == 200
    assert targets(charlie.organization_id) == "public"
    assert targets(alice.organization_id) == "any"
    person = {"email": "eve@example.com", "password": PASSWORD, "full_name": "Eve"}
    stranger = UUID(client.post("/api/v1/auth/register", json=person).json["org_id"])
    assert targets(stranger) == "public"
    assert alice.patch("/instance", {"registration": "closed"}).status_code == 200
    assert targets(charlie.organization_id) == "any"
    assert targets(stranger) == "public", "it was founded while anybody could register"
    rows("UPDATE users SET is_operator = true WHERE email = %s", "eve@example.com")
    assert targets(stranger) == "any"
    rows("UPDATE users SET is_operator = false WHERE email = %s", "eve@example.com")
    configure(targets_follow_registration=False)  # PROBE_TARGETS=any: the operator wants it
    assert targets(stranger) == "any"


def test_who_is_an_operator_may_change(context, alice, rows, configure, monkeypatch):
    configure(probe_targets="operators")
    reach = AddressReach(context.extensions["runtime"].config)
    rows("UPDATE users SET is_operator = false")
    reach.refresh()
    assert reach.targets(alice.organization_id) == "public"
    assert reach.targets(None) == "any"
    rows("UPDATE users SET is_operator = true")
    monkeypatch.setattr(reach, "_read_at", float("-inf"))
    reach.refresh()
    assert reach.targets(alice.organization_id) == "any"
