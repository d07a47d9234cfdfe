"""Limits while Redis is away: requests are free, guesses and budgets are counted by the process."""

import socket
import time

import pytest

from app.platform.errors import TooManyRequests
from app.security.limits import Counter, count_costly, is_within
from tests.factories import PASSWORD
from tests.waiting import stretched

LOGIN = "/api/v1/auth/login"


@pytest.fixture(autouse=True)
def limits_on(configure):
    configure(rate_limits=True)


def sign_in(client, email, password, address):
    return client.post(
        LOGIN,
        json={"email": email, "password": password},
        environ_base={"REMOTE_ADDR": address},
    )


@pytest.fixture(params=["refuses", "is silent"])
def no_redis(request):
    """The address of a server that is no Redis."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "is silent":
            listener.listen()
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


def test_requests_are_free_and_do_not_wait(app, alice, no_redis, caplog, monkeypatch):
    monkeypatch.setitem(app.extensions, "limits", Counter(no_redis))
    began = time.monotonic()
    for _ in range(20):
        assert alice.get("/organization").status_code == 200
    assert sign_in(app.test_client(), alice.email, PASSWORD, "192.0.2.9").status_code == 200
    assert time.monotonic() - began < stretched(3)
    assert len([r for r in caplog.records if "Redis is away" in r.message]) == 1


@pytest.fixture
def quick_passwords(monkeypatch):
    """Spare the hashing, which would take most of a minute."""
    monkeypatch.setattr("app.api.auth.verify_password", lambda _, given: given == PASSWORD)


@pytest.fixture
def away(app, no_redis, monkeypatch):
    """Let limits be counted on a Redis that does not answer."""
    monkeypatch.setitem(app.extensions, "limits", Counter(no_redis))


def test_passwords_are_not_guessed_while_redis_is_away(client, alice, away, quick_passwords):
    place = "198.51.100.7"
    statuses = [sign_in(client, alice.email, "wrong", place).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    refused = sign_in(client, alice.email, PASSWORD, place)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 900
    statuses = {
        sign_in(client, f"nobody{number}@example.com", "x", "198.51.100.9").status_code
        for number in range(100)
    }
    assert statuses == {401}
    assert sign_in(client, "more@example.com", "x", "198.51.100.9").status_code == 429


def test_nobody_is_locked_out_while_redis_is_away(client, alice, away, quick_passwords):
    assert sign_in(client, alice.email, PASSWORD, "203.0.113.1").status_code == 200
    for number in range(100):
        sign_in(client, alice.email, "wrong", f"198.51.100.{number + 1}")
    botnet = [sign_in(client, alice.email, "wrong", "198.51.100.200") for _ in range(2)]
    assert [answer.status_code for answer in botnet] == [401, 429]
    assert sign_in(client, alice.email, PASSWORD, "203.0.113.2").status_code == 200
    at_home = [sign_in(client, alice.email, "wrong", "203.0.113.1") for _ in range(9)]
    assert {answer.status_code for answer in at_home} == {401}
    assert sign_in(client, alice.email, PASSWORD, "203.0.113.1").status_code == 200


def test_right_passwords_cost_no_try_while_redis_is_away(client, alice, away, quick_passwords):
    statuses = {
        sign_in(client, alice.email, PASSWORD, "203.0.113.1").status_code for _ in range(30)
    }
    assert statuses == {200}


def test_budgets_hold_while_redis_is_away(app, away):
    with app.test_request_context():
        for _ in range(5):
            count_costly("things", "one", 5)
        with pytest.raises(TooManyRequests) as refused:
            count_costly("things", "one", 5)
        assert 1 <= refused.value.retry_after_seconds <= 12
        count_costly("things", "another", 5)
        assert [is_within("mails", "one", 2, 60) for _ in range(3)] == [True, True, False]
        assert is_within("mails", "another", 2, 60)
