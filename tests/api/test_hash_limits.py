"""Hashes of passwords, which take a processor for a while: nobody gets them without end."""

import pytest

from app.api import status_pages
from app.security import limits
from tests.factories import PASSWORD
from tests.status_pages import make_shown, take_snapshots

LOOPBACK = ("127.0.0.1", "::1")


@pytest.fixture(autouse=True)
def limits_on(configure, monkeypatch):
    """Few, so that nobody gets another one within the time of a test."""
    configure(rate_limits=True)
    monkeypatch.setattr(limits, "_HASHES_A_MINUTE", 3)
    monkeypatch.setattr(status_pages, "_PASSWORDS_A_MINUTE", 3)


def sign_in(client, email, address):
    return client.post(
        "/api/v1/auth/login",
        json={"email": email, "password": PASSWORD},
        environ_base={"REMOTE_ADDR": address},
    )


def test_a_right_password_is_not_hashed_without_end(client, alice, monkeypatch):
    """Each takes a processor for a while: one customer would keep them all busy."""
    monkeypatch.setattr("app.api.auth.verify_password", lambda _, given: given == PASSWORD)
    statuses = [sign_in(client, alice.email, "198.51.100.7").status_code for _ in range(8)]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses[3:]
    assert sign_in(client, alice.email, "198.51.100.8").status_code == 200


def test_the_right_password_of_a_page_is_not_hashed_without_end(app, client, alice, monkeypatch):
    page, _ = make_shown(alice, "Checkout", password="open sesame")
    take_snapshots(app)
    monkeypatch.setattr("app.api.status_page_views.verify_password", lambda *_: True)
    form = {"page": page["slug"], "password": "open sesame"}
    statuses = [client.post("/status/open", data=form).status_code for _ in range(8)]
    assert statuses[:3] == [303] * 3
    assert 429 in statuses[3:]


def test_passwords_of_pages_have_a_budget(alice, monkeypatch):
    page, _ = make_shown(alice, "Checkout")
    monkeypatch.setattr("app.api.status_pages.hash_password", lambda _: "$argon2id$")
    path = f"/status-pages/{page['id']}"
    statuses = [alice.patch(path, {"password": "open sesame"}).status_code for _ in range(8)]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses[3:]


def test_one_address_does_not_make_accounts_without_end(client, monkeypatch):
    monkeypatch.setattr("app.api.auth.hash_password", lambda _: "$argon2id$")

    def register(number, address):
        body = {"email": f"p{number}@example.com", "password": PASSWORD, "full_name": "P"}
        here = {"REMOTE_ADDR": address}
        return client.post("/api/v1/auth/register", json=body, environ_base=here).status_code

    # Whoever has one address of IPv6 has all of its network.
    statuses = [register(number, f"2001:db8::{number:x}") for number in range(32)]
    assert statuses == [201] * 30 + [429] * 2
    assert register(99, "2001:db8:0:1::1") == 201
    local = [register(100 + number, LOOPBACK[number % 2]) for number in range(64)]
    assert local == [201] * 64, "scripts on the machine of the server make many"
