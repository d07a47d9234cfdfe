"""REDIS checks against a real Valkey and scripted servers."""

import pytest
from marshmallow import ValidationError

from app.checks import CHECK_TYPES
from app.domain.types import Status
from tests import certificates, loopback
from tests.checks.servers import embedded, parts
from tests.loopback import go, probe

servers = pytest.fixture(scope="module")(embedded)


def ask(servers, config=None):
    endpoint, _, password = parts(servers.redis_url)
    full = {name: password if value == "right" else value for name, value in (config or {}).items()}
    return go(probe("REDIS", endpoint, full))


@pytest.mark.parametrize(
    "config",
    [
        {},  # the demand for a password is an answer
        {"password": "right"},
        {"username": "default", "password": "right"},
        {"password": "right", "db": 3},
    ],
)
def test_green(servers, config):
    observation = ask(servers, config)
    assert (observation.status, observation.error) == (Status.GREEN, None)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"password": "wrong-one"}, 'sign-in refused: "WRONGPASS '),
        ({"password": "right", "db": 99999}, 'SELECT answered "-ERR DB index is out of range"'),
    ],
)
def test_sign_in_failures_are_red(servers, config, reason):
    observation = ask(servers, config)
    assert observation.status is Status.RED
    assert observation.error.startswith(reason)
    assert "wrong-one" not in repr(observation)


@pytest.mark.parametrize(
    ("line", "green"),
    [
        (b"+PONG\r\n", True),
        (b"-NOAUTH Authentication required.\r\n", True),
        (b"-LOADING Redis is loading the dataset in memory\r\n", False),
        (b"-DENIED Redis is running in protected mode\r\n", False),
        (b"$4\r\nPONG\r\n", False),
    ],
)
def test_answers(line, green):
    async def story():
        async with loopback.tcp(loopback.stops_after(line), certificates.tls_server()) as peer:
            return await probe("REDIS", peer.endpoint, {"tls": True})

    assert (go(story()).status is Status.GREEN) is green


def test_a_user_without_a_password_is_refused():
    with pytest.raises(ValidationError):
        CHECK_TYPES["REDIS"].config_schema().load({"username": "monitor"})
