"""What the sweeps over the URL map share."""

from typing import Any

import pytest

from app.api import polling, request_log
from app.api.request_hooks import REQUEST_LOG
from app.operations.notifications import message_tests
from app.operations.services import history as service_history
from app.operations.services import one_off_checks
from tests import times
from tests.agents import Agent
from tests.factories import make_service
from tests.status_pages import make_shown, take_snapshots

OUTCOME: dict[str, Any] = {
    "id": "7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90",
    "checked_at": "2026-03-02T14:23:00Z",
    "region": "default",
    "status": "GREEN",
    "response_time_ms": 12.5,
    "status_code": 200,
    "error": None,
    "failure_kind": None,
    "phases": dict.fromkeys(("dns_ms", "connect_ms", "tls_ms", "ttfb_ms", "transfer_ms")),
}
PROBED = {name: OUTCOME[name] for name in OUTCOME if name not in ("id", "checked_at", "region")}


# Addresses that a person opens in a browser answer failures as pages, those that speak as
# Healthchecks does as text.
_PAGES = ("/api/v1/alerts/act/", "/api/v1/reports/monthly/leave/", "/ping/", "/status/")


def is_page(path: str) -> bool:
    """Say whether an address answers failures in another form than JSON."""
    return path.startswith(_PAGES)


@pytest.fixture(autouse=True)
def current_moment():
    times.begin()


@pytest.fixture
def service(alice):
    """A service of Alice's."""
    return make_service(alice)


@pytest.fixture
def path(service):
    """Where it is in the API."""
    return f"/services/{service['id']}"


@pytest.fixture
def answering(monkeypatch):
    """Workers that answer at once, and requests that wait for nobody else."""
    monkeypatch.setattr(service_history, "result_after", lambda *_: OUTCOME)
    monkeypatch.setattr(one_off_checks, "outcome", lambda _: {**PROBED, "evidence": None})
    sent = {"ok": True, "status_code": 200, "error": None, "duration_ms": 12.5}
    monkeypatch.setattr(message_tests, "outcome", lambda _: sent)
    monkeypatch.setattr(polling, "monotonic", iter(range(0, 10**9, 3600)).__next__)


@pytest.fixture
def document(client):
    """The OpenAPI document."""
    return client.get("/api/v1/openapi.json").json


@pytest.fixture
def operations(document):
    """(method, path, operation) of everything that the document describes, but for the feed."""
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters" and path != "/api/v1/ws"
    ]


@pytest.fixture
def new_log(app, monkeypatch):
    """A log of requests of which no other test has used up a line, and whose window lasts."""
    monkeypatch.setattr(request_log, "monotonic", lambda: 1000.0)
    monkeypatch.setitem(app.extensions, REQUEST_LOG, request_log.RequestLog())


@pytest.fixture
def ping(client, heartbeat):
    def send(suffix="", method="POST", prefix="/api/v1/heartbeat", key=None, **options):
        path = f"{prefix}/{key or heartbeat['unique_key']}{suffix}"
        return client.open(path, method=method, **options)

    return send


@pytest.fixture
def now(alice, heartbeat):
    return lambda: alice.get(f"/heartbeats/{heartbeat['id']}").json


@pytest.fixture
def pings(alice, heartbeat):
    return lambda: alice.get(f"/heartbeats/{heartbeat['id']}/pings").json


@pytest.fixture
def agent(app, location):
    """Agent with the key of the location that a test file makes."""
    return Agent(app, location["key"])


@pytest.fixture
def shown(app, alice):
    """Maker of a public page of alice with services of these names, and of its snapshot."""

    def show(*names, **changes):
        page, services = make_shown(alice, *names, **changes)
        take_snapshots(app)
        return page, services

    return show


@pytest.fixture
def seen(app, client, page):
    """Return what visitors get now on a path of the page that a file of tests shows."""

    def see(rest=""):
        take_snapshots(app)
        return client.get(f"/status/{page['slug']}{rest}")

    return see
