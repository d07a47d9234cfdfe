"""A service that fails, whom its alerts tell, and what they heard."""

from typing import Any

import requests

from tests.flows.product import PASSWORD, Product, Target
from tests.receivers import HttpReceiver
from tests.waiting import seconds_until


def webhook(product: Product, hook: HttpReceiver, name: str = "all", **fields: Any) -> Any:
    body = {"name": name, "type": "webhook", "config": {"url": f"{hook.url}/{name}"}} | fields
    return product.call("POST", "/notification-channels", body)


def heard(hook: HttpReceiver, name: str = "all") -> list[str]:
    return [one.json["event"] for one in list(hook.requests) if one.path == f"/{name}"]


def failing(product: Product, shop: Target, **fields: Any) -> dict[str, Any]:
    """Return a service that was fine and fails now, with its alert open."""
    service = product.service(shop.url, **fields)
    seconds_until(lambda: product.status(service["id"]) == "GREEN", 5)
    shop.status = 500
    seconds_until(lambda: product.call("GET", "/alerts"), 8)
    return service


def alert_of(product: Product) -> Any:
    (alert,) = product.call("GET", "/alerts")
    return product.call("GET", f"/alerts/{alert['id']}")


def levels(product: Product) -> list[tuple[int, str, float]]:
    """Return number, state and seconds until its time of each level of the open alert."""
    with product.database() as connection:
        return connection.execute(
            "SELECT level, status, extract(epoch FROM due_at - now())::float"
            " FROM escalation_levels WHERE alert_id = %s ORDER BY level",
            (alert_of(product)["id"],),
        ).fetchall()


def member(product: Product, email: str, hook: str = "") -> str:
    """Let somebody sign up and join, with a webhook of their own; return their id."""
    person = {"email": email, "password": PASSWORD, "full_name": "Gone"}
    session = requests.Session()
    session.post(f"{product.api}/auth/register", json=person, timeout=60).raise_for_status()
    token = session.post(
        f"{product.api}/auth/login", json={"email": email, "password": PASSWORD}, timeout=60
    ).json()["token"]
    invited = product.call("POST", "/members", {"email": email, "role": "responder"})
    session.post(
        f"{product.api}/profile/invitations/{invited['id']}/accept",
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    ).raise_for_status()
    if hook:
        methods = [{"type": "webhook", "config": {"url": hook}}]
        session.put(
            f"{product.api}/profile",
            json={"contact_methods": methods},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        ).raise_for_status()
    return str(invited["user_id"])
