"""One running product for the stories that only watch, and a dispatcher for those without one."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.flows.product import Product, Target, target
from tests.loopback import ca_file
from tests.receivers import Answer, HttpReceiver, MailReceiver
from workers.dispatcher import Dispatcher


@pytest.fixture(scope="session")
def shared_product() -> Iterator[Product]:
    """The product, started once for all the stories of a run."""
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-flows-") as folder,
        MailReceiver() as mail,
        HttpReceiver([Answer(202)] * 10_000) as pager,
        Product(
            Path(folder).resolve(),
            PROBE_CA_FILE=ca_file(),
            SMTP_URL=f"{mail.url}?starttls=off",
            PROVIDER_URLS=f"pagerduty.us={pager.url}",
        ) as product,
    ):
        product.ready()
        product.mail, product.pager = mail, pager
        yield product


@pytest.fixture
def product(shared_product: Product, request: pytest.FixtureRequest) -> Product:
    """The shared product with an organization of the test's own."""
    shared_product.register(f"{request.node.name.replace('[', '-').strip(']')}@example.com")
    return shared_product


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
    thread.join(10)
    assert not thread.is_alive()
