"""Agents that speak to the application in this process, a request at a time."""

import gzip
from typing import Any
from uuid import uuid4

import orjson
from flask import Flask
from werkzeug.test import TestResponse

from app.api.agent import PROTOCOL_HEADER
from app.domain.locations.protocol import VERSIONS
from app.platform.clock import utcnow
from app.platform.events import timestamp
from tests.alerting import created
from tests.factories import Person


def make_location(person: Person, **changes: Any) -> dict[str, Any]:
    """Create a location and return its answer, with the key."""
    return created(person, "/locations", {"name": "Berlin office"} | changes)


class Agent:
    """An agent of a location."""

    def __init__(self, app: Flask, key: str, protocol: int = VERSIONS[-1]) -> None:
        self.app = app
        self.key = key
        self.protocol = protocol
        self.name = f"probe:{uuid4().hex[:8]}"

    def call(self, name: str, body: Any) -> TestResponse:
        """Return the answer to a request, whose body goes as gzip."""
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Encoding": "gzip",
            "Content-Type": "application/json",
            PROTOCOL_HEADER: str(self.protocol),
        }
        data = gzip.compress(orjson.dumps(body))
        client = self.app.test_client()
        return client.post(f"/api/v1/agent/{name}", data=data, headers=headers)

    def pulse(self, **changes: Any) -> dict[str, Any]:
        """Return what the agent says of itself."""
        return {
            "agent": self.name,
            "version": "1.0.0",
            "checks_per_second": 1.0,
            "lateness_ms": 5.0,
            "clock": timestamp(utcnow()),
            "buffered": 0,
            "isolated_seconds": None,
        } | changes

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claim what is due, without waiting."""
        body = {"limit": 500, "ahead_seconds": 0, "behind_seconds": None, "wait_seconds": 0}
        answer = self.call("claims", body | {"pulse": self.pulse()} | changes)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def snapshots(self, *service_ids: str) -> TestResponse:
        """Ask for services."""
        return self.call("snapshots", {"service_ids": list(service_ids)})

    def deliver(self, *results: dict[str, Any]) -> dict[str, Any]:
        """Deliver results and return what became of them."""
        answer = self.call("results", {"results": list(results)})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found


def result_of(claim: dict[str, Any], status: str = "GREEN", **changes: Any) -> dict[str, Any]:
    """Return the result of a claimed check of a service at its first version."""
    failed = {"error": "refused", "failure_kind": "refused", "evidence": {"stage": "connecting"}}
    return {
        "service_id": claim["service_id"],
        "version": int(claim["tag"].partition(".")[0]),
        "lease_token": claim["lease_token"],
        "scheduled_for": claim["scheduled_for"],
        "checked_at": claim["scheduled_for"],
        "status": status,
        "response_time_ms": 12.5,
        **(failed if status == "RED" else {}),
    } | changes
