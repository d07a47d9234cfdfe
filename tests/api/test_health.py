"""/health and /ready."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event

from app.platform.extensions import db


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_alive_and_ready_without_sign_in(client, prefix):
    health = client.get(f"{prefix}/health")
    assert (health.status_code, health.text, health.mimetype) == (200, "OK", "text/plain")
    ready = client.get(f"{prefix}/ready")
    assert (ready.status_code, ready.json["status"]) == (200, "ready")
    assert "degraded" not in ready.json
    assert set(ready.json["age_seconds"]) == {
        "results",
        "deliveries",
        "sweeps",
        "escalations",
        "housekeeping",
        "roll_ups",
        "beacon",
    }


def test_a_flood_of_questions_costs_the_database_next_to_nothing(app):
    statements = []

    def note(_connection, _cursor, statement, *_):
        statements.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    try:
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(app.test_client().get, "/ready") for _ in range(100)]
            assert {answer.result().status_code for answer in asked} == {200}
        most = 1 + (time.monotonic() - began) / 0.5
    finally:
        with app.app_context():
            event.remove(db.engine, "before_cursor_execute", note)
    looks = [statement for statement in statements if "FROM organizations" in statement]
    assert len(looks) <= most
