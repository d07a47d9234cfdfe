"""A practice outage through the running product: it fails, somebody is told, it recovers."""

import time

from tests.flows.product import Product
from tests.receivers import Answer, HttpReceiver


def wait(seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError("it does not come")


def test_the_whole_chain(product: Product) -> None:
    with HttpReceiver([Answer(200)] * 50) as hook:
        config = {"url": hook.url}
        product.call(
            "POST", "/notification-channels", {"name": "Hook", "type": "webhook", "config": config}
        )
        started = product.call("POST", "/practice")
        service_id = started["service"]["id"]

        def alert():
            return product.call("GET", "/practice")["alert"]

        wait(30, alert)
        assert "503" in alert()["message"]
        wait(60, lambda: alert()["status"] == "resolved")
        wait(30, lambda: len(hook.requests) >= 2)
        kinds = [line["kind"] for line in alert()["timeline"]]
        assert "fired" in kinds
        assert "resolved" in kinds
        assert product.status(service_id) == "GREEN"
        again = product.call("POST", "/practice")
        assert again["service"]["id"] == service_id
        assert product.session.delete(product.api + "/practice").status_code == 204
        assert product.call("GET", "/practice")["service"] is None
