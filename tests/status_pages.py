"""Pages of a test: made, their snapshots made, and read as a visitor reads them."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from app.operations.status_pages import snapshots
from app.platform.transaction import transaction
from tests.alerting import make_page
from tests.factories import Person, make_service
from tests.receivers import Mail


def make_shown(person: Person, *names: str, **changes: Any) -> tuple[dict[str, Any], list[Any]]:
    """Create services and a page that shows them; return both."""
    services = [make_service(person, name=name) for name in names]
    section = {"name": "Services", "service_ids": [service["id"] for service in services]}
    return make_page(person, **({"sections": [section]} | changes)), services


def take_snapshots(app: Flask, *, is_forced: bool = True) -> int:
    """Make the snapshots that are due, as the worker does; return how many."""
    count = 0
    with app.app_context():
        if is_forced:
            with transaction() as tx:
                tx.driver.execute("UPDATE page_snapshots SET due_at = now()")
        while (claimed := snapshots.claim()) is not None:
            snapshots.assign_keys(claimed.page_id)
            snapshots.make(claimed)
            count += 1
    return count


def subscribe(client: Any, page: dict[str, Any], email: str = "jo@example.com", **more: Any) -> Any:
    """Send the form with which a visitor subscribes, and return the answer."""
    return client.post(f"/status/{page['slug']}/subscribe", data={"email": email, **more})


def link_of_subscriber(mail: Mail) -> str:
    """Return the path of the link to a subscriber's own page."""
    found = re.search(r"http://\S+/status/subscriptions/\S+", mail.part("plain"))
    assert found is not None
    return urlsplit(found[0]).path
