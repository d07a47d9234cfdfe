"""POSTGRES checks against a real PostgreSQL, with every way to sign in."""

import asyncio
import time

import pytest

from app.domain.types import Status
from tests import loopback
from tests.checks.servers import embedded, parts
from tests.loopback import go, probe

servers = pytest.fixture(scope="module")(embedded)


@pytest.fixture(scope="module")
def account(servers):
    endpoint, user, password = parts(servers.database_url)
    servers.postgres.query(
        "SET password_encryption = 'md5'; CREATE ROLE old LOGIN PASSWORD 'old-secret'"
    )
    return endpoint, {"username": user, "password": password, "database": "alertifypro"}


def ask(account, config):
    endpoint, full = account
    return go(probe("POSTGRES", endpoint, full | config))


@pytest.mark.parametrize("config", [{}, {"query": "SELECT 1"}, {"query": "SELECT 1; SELECT 2"}])
def test_green_with_credentials(account, config):
    observation = ask(account, config)
    assert (observation.status, observation.error) == (Status.GREEN, None)


def test_green_without_credentials(account):
    observation = go(probe("POSTGRES", account[0]))
    assert (observation.status, observation.error) == (Status.GREEN, None)


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"query": "SELECT nope"}, 'column "nope" does not exist (42703)'),
        ({"query": "SELECT repeat('x', 2000000)"}, "the query returns more than 1 MiB"),
        (
            {"query": "SELECT repeat('x', 1000) FROM generate_series(1, 3000)"},
            "the query returns more than 1 MiB",
        ),
        ({"query": "COPY (SELECT 1) TO STDOUT"}, None),
        ({"query": "COPY pg_class FROM STDIN"}, "the query must not be a COPY"),
        ({"password": "bad-secret"}, "password authentication failed"),
        ({"database": "nodb"}, 'database "nodb" does not exist (3D000)'),
        ({"sslmode": "require"}, "the server does not offer TLS"),
        ({"query": "SELECT pg_sleep(9)"}, "timed out after 2 s while waiting for the result"),
    ],
)
def test_sign_in_and_query_failures_are_red(account, config, reason):
    observation = ask(account, config)
    if reason is None:
        assert observation.status is Status.GREEN
        return
    assert observation.status is Status.RED
    assert reason in observation.error
    assert "bad-secret" not in repr(observation)


def test_a_query_needs_credentials(account):
    observation = go(probe("POSTGRES", account[0], {"query": "SELECT 1"}))
    assert observation.error == "the server asks for a password"


def test_servers_that_are_not_ready_are_red():
    refusal = b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"
    message = b"E" + (len(refusal) + 4).to_bytes(4) + refusal

    async def story():
        async with loopback.tcp(loopback.stops_after(b"N" + message)) as peer:
            return await probe("POSTGRES", peer.endpoint)

    assert go(story()).error == "the server answered: the database system is starting up (57P03)"


def signing_in(method, payload=b""):
    """Return a handler that refuses TLS, asks for a way to sign in, and accepts what comes."""

    async def handler(reader, writer):
        await reader.readexactly(8)
        writer.write(b"N")
        size = int.from_bytes(await reader.readexactly(4))
        await reader.readexactly(size - 4)
        body = method.to_bytes(4) + payload
        writer.write(b"R" + (len(body) + 4).to_bytes(4) + body)
        head = await reader.readexactly(5)
        handler.answer = await reader.readexactly(int.from_bytes(head[1:]) - 4)
        writer.write(b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I")
        await reader.read()

    return handler


@pytest.mark.parametrize(
    ("method", "payload", "answer"),
    [
        (3, b"", b"s3cret\0"),
        # md5(md5(password + user) + salt), computed with PostgreSQL's own md5()
        (5, b"\x01\x02\x03\x04", b"md5"),
    ],
)
def test_older_ways_to_sign_in(method, payload, answer):
    handler = signing_in(method, payload)

    async def story():
        async with loopback.tcp(handler) as peer:
            config = {"username": "bob", "password": "s3cret"}
            return await probe("POSTGRES", peer.endpoint, config)

    observation = go(story())
    assert (observation.status, observation.error) == (Status.GREEN, None)
    assert handler.answer.startswith(answer)


def test_a_server_that_asks_for_endless_hashing_is_refused():
    async def handler(reader, writer):
        await reader.readexactly(8)
        writer.write(b"N")
        size = int.from_bytes(await reader.readexactly(4))
        await reader.readexactly(size - 4)
        body = (10).to_bytes(4) + b"SCRAM-SHA-256\0\0"
        writer.write(b"R" + (len(body) + 4).to_bytes(4) + body)
        first = await reader.read(4096)
        nonce = first.partition(b"r=")[2]
        body = (11).to_bytes(4) + b"r=" + nonce + b"x,s=c2FsdA==,i=2000000000"
        writer.write(b"R" + (len(body) + 4).to_bytes(4) + body)
        await reader.read()

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("POSTGRES", peer.endpoint, {"password": "s3cret"})

    assert go(story()).error == "the server asks for 2000000000 rounds of hashing"


@pytest.mark.parametrize("config", [{"database": "gone"}, {"username": "nobody"}])
def test_what_is_configured_and_refused_is_red(config):
    missing = "database" in config
    fields = [b"C3D000" if missing else b"C28000", b"Mthere is no such thing"]

    observation = go(scripted(refusal(fields), config))
    assert observation.status is Status.RED
    assert "there is no such thing" in observation.error
    assert go(scripted(refusal(fields), {})).status is Status.GREEN


def test_without_a_password_the_monitor_hangs_up_and_sends_no_more():
    sent = []
    demand = b"R" + (8).to_bytes(4) + (3).to_bytes(4)
    observation = go(scripted(demand, {}, sent))
    assert observation.status is Status.GREEN
    assert sent == [b""]


def test_a_guest_leaves_nothing_in_the_log(servers, account):
    log = servers.state.logs / "postgres.log"
    before = log.stat().st_size
    for config in ({}, {"sslmode": "disable"}, {"username": "nobody"}):
        assert go(probe("POSTGRES", account[0], config)).status is Status.GREEN
    observation = go(probe("SSL", account[0], {"starttls": "postgres"}))
    assert observation.error == "the server does not offer TLS"
    # What is logged for a sign-in shows that this log would tell.
    assert ask(account, {"password": "bad-secret"}).status is Status.RED
    deadline = time.monotonic() + 60
    while "password authentication failed" not in (said := log.read_text()[before:]):
        assert time.monotonic() < deadline, said
        time.sleep(0.05)
    assert said.count("FATAL") == 1, said


def refusal(fields):
    body = b"".join(field + b"\0" for field in fields) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4) + body


async def scripted(answer, config, sent=None):
    """Check a server that says one thing to a start-up message; note what comes after it."""

    async def handler(reader, writer):
        size = int.from_bytes(await reader.readexactly(4))
        await reader.readexactly(size - 4)
        writer.write(answer)
        rest = await reader.read()
        if sent is not None:
            sent.append(rest)
        ended.set()

    ended = asyncio.Event()
    async with loopback.tcp(handler) as peer:
        observation = await probe("POSTGRES", peer.endpoint, {"sslmode": "disable", **config})
        await asyncio.wait_for(ended.wait(), 5)
    return observation


STARTING = b"SFATAL\0C53300\0Mno more connections allowed (max_client_conn)\0\0"
UNFORKED = b"FATAL:  could not fork new process for connection: no memory\n\0"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (
            (len(STARTING) + 4).to_bytes(4) + STARTING,
            "the server answered: no more connections allowed (max_client_conn) (53300)",
        ),
        (
            UNFORKED,
            "the server answered: FATAL:  could not fork new process for connection: no memory"
            " (no code)",
        ),
        (b"\xff\xff\xff\xff", "the server does not speak the PostgreSQL protocol"),
    ],
    ids=["pgbouncer", "version 2", "other"],
)
def test_an_error_in_place_of_tls_is_told(answer, sentence):
    async def refuse(reader, writer):
        await reader.read(8)
        writer.write(b"E" + answer)

    async def story():
        async with loopback.tcp(refuse) as peer:
            return await probe("POSTGRES", peer.endpoint)

    observation = go(story())
    assert (observation.status, observation.error) == (Status.RED, sentence)
