"""Addresses of subscribers: which spellings are one, and which are two."""

import pytest

from app.domain.status_pages.types import Wants, Way
from app.operations.status_pages import subscriptions
from tests.status_pages import make_shown

HOOK = "https://hooks.example.com/T0/AbC?k=V"


@pytest.fixture
def count(context, alice, rows):
    """Return a function that subscribes addresses and returns how many subscribers there are."""
    page, _ = make_shown(alice, "Checkout")

    def subscribe(way, *addresses):
        for address in addresses:
            subscriptions.subscribe(page["id"], way, address, Wants.EVERYTHING, [])
        ((found,),) = rows("SELECT count(*) FROM page_subscribers")
        return found

    return subscribe


@pytest.mark.parametrize("way", [Way.WEBHOOK, Way.SLACK])
def test_paths_of_urls_that_differ_by_case_are_two(count, way):
    assert count(way, HOOK, "HTTPS://Hooks.Example.com/T0/AbC?k=V") == 1
    assert count(way, HOOK.replace("AbC", "abc")) == 2
    assert count(way, HOOK.replace("k=V", "k=v")) == 3


def test_mail_addresses_that_differ_by_case_are_one(count):
    assert count(Way.EMAIL, "Jo@example.com", "jo@EXAMPLE.com") == 1


def test_urls_of_before_are_known_and_others_are_told_apart_from_them(count, rows, monkeypatch):
    hashes = subscriptions.hashes
    monkeypatch.setattr(subscriptions, "hashes", lambda *one: hashes(*one)[1:])
    assert count(Way.WEBHOOK, HOOK, "https://[::1") == 2
    monkeypatch.undo()
    assert count(Way.WEBHOOK, HOOK, "https://[::1") == 2
    assert count(Way.WEBHOOK, HOOK.lower(), HOOK.lower()) == 3
    assert rows("SELECT count(DISTINCT address_hash) FROM page_subscribers") == [(3,)]
