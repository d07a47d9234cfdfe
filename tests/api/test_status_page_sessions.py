"""Pages that members have opened in a browser: seen for as long as their session lasts."""

from datetime import timedelta

import pytest

from app.platform.clock import utcnow
from app.security import page_cookies


@pytest.mark.parametrize("is_public", [False, True])
@pytest.mark.parametrize("ending", ["logout", "logout-all", "expiry", "coming again"])
def test_what_a_session_has_opened_ends_with_it(
    app, alice, bob, shown, rows, monkeypatch, is_public, ending
):
    page, _ = shown("Checkout", is_public=is_public, password="open sesame")
    path = f"/status/{page['slug']}"
    browser = app.test_client()
    browser.get(f"/api/v1/status-pages/{page['id']}/open", headers=bob.headers)
    assert browser.get(path).status_code == 200
    if ending == "expiry":
        later = utcnow() + timedelta(seconds=page_cookies.LIFETIME_SECONDS - 60)
        monkeypatch.setattr(page_cookies, "utcnow", lambda: later)
        assert browser.get(path).status_code == 200
        monkeypatch.setattr(page_cookies, "utcnow", lambda: later + timedelta(hours=72))
    elif ending == "coming again":
        rows(
            "UPDATE memberships SET created_at = now() + interval '1 minute' WHERE user_id = %s",
            bob.user_id,
        )
    else:
        assert bob.post(f"/auth/{ending}").status_code == 204
    assert browser.get(path).status_code == 404


def test_a_key_leaves_no_cookie_that_outlives_it(app, alice, shown):
    page, _ = shown("Checkout", is_public=False)
    key = alice.post("/api-keys", {"name": "k", "scopes": ["read"]}).json["key"]
    headers = {"Authorization": f"Bearer {key}"}
    browser = app.test_client()
    opened = browser.get(f"/api/v1/status-pages/{page['id']}/open", headers=headers)
    assert opened.status_code == 303
    assert "Set-Cookie" not in opened.headers
    assert browser.get(f"/status/{page['slug']}").status_code == 404
