"""One running product for the stories that only watch, and a dispatcher for those without one."""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.flows.outages import failing, heard, levels, webhook
from tests.flows.product import Product, Target, target
from tests.loopback import ca_file
from tests.pooler import pooled_database
from tests.receivers import Answer, HttpReceiver, MailReceiver
from tests.waiting import await_events, seconds_until
from workers.dispatcher import Dispatcher


@pytest.fixture(scope="package")
def shared_product(request: pytest.FixtureRequest) -> Iterator[Product]:
    """The product, started once for all the stories of a run, and stopped after the last.

    It has PostgreSQL of its own, or with TEST_POOLER=transaction the tests' through PgBouncer.
    """
    with ExitStack() as stack:
        settings: dict[str, str] = {}
        if os.environ.get("TEST_POOLER") == "transaction":
            servers = request.getfixturevalue("servers")
            settings = stack.enter_context(pooled_database(servers.database_url))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="alertifypro-flows-"))
        mail = stack.enter_context(MailReceiver())
        pager = stack.enter_context(HttpReceiver([Answer(202)] * 10_000))
        product = stack.enter_context(
            Product(
                Path(folder).resolve(),
                PROBE_CA_FILE=ca_file(),
                SMTP_URL=f"{mail.url}?starttls=off",
                PROVIDER_URLS=f"pagerduty.us={pager.url}",
                **settings,
            )
        )
        product.ready()
        product.mail, product.pager = mail, pager
        yield product


@pytest.fixture
def product(shared_product: Product, request: pytest.FixtureRequest) -> Iterator[Product]:
    """The shared product with an organization of the test's own, which watches nothing after it."""
    shared_product.register(f"{request.node.name.replace('[', '-').strip(']')}@example.com")
    yield shared_product
    shared_product.rest()


@pytest.fixture
def shop() -> Iterator[Target]:
    """A target to watch."""
    with target() as running:
        yield running


@pytest.fixture
def hook() -> Iterator[HttpReceiver]:
    """Somebody's webhook; the path tells whose."""
    with HttpReceiver() as receiver:
        yield receiver


@pytest.fixture
def escalating(product: Product, shop: Target, hook: HttpReceiver) -> dict[str, Any]:
    """A service that fails; its policy tells one channel at once and two more a minute apart."""
    lines = [
        {
            "level": number,
            "delay_minutes": number - 1,
            "notify_type": "channel",
            "notify_id": webhook(product, hook, f"level-{number}")["id"],
        }
        for number in (1, 2, 3)
    ]
    mine = webhook(product, hook)["id"]
    (rule,) = product.call("GET", "/alert-rules")
    product.call("PATCH", f"/alert-rules/{rule['id']}", {"notification_channel_ids": [mine]})
    product.call("POST", "/escalation-policies", {"name": "P", "rules": lines, "is_default": True})
    service = failing(product, shop)
    await_events(lambda: heard(hook), ["alert.fired"], 10)
    seconds_until(lambda: levels(product)[0][1] != "pending", 10)
    return service


@pytest.fixture
def dispatcher(app: Flask) -> Iterator[Dispatcher]:
    """A dispatcher that looks at the outbox again and again."""
    dispatcher, ended = Dispatcher(app), threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            dispatcher.run(5)

    thread = threading.Thread(target=work)
    thread.start()
    yield dispatcher
    ended.set()
    dispatcher.stop()
    thread.join(60)
    assert not thread.is_alive()
