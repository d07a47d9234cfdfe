"""Figures of the running product that agree with one another: status, uptime, incidents, checks."""

from typing import Any

from tests.flows.outages import failing, heard, webhook
from tests.flows.product import Product, Target
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until


def figures(product: Product, service: dict[str, Any]) -> Any:
    return product.call("GET", f"/services/{service['id']}/uptime?from={service['created_at']}")


def test_failures_that_were_never_confirmed_are_no_downtime(
    product: Product, shop: Target, hook: HttpReceiver
) -> None:
    webhook(product, hook)
    service = product.service(shop.url, failure_threshold=3, recovery_threshold=1)
    for failed in (1, 2, 3):
        seconds_until(lambda: product.status(service["id"]) == "GREEN", 8)
        shop.status = 500
        seconds_until(
            lambda failed=failed: (  # type: ignore[misc]
                figures(product, service).get("failed_checks", 0) >= failed
            ),
            8,
        )
        shop.status = 200
        checks = figures(product, service)["total_checks"]
        seconds_until(
            lambda checks=checks: (  # type: ignore[misc]
                figures(product, service)["total_checks"] > checks + 1
            ),
            8,
        )
    found = figures(product, service)
    assert found["failed_checks"] >= 3
    assert found["check_success_percentage"] < 100
    assert (found["uptime_percentage"], found["downtime_seconds"], found["incidents"]) == (
        100,
        0,
        0,
    )
    assert product.call("GET", "/alerts?status=all") == []
    assert heard(hook) == []


def test_an_outage_is_the_same_in_every_figure(product: Product, shop: Target) -> None:
    service = failing(product, shop)
    shop.status = 200
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 8)
    seconds_until(lambda: product.call("GET", "/alerts") == [], 8)
    found = figures(product, service)
    assert found["incidents"] == 1
    assert found["downtime_seconds"] == found["longest_outage_seconds"] > 0
    up = found["known_seconds"] - found["downtime_seconds"]
    assert abs(found["uptime_percentage"] - 100 * up / found["known_seconds"]) < 0.01
    product.call("POST", f"/services/{service['id']}/pause")
    paused = figures(product, service)
    assert paused["downtime_seconds"] == found["downtime_seconds"]
