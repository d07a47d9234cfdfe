"""Names that strangers give: text on every list, and no wider than it."""

import pytest

from tests.console.screens import move

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def owner(sign_in):
    return sign_in()


@pytest.fixture(scope="module")
def product(filled):
    return filled


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "{{ 7 * 7 }} ${7 * 7} %s",
    "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627",
    "\U0001f525" * 20,
    "long" * 50,
    "a\u0301\u0302\u0303\u0304 b\u00a0c",
    "'; DROP TABLE services; --",
)
NAMED = {
    "services": {"endpoint": "http://127.0.0.1:9/", "check_type": "HTTP", "is_active": False},
    "heartbeats": {},
    "notification-channels": {"type": "webhook", "config": {"url": "http://127.0.0.1:9/"}},
    "alert-rules": {"severity": "info", "is_enabled": False},
    "maintenance-windows": {
        "starts_at": "2040-01-01T00:00:00Z",
        "ends_at": "2040-01-01T01:00:00Z",
        "tags": ["nothing"],
    },
    "teams": {},
}
PLACES = {"notification-channels": "channels", "alert-rules": "rules", "teams": "organization"}


@pytest.mark.parametrize("kind", NAMED)
def test_names_of_strangers_are_text_and_fit(owner, product, kind):
    owner.problems.clear()
    place = PLACES.get(kind, kind.partition("-")[0])
    tab = "?tab=teams" if kind == "teams" else ""
    made = [product.call("POST", f"/{kind}", NAMED[kind] | {"name": name}) for name in HOSTILE]
    try:
        for width in (360, 1280):
            owner.set_viewport_size({"width": width, "height": 800})
            move(owner, f"http://127.0.0.1:{product.port}/{place}{tab}")
            assert owner.locator(".main img, .main script").count() == 0
            text = owner.locator(".main").inner_text()
            for name in HOSTILE[:3]:
                assert name in text, name
            assert owner.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    finally:
        for each in made:
            product.call("DELETE", f"/{kind}/{each['id']}")
    assert owner.problems == []
