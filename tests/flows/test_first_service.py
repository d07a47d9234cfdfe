"""The main job: add a service, see it checked, stored, coloured and pushed live."""

import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import trustme
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.flows.product import Feed, Product, Target, moment
from tests.loopback import tls_server
from tests.waiting import await_events, seconds_until, stretched


def test_a_service_is_seen_green_red_and_yellow(product: Product, shop: Target) -> None:
    feed = Feed(product)
    service = product.service(shop.url)
    path = f"/services/{service['id']}"
    assert service["status"] == "PENDING"
    assert seconds_until(lambda: product.status(service["id"]) == "GREEN", 2) < 2

    shop.stop()
    assert seconds_until(lambda: product.status(service["id"]) == "RED", 2) < 2
    # A connection that was waiting when the server went away is reset; the next one is refused.
    seconds_until(lambda: "connection refused" in product.call("GET", path)["last_error"], 3)

    # Only now, for on a busy machine everything may take as long as that. What was claimed ahead,
    # and is evaluated as before, is over after two more checks.
    product.call("PATCH", path, {"slow_threshold_ms": 200})
    since = time.time()
    checks = f"{path}/checks?limit=10"
    seconds_until(
        lambda: sum(moment(one["checked_at"]) > since for one in product.call("GET", checks)) > 2, 9
    )
    shop.delay_seconds = 0.4
    shop.start()
    seconds_until(lambda: product.status(service["id"]) == "YELLOW", 3)
    assert "slow" in product.call("GET", path)["last_error"]

    def changes() -> list[dict[str, Any]]:
        return [frame["data"] for _, frame in feed.of("service.status_changed")]

    await_events(lambda: [each["to"] for each in changes()], ["GREEN", "RED", "YELLOW"], 3)
    assert changes()[1]["reason"] in ("connection refused", "connection reset by the server")
    results = feed.of("check_result")
    assert len(results) >= 3
    assert {frame["data"]["service_id"] for _, frame in results} == {service["id"]}
    feed.close()


def test_results_arrive_live_within_a_quarter_second_of_being_stored(
    product: Product, shop: Target
) -> None:
    feed = Feed(product)
    service = product.service(shop.url)
    seconds_until(lambda: len(feed.of("check_result")) >= 5, 10)
    changed = feed.of("service.status_changed")[0]
    # The change is stamped by the database in the transaction that stores the result.
    assert changed[0] - moment(changed[1]["at"]) < stretched(0.25)
    late = [at - moment(frame["at"]) for at, frame in feed.of("check_result")]
    assert sorted(late)[len(late) // 2] < stretched(0.25), service
    sequence = [frame["seq"] for _, frame in feed.frames]
    assert sequence == sorted(set(sequence))
    feed.close()


def test_a_client_resumes_where_it_was(product: Product, shop: Target) -> None:
    feed = Feed(product)
    checks = f"/services/{product.service(shop.url)['id']}/checks"
    seconds_until(lambda: len(feed.of("check_result")) >= 2, 5)
    feed.close()
    last = feed.frames[-1][1]["seq"]
    before = len(product.call("GET", checks))
    seconds_until(lambda: len(product.call("GET", checks)) > before + 1, 10)
    with connect(f"{feed.url}&since_seq={last}") as again:
        assert '"resumed":true' in str(again.recv(timeout=30))
        assert f'"seq":{last + 1},' in str(again.recv(timeout=30))


@pytest.mark.parametrize("query", ["", "?token=", "?token=abc", "?ticket=abc"])
def test_a_bad_token_is_refused_before_the_upgrade(product: Product, query: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{product.port}/api/v1/ws{query}")
    assert refused.value.response.status_code == 401
    assert refused.value.response.body == b'{"error":"unauthorized"}'


def test_tokens_reach_no_log(product: Product, shop: Target) -> None:
    Feed(product).close()
    product.service(shop.url)

    def logs() -> str:
        return "".join(log.read_text() for log in (product.state / "logs").glob("*.log"))

    seconds_until(lambda: "/api/v1/ws" in logs(), 10)
    assert product.token not in logs()


class _Quiet(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize(
    ("context", "status", "reason"),
    [
        (lambda: tls_server("localhost"), "GREEN", None),
        (lambda: tls_server("localhost", days=-1), "RED", "expired"),
        (lambda: tls_server("other.example"), "RED", "other.example"),
        (lambda: tls_server("localhost", of=trustme.CA()), "RED", "trust"),
        (lambda: tls_server("localhost", days=5), "YELLOW", "expires"),
    ],
    ids=["valid", "expired", "wrong-host", "unknown-authority", "expires-soon"],
)
def test_https(product: Product, context, status: str, reason: str | None) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Quiet)
    served: ssl.SSLContext = context()
    server.socket = served.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        service = product.service(f"https://localhost:{server.server_address[1]}/")
        seconds_until(lambda: product.status(service["id"]) != "PENDING", 4)
        seen = product.call("GET", f"/services/{service['id']}")
        assert (seen["status"], (reason or "") in (seen["last_error"] or "")) == (status, True), (
            seen
        )
    finally:
        server.shutdown()
        server.server_close()


def test_check_now_and_test_without_saving(product: Product, shop: Target) -> None:
    service = product.service(shop.url, check_interval_seconds=3600)
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
    shop.status = 503
    result = product.call("POST", f"/services/{service['id']}/check")
    assert result["status"] == "RED"
    assert result["status_code"] == 503
    body = {"name": "x", "endpoint": shop.url, "check_type": "HTTP", "timeout_seconds": 2}
    probe = product.call("POST", "/services/test", body)
    assert probe["status"] == "RED"
    assert probe["status_code"] == 503
    assert len(product.call("GET", "/services")) == 1


def test_a_paused_service_is_left_alone(product: Product, shop: Target) -> None:
    service = product.service(shop.url)
    path = f"/services/{service['id']}"
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 3)
    product.call("POST", f"{path}/pause")
    before = product.call("GET", f"{path}/checks")
    time.sleep(2.5)
    assert product.call("GET", f"{path}/checks") == before
    product.call("POST", f"{path}/resume")
    seconds_until(lambda: len(product.call("GET", f"{path}/checks")) > len(before), 3)
