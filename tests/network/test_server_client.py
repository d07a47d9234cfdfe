"""Client of an agent: its own server alone, by its certificate; what else answers is no answer."""

import asyncio
import gzip
import hashlib
import ssl
from dataclasses import dataclass

import orjson
import pytest

from app.network.server_client import ServerAway, ServerClient, ServerRefused
from tests.certificates import authority, ca_file, self_signed, tls_server
from tests.loopback import go, tcp


@dataclass
class Settings:
    server_url: str
    location_key: str = "WL_0"
    server_ca_file: str = ""
    server_fingerprints: tuple[str, ...] = ()


def ask(url, **settings):
    return ServerClient(Settings(url, **settings)).post("hello", {"protocols": [1]}, 5)


def answering(status, body=b"{}", *headers):
    async def serve(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        seen.append((head, await reader.readexactly(length)))
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    seen: list[tuple[str, bytes]] = []
    return serve, seen


def against(handler, tls=None, scheme="http", host="127.0.0.1", **settings):
    async def story():
        loop = asyncio.get_running_loop()
        async with tcp(handler, tls) as peer:
            url = peer.url("", scheme, host)
            return await loop.run_in_executor(None, lambda: ask(url, **settings))

    return go(story())


def test_the_key_goes_in_a_header_and_the_body_as_gzip():
    handler, seen = answering(200, b'{"protocol": 1}')
    assert against(handler) == {"protocol": 1}
    ((head, body),) = seen
    assert "authorization: bearer wl_0" in head
    assert orjson.loads(gzip.decompress(body)) == {"protocols": [1]}


def test_a_wrong_certificate_is_refused():
    handler, seen = answering(200)
    refused = [
        (self_signed("localhost"), {}),
        (self_signed("localhost"), {"server_ca_file": ca_file()}),
        (tls_server("other.example.com"), {"server_ca_file": ca_file()}),
        (tls_server("localhost"), {}),
        (
            tls_server("localhost"),
            {"server_ca_file": ca_file(), "server_fingerprints": ("0" * 64,)},
        ),
    ]
    for tls, settings in refused:
        with pytest.raises(ServerAway):
            against(handler, tls, "https", "localhost", **settings)
    assert seen == [], "neither the key nor anything else has been sent"


def certified():
    """Return a server's TLS with a new certificate, and the fingerprint of that."""
    issued = authority().issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    der = ssl.PEM_cert_to_DER_cert(issued.cert_chain_pems[0].bytes().decode())
    return context, hashlib.sha256(der).hexdigest()


def test_the_pinned_certificate_is_accepted():
    context, fingerprint = certified()
    handler, _ = answering(200, b'{"protocol": 1}')
    pinned = {"server_ca_file": ca_file(), "server_fingerprints": (fingerprint,)}
    assert against(handler, context, "https", "localhost", **pinned) == {"protocol": 1}


def test_a_certificate_is_renewed_under_an_agent_that_knows_the_next_one():
    (old, first), (new, second), (other, third) = (certified() for _ in range(3))
    handler, seen = answering(200, b'{"protocol": 1}')
    settings = Settings("", server_ca_file=ca_file(), server_fingerprints=(first, second))
    client = ServerClient(settings)

    def over(context):
        async def story():
            loop = asyncio.get_running_loop()
            async with tcp(handler, context) as peer:
                settings.server_url = peer.url("", "https", "localhost")
                return await loop.run_in_executor(None, client.post, "hello", {}, 5)

        return go(story())

    for context in (old, new, new, old):
        assert over(context) == {"protocol": 1}
    assert len(seen) == 4
    with pytest.raises(ServerAway, match=third) as away:
        over(other)
    assert "ingerprint" in str(away.value)
    assert len(seen) == 4, "the key was not sent"


def test_a_proxy_that_asks_for_a_password_is_passed_with_it(monkeypatch):
    asked = []

    async def proxy(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head)
        if "Proxy-Authorization: Basic bWU6cEBzcw==" not in head:
            writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        there = await asyncio.open_connection("localhost", int(head.split()[1].split(":")[1]))
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(pump(reader, there[1]), pump(there[0], writer))

    async def pump(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    handler, _ = answering(200, b'{"protocol": 1}')
    tls, fingerprint = certified()
    pinned = {"server_ca_file": ca_file(), "server_fingerprints": ("0" * 64, fingerprint)}

    async def story(user):
        loop = asyncio.get_running_loop()
        async with tcp(proxy) as between, tcp(handler, tls) as peer:
            monkeypatch.setenv("HTTPS_PROXY", f"http://{user}127.0.0.1:{between.port}")
            monkeypatch.setenv("NO_PROXY", "")
            url = peer.url("", "https", "localhost")
            return await loop.run_in_executor(None, lambda: ask(url, **pinned))

    assert go(story("me:p%40ss@")) == {"protocol": 1}
    assert all(head.startswith("CONNECT localhost:") for head in asked)
    for user in ("", "me:secret@"):
        with pytest.raises(ServerAway, match="407") as away:
            go(story(user))
        assert "secret" not in str(away.value)


def test_redirects_are_not_followed():
    handler, seen = answering(302, b"", "Location: http://127.0.0.1:1/")
    with pytest.raises(ServerAway):
        against(handler)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "body"), [(503, b"{}"), (502, b"<html>"), (404, b"<html>"), (200, b"<html>")]
)
def test_what_is_not_the_servers_own_answer_counts_as_away(status, body):
    handler, _ = answering(status, body)
    with pytest.raises(ServerAway):
        against(handler)


@pytest.mark.parametrize("status", [401, 404, 422, 426])
def test_the_servers_own_refusal_is_one(status):
    handler, _ = answering(status, b'{"error": "no"}')
    with pytest.raises(ServerRefused) as refused:
        against(handler)
    assert refused.value.status == status


def test_nobody_there_counts_as_away():
    with pytest.raises(ServerAway):
        ask("http://127.0.0.1:1")
