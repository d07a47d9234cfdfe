"""How late an agent starts checks that has nothing but HTTPS, in a network namespace of its own."""

import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import requests

from tests.bench.web import gunicorn
from tests.bench.world import World, percentile, seed_services, tree_cpu_seconds
from tests.namespaces import Island, island, may_make_namespaces

SERVICES = 5000
INTERVAL_SECONDS = 10
SETTLE_SECONDS = 25
WATCH_SECONDS = 60
_PERSON = {"email": "bench@example.com", "password": "correct horse battery", "full_name": "Bench"}


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound). Raises OSError where it may make no namespace."""
    if not may_make_namespaces():
        raise OSError("this process may not make network namespaces")
    with (
        gunicorn(world, "wsgi:app", PLAN_LIMITS="off") as (port, web),
        tempfile.TemporaryDirectory(prefix="alertifypro-island-") as folder,
        island(Path(folder), port) as here,
    ):
        return _measure(world, here, f"http://127.0.0.1:{port}/api/v1", web)


def _measure(world: World, here: Island, api: str, web: int) -> list[tuple[str, str, str]]:
    location, organization = _location(api)
    target = here.run("tests.bench.target_server")
    assert target.stdout
    endpoint = f"http://127.0.0.1:{int(target.stdout.readline())}/ok"
    servers = {"PostgreSQL": world.servers.postgres.port, "Redis": world.servers.valkey.port}
    reached = [name for name, port in servers.items() if here.reaches(port)]
    with world.connect() as connection:
        seed_services(
            connection,
            [endpoint] * SERVICES,
            interval_seconds=INTERVAL_SECONDS,
            region=location["region"],
            organization=organization,
        )
        agent = here.agent(location["key"], LOG_LEVEL="warning")
        time.sleep(SETTLE_SECONDS)
        cpu = tree_cpu_seconds(agent.pid), tree_cpu_seconds(web)
        connection.execute("CREATE TABLE window_start AS SELECT now() AS at")
        time.sleep(WATCH_SECONDS)
        agent_cpu = tree_cpu_seconds(agent.pid) - cpu[0]
        web_cpu = tree_cpu_seconds(web) - cpu[1]
        connection.execute("CREATE TABLE window_end AS SELECT now() AS at")
        time.sleep(5)  # until the last results have come over the road
        rows = connection.execute(
            "SELECT extract(epoch FROM checked_at - scheduled_for)::float, status"
            " FROM check_results, window_start, window_end"
            " WHERE scheduled_for > window_start.at AND scheduled_for <= window_end.at"
        ).fetchall()
    late = [row[0] for row in rows]
    expected = SERVICES * WATCH_SECONDS / INTERVAL_SECONDS
    return [
        ("reached from the agent besides HTTPS", ", ".join(reached) or "nothing", "nothing"),
        ("checks/s", f"{len(late) / WATCH_SECONDS:.0f}", ">= 500"),
        ("  checks made of checks due", f"{len(late)} of {expected:.0f}", ""),
        ("lateness p50, s", f"{percentile(late, 0.5):.3f}", ""),
        ("lateness p99, s", f"{percentile(late, 0.99):.3f}", "<= 2.0"),
        ("lateness of the latest, s", f"{max(late):.3f}", ""),
        ("  false RED", str(sum(1 for row in rows if row[1] == "RED")), "0"),
        ("  CPU-seconds of the agent per 1,000 checks", f"{agent_cpu / len(late) * 1000:.3f}", ""),
        ("  CPU-seconds of the web per 1,000 checks", f"{web_cpu / len(late) * 1000:.3f}", ""),
    ]


def _location(api: str) -> tuple[dict[str, Any], UUID]:
    """Return a new location with its key, and the organization that it belongs to."""
    session = requests.Session()

    def call(method: str, path: str, body: Any = None) -> Any:
        answer = session.request(method, api + path, json=body, timeout=30)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    call("POST", "/auth/register", _PERSON)
    token = call("POST", "/auth/login", {name: _PERSON[name] for name in ("email", "password")})
    session.headers["Authorization"] = f"Bearer {token['token']}"
    location = call("POST", "/locations", {"name": "Factory"})
    return location, UUID(call("GET", "/organization")["id"])
