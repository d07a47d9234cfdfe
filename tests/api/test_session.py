"""/session: a browser's session in a cookie, and which requests it counts for."""

import tomllib
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path

import pyotp
import pytest

import app as package
from app.domain.accounts import permissions
from tests.factories import API, PASSWORD, make_member

OURS = {"Sec-Fetch-Site": "same-origin"}
UNAUTHORIZED = b'{"error":"unauthorized"}'
FOREIGN = [
    {},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://evil.example", "Referer": "http://localhost/"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:9999"},
    {"Origin": "http://[::1"},
    {"Referer": "https://evil.example/http://localhost/"},
    {"Referer": "http://localhost@evil.example/"},
    {"Referer": ""},
]
OWN = [
    OURS,
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"},
    {"Origin": "http://localhost"},
    {"Referer": "http://localhost/services?q=1"},
]


def sign_in(client, person, **headers):
    body = {"email": person.email, "password": PASSWORD}
    return client.post(f"{API}/session", json=body, headers=OURS | headers)


@pytest.fixture
def browser(client, alice):
    """Alice's browser after signing in."""
    assert sign_in(client, alice).status_code == 200
    return client


def test_signing_in_shows_no_token(client, alice):
    answer = sign_in(client, alice)
    assert answer.json == {"user_id": str(alice.user_id), "org_id": str(alice.organization_id)}
    cookie = SimpleCookie(answer.headers["Set-Cookie"])["alertifypro_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/api"
    assert cookie["max-age"] == str(72 * 3600)
    assert not cookie["secure"]
    assert not cookie["domain"]
    assert cookie.value not in answer.text


@pytest.mark.parametrize("https", ["base url", "request"])
def test_the_cookie_is_secure_on_https(client, alice, configure, https):
    if https == "base url":
        configure(base_url="https://localhost")
        answer = sign_in(client, alice)
    else:
        body = {"email": alice.email, "password": PASSWORD}
        answer = client.post(f"{API}/session", json=body, base_url="https://localhost")
    assert SimpleCookie(answer.headers["Set-Cookie"])["alertifypro_session"]["secure"]


@pytest.mark.parametrize("headers", OWN)
def test_the_session_counts_for_our_pages(browser, headers):
    assert browser.get(f"{API}/services", headers=headers).status_code == 200
    body = {"name": "From the console"}
    assert browser.post(f"{API}/heartbeats", json=body, headers=headers).status_code == 201


@pytest.mark.parametrize("headers", FOREIGN)
def test_the_session_does_not_count_for_others(browser, headers, rows):
    for method, path in (("GET", "/services"), ("POST", "/heartbeats"), ("POST", "/auth/logout")):
        answer = browser.open(f"{API}{path}", method=method, json={"name": "x"}, headers=headers)
        assert answer.status_code == 403, (method, path)
    assert rows("SELECT count(*) FROM heartbeats") == [(0,)]
    assert browser.get(f"{API}/profile", headers=OURS).status_code == 200


def test_the_session_counts_at_the_address_people_open(browser, configure):
    configure(base_url="https://status.example.com")
    headers = {"Origin": "https://status.example.com"}
    assert browser.get(f"{API}/profile", headers=headers).status_code == 200


@pytest.mark.parametrize("headers", [h for h in FOREIGN if "Sec-Fetch-Site" in h or "Origin" in h])
def test_others_cannot_sign_a_browser_in_or_out(client, browser, alice, headers):
    body = {"email": alice.email, "password": PASSWORD}
    assert browser.post(f"{API}/session", json=body, headers=headers).status_code == 403
    assert browser.delete(f"{API}/session", headers=headers).status_code == 403
    two = {"challenge": "x", "code": "123456"}
    assert browser.post(f"{API}/session/2fa", json=two, headers=headers).status_code == 403
    assert browser.get(f"{API}/profile", headers=OURS).status_code == 200


def test_a_header_goes_before_the_cookie(browser, charlie):
    answer = browser.get(f"{API}/profile", headers=OURS | charlie.headers)
    assert answer.json["email"] == charlie.email
    for wrong in ("Bearer x", "Basic abc", ""):
        answer = browser.get(f"{API}/profile", headers=OURS | {"Authorization": wrong})
        assert (answer.status_code, answer.data) == (401, UNAUTHORIZED)


def test_a_token_needs_no_origin(client, alice):
    headers = alice.headers | {"Origin": "https://elsewhere.example"}
    assert client.get(f"{API}/profile", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"email": "nobody@example.com", "password": PASSWORD}, {"password": "wrong password"}],
)
def test_wrong_credentials(client, alice, body):
    answer = client.post(f"{API}/session", json={"email": alice.email} | body, headers=OURS)
    assert (answer.status_code, answer.data) == (401, UNAUTHORIZED)
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("body", [{}, {"email": "a@example.com"}, {"x": 1}, [], "x", 7])
def test_bad_input(client, body):
    answer = client.post(f"{API}/session", json=body, headers=OURS)
    assert answer.status_code == 422, answer.text


def test_a_form_of_another_site_is_no_json(client, alice):
    body = f'{{"email": "{alice.email}", "password": "{PASSWORD}"}}'
    answer = client.post(f"{API}/session", data=body, content_type="text/plain")
    assert answer.status_code == 415


def test_signing_out_ends_the_token_too(browser, client):
    token = client.get_cookie("alertifypro_session", path="/api").value
    answer = browser.delete(f"{API}/session", headers=OURS)
    assert answer.status_code == 204
    assert client.get_cookie("alertifypro_session", path="/api") is None
    again = client.get(f"{API}/profile", headers={"Authorization": f"Bearer {token}"})
    assert again.status_code == 401
    assert browser.delete(f"{API}/session", headers=OURS).status_code == 204
    assert client.delete(f"{API}/session").status_code == 204


def test_the_second_factor(client, alice):
    key = alice.post("/profile/2fa/setup").json["secret"]
    now = datetime.now(UTC)
    code = pyotp.TOTP(key).at(now - timedelta(seconds=30))
    assert alice.post("/profile/2fa/enable", {"code": code}).status_code == 200
    begun = sign_in(client, alice)
    assert set(begun.json) == {"two_factor_required", "challenge"}
    assert "Set-Cookie" not in begun.headers
    path, challenge = f"{API}/session/2fa", begun.json["challenge"]
    wrong = client.post(path, json={"challenge": challenge, "code": "000000"}, headers=OURS)
    assert (wrong.status_code, "Set-Cookie" in wrong.headers) == (401, False)
    right = {"challenge": challenge, "code": pyotp.TOTP(key).at(now)}
    answer = client.post(path, json=right, headers=OURS)
    assert answer.json == {"user_id": str(alice.user_id), "org_id": str(alice.organization_id)}
    assert client.get(f"{API}/session", headers=OURS).json["two_factor_enabled"] is True


def test_what_a_page_needs_to_begin(browser, alice, bob, charlie, client):
    found = browser.get(f"{API}/session", headers=OURS).json
    assert (found["email"], found["role"]) == (alice.email, "owner")
    assert found["org_id"] == str(alice.organization_id)
    assert [own["id"] for own in found["organizations"]] == [found["org_id"]]
    assert set(found["permissions"]) == set(permissions.names())
    theirs = bob.get("/session").json
    assert {own["role"] for own in theirs["organizations"]} == {"owner", "editor"}
    assert theirs["permissions"]["members:write"] == {"allowed": False, "least_role": "admin"}
    assert theirs["permissions"]["services:write"]["allowed"] is True
    assert client.get(f"{API}/session", headers=charlie.headers).json["email"] == charlie.email


def test_an_api_key_sees_its_own_organization_alone(bob, alice):
    made = bob.post("/api-keys", {"name": "k", "scopes": ["read"]})
    headers = {"Authorization": f"Bearer {made.json['key']}"}
    found = bob.app.test_client().get(f"{API}/session", headers=headers).json
    assert [own["id"] for own in found["organizations"]] == [str(alice.organization_id)]
    assert found["permissions"]["services:write"]["allowed"] is False


def test_one_session_for_several_organizations(app, client, alice, charlie, rows):
    both = make_member(app, alice, "Dora", "viewer")
    sign_in(client, both)
    slugs = [
        own["slug"] for own in client.get(f"{API}/session", headers=OURS).json["organizations"]
    ]
    seen = {client.get(f"{API}/session?org={slug}", headers=OURS).json["org_id"] for slug in slugs}
    assert len(seen) == len(slugs) == 2
    ((other,),) = rows("SELECT slug FROM organizations WHERE id = %s", charlie.organization_id)
    assert client.get(f"{API}/session?org={other}", headers=OURS).status_code == 404


def test_options_before_the_first_account(client, configure):
    path = f"{API}/auth/options"
    configure(registration="closed")
    version = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    assert version == package.__version__
    assert client.get(path).json == {
        "is_first_account": True,
        "registration": "open",
        "mail_configured": False,
        "version": version,
    }


@pytest.mark.parametrize("mode", ["open", "invite", "closed"])
def test_options(client, alice, configure, mode):
    configure(registration=mode, smtp_url="smtp://localhost")
    found = client.get(f"{API}/auth/options").json
    assert (found["is_first_account"], found["registration"]) == (False, mode)
    assert found["mail_configured"] is True
