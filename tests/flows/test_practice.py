"""A practice outage through the running product: it fails, somebody is told, it recovers."""

from tests.flows.product import Product
from tests.receivers import Answer, HttpReceiver
from tests.waiting import seconds_until


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

        seconds_until(alert, 30)
        assert "503" in alert()["message"]
        seconds_until(lambda: alert()["status"] == "resolved", 60)
        seconds_until(lambda: len(hook.requests) >= 2, 30)
        kinds = [line["kind"] for line in alert()["timeline"]]
        assert "fired" in kinds
        assert "resolved" in kinds
        assert product.status(service_id) == "GREEN"
        again = product.call("POST", "/practice")
        assert again["service"]["id"] == service_id
        assert product.session.delete(product.api + "/practice").status_code == 204
        assert product.call("GET", "/practice")["service"] is None
