"""MYSQL checks against mysql-mimic, MariaDB where it is installed, and caching_sha2_password."""

from contextlib import asynccontextmanager

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from mysql_mimic import IdentityProvider, MysqlServer, NativePasswordAuthPlugin, Session, User
from pymysql import _auth

from app.domain.types import Status
from tests import certificates, loopback
from tests.checks.real_servers import databases, needs, scoped
from tests.loopback import go, probe

mariadb = scoped(databases.mariadb)


BOB = {"username": "bob", "password": "s3cret"}


class Queries(Session):
    async def query(self, expression, sql, attrs):
        if "nope" in sql:
            raise ValueError("there is no such table")
        return [(1, "x")], ["a", "b"]


class Identities(IdentityProvider):
    def get_plugins(self):
        return [NativePasswordAuthPlugin()]

    async def get_user(self, username):
        stored = NativePasswordAuthPlugin.create_auth_string("s3cret")
        return User(name="bob", auth_string=stored, auth_plugin="mysql_native_password")


@asynccontextmanager
async def mimic(tls=None):
    server = MysqlServer(session_factory=Queries, identity_provider=Identities(), ssl=tls)
    await server.start_server(host="127.0.0.1", port=0)
    try:
        yield server._server.sockets[0].getsockname()[1]
    finally:
        server.close()


def ask(config=None, tls=None):
    async def story():
        async with mimic(tls) as port:
            return await probe("MYSQL", f"localhost:{port}", config)

    return go(story())


class TestMimic:
    @pytest.mark.parametrize("config", [{}, BOB, BOB | {"query": "SELECT a FROM b"}])
    @pytest.mark.parametrize("secure", [False, True])
    def test_green(self, config, secure):
        observation = ask(config, certificates.tls_server() if secure else None)
        assert (observation.status, observation.error) == (Status.GREEN, None)

    def test_red(self):
        refused = ask(BOB | {"password": "wrong-one"})
        assert refused.error.startswith("the server answered: Access denied")
        assert "wrong-one" not in repr(refused)
        assert "nope" in ask(BOB | {"query": "SELECT nope"}).error
        assert ask(BOB | {"tls": True}).error == "the server does not offer TLS"

    def test_tls_is_verified_only_where_it_is_insisted_on(self):
        bad = certificates.tls_server("b.example")
        assert ask(BOB, bad).status is Status.GREEN
        insists = ask(BOB | {"tls": True}, bad)
        assert insists.error == "the certificate is for another host name"


@needs("mariadb-server", "mariadbd", "mariadb-install-db")
class TestMariadb:
    @pytest.mark.parametrize(
        ("config", "reason"),
        [
            ({}, None),
            ({"username": "m", "password": "pw-secret"}, "Access denied for user 'm'"),
            ({"username": "m", "password": "pw"}, None),
            ({"username": "m", "password": "pw", "database": "app", "query": "SELECT 1"}, None),
            ({"username": "m", "password": "pw", "database": "gone"}, "(1044)"),
            ({"username": "m", "password": "pw", "query": "SELECT nope"}, "(1054)"),
            ({"username": "m", "password": "pw", "tls": True}, None),
            ({"tls": True}, None),
        ],
    )
    def test_colours(self, mariadb, config, reason):
        observation = go(probe("MYSQL", mariadb.endpoint(), config))
        if reason is None:
            assert (observation.status, observation.error) == (Status.GREEN, None)
        else:
            assert observation.status is Status.RED
            assert reason in observation.error


class Packets:
    """Packets of MySQL on a connection: each side numbers on from the other's."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self.sequence = 0

    def send(self, payload):
        head = len(payload).to_bytes(3, "little") + bytes([self.sequence])
        self._writer.write(head + payload)

    async def receive(self):
        head = await self._reader.readexactly(4)
        self.sequence = head[3] + 1
        return await self._reader.readexactly(int.from_bytes(head[:3], "little"))


def sha2_server(password, key=None, tls=None):
    """Return a handler that speaks caching_sha2_password, fast without a key, else in full."""

    async def handler(reader, writer):
        nonce = bytes(range(1, 21))
        flags = 0x8A200 | 0x80000 | (0x800 if tls else 0)
        greeting = b"\x0a8.4.0\0" + bytes(4) + nonce[:8] + b"\0"
        greeting += (flags & 0xFFFF).to_bytes(2, "little") + b"\x2d\x02\x00"
        greeting += (flags >> 16).to_bytes(2, "little") + b"\x15" + bytes(10)
        greeting += nonce[8:] + b"\0caching_sha2_password\0"
        packets = Packets(reader, writer)
        packets.send(greeting)
        if tls:
            await packets.receive()
            await writer.start_tls(tls)
        answer = await packets.receive()
        name, _, rest = answer[32:].partition(b"\0")
        proof = rest[1 : 1 + rest[0]]
        good = name == b"bob" and proof == _auth.scramble_caching_sha2(password, nonce)
        if key is None and tls is None:
            packets.send(b"\x01\x03" if good else b"\xff\x15\x04#28000Access denied")
        else:
            packets.send(b"\x01\x04")
            clear = await packets.receive()
            if tls is None:
                assert clear == b"\x02"
                packets.send(b"\x01" + public_pem(key))
                mixed = key.decrypt(
                    await packets.receive(),
                    padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None),
                )
                clear = bytes(a ^ b for a, b in zip(mixed, nonce * 9, strict=False))
            good = clear == password + b"\0"
            if not good:
                packets.send(b"\xff\x15\x04#28000Access denied")
        if good:
            packets.sequence += 1
            packets.send(b"\x00\x00\x00\x02\x00\x00\x00")
        await reader.read()

    return handler


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize("way", ["fast", "key", "tls"])
@pytest.mark.parametrize("password", ["s3cret", "wrong-one"])
def test_caching_sha2_password(way, password):
    key = rsa.generate_private_key(65537, 2048) if way == "key" else None
    tls = certificates.tls_server() if way == "tls" else None

    async def story():
        async with loopback.tcp(sha2_server(b"s3cret", key, tls)) as peer:
            config = {"username": "bob", "password": password}
            return await probe("MYSQL", peer.endpoint, config)

    observation = go(story())
    assert (observation.status is Status.GREEN) is (password == "s3cret"), observation.error


def asks_by(plugin, replies=(), tls=None):
    """Return a handler that switches to a plug-in; it lets in whoever answers as it should.

    `replies` are what it says and what must come next, in turn.
    """

    async def handler(reader, writer):
        packets = Packets(reader, writer)
        flags = 0x8A200 | 0x80000 | (0x800 if tls else 0)
        greeting = b"\x0a8.0.36\0" + bytes(4) + NONCE[:8] + b"\0"
        greeting += (flags & 0xFFFF).to_bytes(2, "little") + b"\x2d\x02\x00"
        greeting += (flags >> 16).to_bytes(2, "little") + b"\x15" + bytes(10)
        packets.send(greeting + NONCE[8:] + b"\0mysql_native_password\0")
        if tls:
            await packets.receive()
            await writer.start_tls(tls)
        await packets.receive()
        packets.send(b"\xfe" + plugin.encode() + b"\0" + NONCE + b"\0")
        for says, is_right in replies:
            answer = await packets.receive()
            if says is None:
                refusal = b"\xff\x15\x04#28000Access denied"
                packets.send(b"\0\0\0\2\0\0\0" if is_right(answer) else refusal)
            else:
                assert is_right(answer)
                packets.send(says)
        await reader.read()

    return handler


NONCE = bytes(range(1, 21))


def unsealed(key, answer):
    oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
    return bytes(a ^ b for a, b in zip(key.decrypt(answer, oaep), NONCE * 9, strict=False))


def ask_bob(handler, config=None, host="localhost"):
    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("MYSQL", f"{host}:{peer.port}", config or BOB)

    return go(story())


def test_sha256_password_seals_with_the_servers_key_or_speaks_through_tls():
    key = rsa.generate_private_key(65537, 2048)
    sealed = asks_by(
        "sha256_password",
        [
            (b"\x01" + public_pem(key), lambda answer: answer == b"\x01"),
            (None, lambda answer: unsealed(key, answer) == b"s3cret\0"),
        ],
    )
    assert ask_bob(sealed).status is Status.GREEN
    through_tls = asks_by(
        "sha256_password",
        [(None, lambda answer: answer == b"s3cret\0")],
        certificates.tls_server(),
    )
    assert ask_bob(through_tls).status is Status.GREEN


def test_a_password_goes_as_it_is_only_over_verified_tls():
    def clear(context):
        return asks_by("mysql_clear_password", [(None, lambda it: it == b"s3cret\0")], context)

    sentence = "only with `tls` and a certificate that is verified"
    assert sentence in ask_bob(clear(None)).error
    assert sentence in ask_bob(clear(certificates.tls_server())).error
    unverified = BOB | {"tls": True, "verify_tls": False}
    assert sentence in ask_bob(clear(certificates.tls_server()), unverified).error
    verified = ask_bob(clear(certificates.tls_server()), BOB | {"tls": True})
    assert verified.status is Status.GREEN


def test_a_server_that_lets_nobody_in_from_here_is_up():
    error = b"\xffj\x04Host 'x' is not allowed to connect to this MariaDB server"
    refuses = loopback.stops_after(len(error).to_bytes(3, "little") + b"\0" + error)
    assert ask_bob(refuses, {"tls": False}).status is Status.GREEN
    assert "is not allowed to connect" in ask_bob(refuses).error
    assert "is not allowed to connect" in ask_bob(refuses, {"tls": True}).error
