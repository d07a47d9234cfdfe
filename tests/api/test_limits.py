"""Request limits and sign-in limits, counted on a real Redis."""

import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from app.realtime import socket as socket_of_the_feed
from tests.factories import PASSWORD, make_member

LOGIN = "/api/v1/auth/login"
NAMES = ("Limit", "Remaining", "Reset", "Window")


@pytest.fixture(autouse=True)
def limits_on(configure):
    configure(rate_limits=True)


@pytest.fixture
def key(alice):
    """An API key of Alice's, on the free plan."""
    return alice.post("/api-keys", {"name": "k", "scopes": ["read"]}).json["key"]


def figures(answer):
    return [int(answer.headers[f"X-RateLimit-{name}"]) for name in NAMES]


def sign_in(client, email, password, address, **headers):
    return client.post(
        LOGIN,
        json={"email": email, "password": password},
        environ_base={"REMOTE_ADDR": address},
        headers=headers,
    )


def test_a_free_key_has_30_a_minute_and_50_at_once(client, key):
    headers = {"Authorization": f"Bearer {key}"}
    began = time.time()
    answers = [client.get("/api/v1/organization", headers=headers) for _ in range(65)]
    ended = time.time()
    statuses = [answer.status_code for answer in answers]
    assert statuses[:50] == [200] * 50
    assert 429 in statuses[50:]
    limit, remaining, reset, window = figures(answers[0])
    assert (limit, remaining, window) == (30, 29, 60)
    assert began < reset <= ended + 4
    assert figures(answers[1])[1] == 28
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert figures(refused)[1] == 0
    assert 1 <= int(refused.headers["Retry-After"]) <= 2
    assert set(refused.json) == {"error"}


def test_every_answer_to_a_caller_says_where_they_stand(alice, client):
    for answer in (
        alice.get("/services/7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90"),
        alice.post("/services", {}),
        alice.get("/instance"),
    ):
        assert figures(answer)[0] == 600, answer.status_code
    assert "X-RateLimit-Limit" not in client.get("/api/v1/services").headers


def test_callers_do_not_share_a_limit(app, client, alice, key):
    other = alice.post("/api-keys", {"name": "k", "scopes": ["read"]}).json["key"]
    for _ in range(20):
        client.get("/api/v1/services", headers={"Authorization": f"Bearer {key}"})
    answer = client.get("/api/v1/services", headers={"Authorization": f"Bearer {other}"})
    assert figures(answer)[1] == 29
    assert figures(alice.get("/services"))[1] > 590


def test_many_at_once_get_no_more(client, app, key):
    headers = {"Authorization": f"Bearer {key}"}

    def call(_):
        return app.test_client().get("/api/v1/organization", headers=headers).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(call, range(100)))
    assert 50 <= statuses.count(200) <= 60  # a little flows out meanwhile


def test_the_plan_and_the_operator_set_the_limit(client, alice, key, rows):
    headers = {"Authorization": f"Bearer {key}"}
    rows("UPDATE organizations SET plan_type = 'professional'")
    assert figures(client.get("/api/v1/services", headers=headers))[0] == 300
    assert alice.patch("/instance", {"plans": {"professional": {"burst": 3}}}).status_code == 200
    statuses = [client.get("/api/v1/services", headers=headers).status_code for _ in range(5)]
    assert 429 in statuses
    alice.patch("/instance", {"plans": {"professional": {"requests_per_minute": 777}}})
    assert figures(client.get("/api/v1/services", headers=headers))[0] == 777


def test_without_limits_there_are_no_headers(alice, configure):
    configure(rate_limits=False)
    assert "X-RateLimit-Limit" not in alice.get("/services").headers


@pytest.fixture
def quick_passwords(monkeypatch):
    """Spare the hashing, which would take most of a minute."""
    monkeypatch.setattr("app.api.auth.verify_password", lambda _, given: given == PASSWORD)


def test_wrong_passwords_from_one_address_are_held_up(client, alice):
    statuses = [
        sign_in(client, alice.email, "wrong horse", "198.51.100.7").status_code for _ in range(12)
    ]
    assert statuses == [401] * 10 + [429] * 2
    refused = sign_in(client, alice.email, PASSWORD, "198.51.100.7")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 900
    assert sign_in(client, alice.email, PASSWORD, "198.51.100.8").status_code == 200


def test_one_address_does_not_try_many_accounts(client, alice, quick_passwords):
    statuses = {
        sign_in(client, f"nobody{number}@example.com", "x", "198.51.100.7").status_code
        for number in range(100)
    }
    assert statuses == {401}
    assert sign_in(client, "more@example.com", "x", "198.51.100.7").status_code == 429


def test_a_thousand_tries_from_everywhere_do_not_lock_the_owner_out(client, alice, quick_passwords):
    home = "203.0.113.5"
    assert sign_in(client, alice.email, PASSWORD, home).status_code == 200
    attack = [
        sign_in(client, alice.email, "wrong horse", f"198.51.{n // 250}.{n % 250}").status_code
        for n in range(1000)
    ]
    assert set(attack) == {401}
    again = [
        sign_in(client, alice.email, "wrong horse", f"198.51.{n // 250}.{n % 250}").status_code
        for n in range(0, 1000, 10)
    ]
    # While the account is hot, a stranger's address has one guess; the first ones had theirs
    # before it was.
    assert again.count(429) >= 85
    assert sign_in(client, alice.email, PASSWORD, home).status_code == 200
    assert sign_in(client, alice.email, PASSWORD, "192.0.2.200").status_code == 200, "on the road"


def test_tries_behind_a_proxy_of_ours_are_told_apart(client, alice):
    for number in range(30):
        answer = sign_in(
            client, alice.email, "x", "127.0.0.1", **{"X-Forwarded-For": f"198.51.100.{number}"}
        )
        assert answer.status_code == 401
    mine = {"X-Forwarded-For": "192.0.2.77"}
    assert sign_in(client, alice.email, PASSWORD, "127.0.0.1", **mine).status_code == 200


def test_the_network_of_the_owner_is_held_to_the_pair(client, app, alice, quick_passwords):
    """At a known address, others' mistakes with other accounts do not count against the owner."""
    office = "203.0.113.5"
    assert sign_in(client, alice.email, PASSWORD, office).status_code == 200
    for number in range(101):
        sign_in(client, f"nobody{number}@example.com", "x", office)
    bob = make_member(app, alice, "Bob", "viewer")
    assert sign_in(client, bob.email, PASSWORD, office).status_code == 429
    assert sign_in(client, alice.email, PASSWORD, office).status_code == 200


def test_concurrent_guesses_do_not_pass_together(app, alice):
    def guess(_):
        return sign_in(app.test_client(), alice.email, "x", "198.51.100.7").status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(24)))
    assert statuses.count(401) == 10


def test_right_passwords_do_not_count(client, alice):
    for _ in range(30):
        assert sign_in(client, alice.email, PASSWORD, "198.51.100.7").status_code == 200


def test_plan_limits_hold_when_many_create_at_once(app, alice):
    body = {"endpoint": "https://shop.example.com/", "check_type": "HTTP"}

    def create(number):
        return alice.post("/services", body | {"name": f"S{number}"}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(create, range(24)))
    assert statuses.count(201) == 5
    assert statuses.count(403) == 19
    assert len(alice.get("/services").json) == 5
    bigger = {"plan_type": "starter"}
    path = f"/instance/organizations/{alice.organization_id}"
    assert alice.patch(path, bigger).json["max_services"] == 25
    assert create(99) == 201


def test_what_costs_much_has_a_budget_for_each_organization(
    client, alice, bob, charlie, app, monkeypatch
):
    path = "/api/v1/alert-rules/preview"
    told = client.get("/api/v1/openapi.json").json["paths"][path]["post"]["description"]
    assert "At most 30 a minute for each organization" in told
    view = app.view_functions["alert_rules.preview"]
    assert view.budget == ("previews", 30)
    monkeypatch.setattr(view, "budget", ("previews", 2))  # the next in half a minute
    answers = [alice.post("/alert-rules/preview", {}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "budget of previews" in answers[2].json["error"]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert bob.post("/alert-rules/preview", {}).status_code == 429, "the budget is shared"
    assert charlie.post("/alert-rules/preview", {}).status_code == 200
    assert alice.get("/services").status_code == 200


COSTLY = {
    "post /api/v1/services/{service_id}/check": 60,
    "post /api/v1/services/test": 60,
    "post /api/v1/services/bulk": 60,
    "post /api/v1/alerts/bulk": 60,
    "post /api/v1/alerts/{alert_id}/notify": 60,
    "post /api/v1/notification-channels/{channel_id}/test": 20,
    "get /api/v1/services/{service_id}/metrics": 600,
    "get /api/v1/services/{service_id}/uptime": 600,
    "get /api/v1/metrics/services": 60,
    "get /api/v1/reports/sla": 30,
    "get /api/v1/coverage": 120,
    "get /api/v1/on-call": 240,
    "get /api/v1/on-call-schedules/{schedule_id}/timeline": 240,
    "get /api/v1/on-call-schedules/{schedule_id}/gaps": 240,
    "post /api/v1/escalation-policies/{policy_id}/simulate": 30,
    "post /api/v1/alert-rules/preview": 30,
    "post /api/v1/heartbeats/preview": 240,
    "post /api/v1/maintenance-windows/preview": 240,
    "post /api/v1/status-pages/preview": 120,
    "post /api/v1/status-pages/{page_id}/verify-domain": 20,
    "get /api/v1/config/export": 30,
    "post /api/v1/config/plan": 30,
    "post /api/v1/config/apply": 30,
    "post /api/v1/config/import": 30,
    "post /api/v1/ws-tickets": 120,
    "get /api/v1/badges/{key}/{what}.svg": 600,
    "get /api/v1/on-call/calendars/{key}.ics": 120,
}


def test_the_document_states_the_budget_of_each_costly_thing(client):
    paths = client.get("/api/v1/openapi.json").json["paths"]
    for operation, most in COSTLY.items():
        method, _, path = operation.partition(" ")
        sentence = f"At most {most} a minute for each organization"
        assert sentence in paths[path][method]["description"], operation


def test_what_is_public_spends_the_budget_of_its_owner(app, client, alice, monkeypatch):
    badge = alice.post("/heartbeats", {"name": "Job"}).json["badge_key"]
    made = alice.post("/on-call/calendars", {"scope": "all"}).json["url"]
    for endpoint, path in (
        ("badges.picture", f"/api/v1/badges/{badge}/status.svg"),
        ("on_call.show_calendar", urlsplit(made).path),
    ):
        view = app.view_functions[endpoint]
        monkeypatch.setattr(view, "budget", (view.budget[0], 1))
        assert client.get(path).status_code == 200
        answer = client.get(path)
        assert answer.status_code == 429
        assert f"budget of {view.budget[0]}" in answer.json["error"]
    assert client.get("/api/v1/badges/hb-nobody/status.svg").status_code == 404


def test_connections_of_the_feed_have_a_budget(alice, monkeypatch):
    monkeypatch.setattr(socket_of_the_feed, "_CONNECTIONS_A_MINUTE", 1)
    assert alice.get("/ws").status_code == 400  # no upgrade was asked for
    answer = alice.get("/ws")
    assert answer.status_code == 429
    assert "budget of connections" in answer.json["error"]
