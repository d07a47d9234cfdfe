"""MONGODB checks against nx-27017 and, for sign-ins, a server made of bson and scramp."""

import hashlib
import struct
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import bson
import pytest
from scramp import ScramException, ScramMechanism

from app.domain.types import Status
from tests import certificates, loopback
from tests.checks.servers import wait_for
from tests.free_ports import free_port
from tests.loopback import go, probe


@contextmanager
def nx():
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="alertifypro-nx-") as directory:
        home = Path(directory)
        command = [sys.executable, "-m", "nx_27017.nx_27017", "--db", "memory", "-p", str(port)]
        command += ["--log-file", str(home / "log"), "--pid-file", str(home / "pid")]
        server = subprocess.Popen(
            command, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_for(port)
            yield f"127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def test_a_server_of_another_make_is_green():
    with nx() as endpoint:
        observation = go(probe("MONGODB", endpoint, timeout_seconds=5))
    assert (observation.status, observation.error) == (Status.GREEN, None)


def server(answer):
    """Return a handler that answers each command with `answer(command)`."""

    async def handler(reader, writer):
        while True:
            size, request, _, _ = struct.unpack("<iiii", await reader.readexactly(16))
            command = bson.decode((await reader.readexactly(size - 16))[5:])
            body = bytes(5) + bson.encode(answer(command))
            writer.write(struct.pack("<iiii", len(body) + 16, 9, request, 2013) + body)
            await writer.drain()

    return handler


def signing_in(mechanism="SCRAM-SHA-256", password="s3cret", empty_end=False):
    """Return answers of a server that knows bob."""
    known = password
    if mechanism == "SCRAM-SHA-1":
        known = hashlib.md5(f"bob:mongo:{password}".encode()).hexdigest()
    scram = ScramMechanism(mechanism)
    salt, stored, key, rounds = scram.make_auth_info(known, iteration_count=5_000)
    talk = scram.make_server(lambda username: (salt, stored, key, rounds))
    ended = False

    def answer(command):
        nonlocal ended
        if "hello" in command:
            return {"ok": 1.0, "isWritablePrimary": True, "saslSupportedMechs": [mechanism]}
        try:
            if "saslStart" in command:
                talk.set_client_first(command["payload"].decode())
                return reply(talk.get_server_first(), done=False)
            if not ended:
                ended = True
                talk.set_client_final(command["payload"].decode())
                return reply(talk.get_server_final(), done=not empty_end)
        except ScramException:
            return {"ok": 0.0, "errmsg": "Authentication failed.", "code": 18}
        return reply("", done=True)

    return answer


def reply(text, *, done):
    return {"ok": 1.0, "conversationId": 1, "done": done, "payload": text.encode()}


def ask(answer, config=None, tls=None):
    async def story():
        async with loopback.tcp(server(answer), tls) as peer:
            return await probe("MONGODB", peer.endpoint, config)

    return go(story())


def test_hello_with_values_of_every_kind():
    everything = {
        "ok": 1,
        "time": bson.datetime.datetime(2026, 1, 1),
        "id": bson.ObjectId(),
        "big": bson.Int64(2**40),
        "price": bson.Decimal128("1.5"),
        "stamp": bson.Timestamp(1, 2),
        "list": [1, "two", {"three": None}],
        "flag": True,
        "bytes": b"\x00\x01",
        "ratio": 0.5,
    }
    assert ask(lambda command: everything).status is Status.GREEN
    assert ask(lambda command: {"ok": 1}, {"tls": True}, certificates.tls_server()).status is (
        Status.GREEN
    )


def test_an_older_server_knows_is_master():
    def answer(command):
        if next(iter(command)) == "hello":
            return {"ok": 0.0, "code": 59, "errmsg": "no such command: hello"}
        return {"ok": 1.0, "ismaster": True}

    assert ask(answer).status is Status.GREEN


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-1"])
@pytest.mark.parametrize("empty_end", [False, True])
def test_sign_in(mechanism, empty_end):
    answer = signing_in(mechanism, empty_end=empty_end)
    observation = ask(answer, {"username": "bob", "password": "s3cret"})
    assert (observation.status, observation.error) == (Status.GREEN, None)


def test_refusals_are_red():
    refused = ask(signing_in(), {"username": "bob", "password": "wrong-one"})
    assert refused.error == "the sign-in was refused: Authentication failed. (18)"
    assert "wrong-one" not in repr(refused)
    broken = ask(lambda command: {"ok": 0.0, "code": 91, "errmsg": "shutting down"})
    assert broken.error == "hello was refused: shutting down (91)"


def test_a_server_that_does_not_know_the_password_is_found_out():
    honest = signing_in()

    def impostor(command):
        answer = honest(command)
        if answer.get("payload", b"").startswith(b"v="):
            answer["payload"] = b"v=AAAA"
        return answer

    assert ask(impostor, {"username": "bob", "password": "s3cret"}).error == (
        "the server could not prove that it knows the password"
    )


@pytest.mark.parametrize(
    "document",
    [b"", b"\xff\xff\xff\x7f", b"\x0c\0\0\0\x02a\0\xff\xff\xff\x7f\0", b"\x08\0\0\0\x03a\0\0"],
)
def test_broken_documents_are_red(document):
    async def handler(reader, writer):
        await reader.read(4096)
        body = bytes(5) + document
        writer.write(struct.pack("<iiii", len(body) + 16, 1, 1, 2013) + body)
        await reader.read()

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("MONGODB", peer.endpoint)

    assert go(story()).status is Status.RED
