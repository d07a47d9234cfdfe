"""Policies under simultaneous edits."""

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from app.operations.escalation import policies as escalation_policies
from tests.alerting import make_policy


@pytest.mark.parametrize("_", range(3))
def test_one_of_many_becomes_the_default(app, alice, _):
    ids = [UUID(make_policy(alice)["id"]) for _ in range(6)]

    def choose(id):
        with app.app_context():
            escalation_policies.update(alice.organization_id, id, {"is_default": True})

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(choose, ids))
    listed = alice.get("/escalation-policies").json
    assert sum(policy["is_default"] for policy in listed) == 1
