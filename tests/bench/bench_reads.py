"""Reading configuration: lists of services over HTTP, gunicorn as shipped, 16 clients beside it."""

import requests

from tests.bench.web import gunicorn, load
from tests.bench.world import World, percentile, seed_services

CLIENTS = 16
SECONDS = 6.0


def run(world: World) -> list[tuple[str, str, str]]:
    """Return rows of (what, figure, bound)."""
    with (
        world.connect() as connection,
        gunicorn(world, "wsgi:app", LOG_LEVEL="warning", RATE_LIMITS="off") as (port, _),
    ):
        token = signed_in(f"http://127.0.0.1:{port}/api/v1/auth")
        seed_services(connection, [f"http://127.0.0.1:9/{number}" for number in range(2000)])
        # All of them belong to who registered: the other organization was only their cradle.
        connection.execute(
            "UPDATE services SET organization_id ="
            " (SELECT organization_id FROM memberships LIMIT 1)"
        )
        connection.execute("VACUUM ANALYZE services")
        hundred = _figures(port, token, 100)
        thousand = _figures(port, token, 1000, clients=1)
    return [
        ("list of 100 services, requests/s", f"{hundred['rate']:,.0f}", ""),
        ("  p50 / p95 ms", f"{hundred['p50']:.0f} / {hundred['p95']:.0f}", "p95 <= 50"),
        ("list of 2,000 in two pages, one client, p95 ms", f"{2 * thousand['p95']:.0f}", "<= 200"),
        ("not answered with 200", str(hundred["failed"] + thousand["failed"]), "0"),
    ]


def signed_in(url: str) -> str:
    account = {"email": "bench@example.com", "password": "of-the-benchmark"}
    requests.post(f"{url}/register", json={**account, "full_name": "B"}, timeout=10)
    answer = requests.post(f"{url}/login", json=account, timeout=10)
    return str(answer.json()["token"])


def _figures(port: int, token: str, limit: int, *, clients: int = CLIENTS) -> dict[str, float]:
    wanted = (
        f"GET /api/v1/services?limit={limit} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\nConnection: keep-alive\r\n\r\n"
    )
    load(port, [wanted], clients, 1)
    found = load(port, [wanted], clients, SECONDS)
    return {
        "rate": len(found["milliseconds"]) / found["seconds"],
        "p50": percentile(found["milliseconds"], 0.5),
        "p95": percentile(found["milliseconds"], 0.95),
        "failed": found["failed"],
    }
