"""/health and /ready."""

import pytest


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
