"""SSL checks against real TLS servers, at once and after STARTTLS."""

import struct
import subprocess

import pytest
import trustme

from app.domain.types import Status
from tests import certificates, loopback
from tests.loopback import go, probe


def ask(context, config=None, host="localhost", handler=loopback.silent):
    async def story():
        async with loopback.tcp(handler, context) as peer:
            return await probe("SSL", f"{host}:{peer.port}", config)

    return go(story())


def test_a_good_certificate_is_green_and_recorded():
    observation = ask(certificates.tls_server(days=100))
    assert observation.status is Status.GREEN
    certificate = observation.certificate
    assert certificate.sans == ("localhost", "127.0.0.1")
    assert certificate.chain_valid
    assert certificate.error is None
    assert certificate.valid_to > certificate.valid_from


@pytest.mark.parametrize(
    ("days", "limit", "status"),
    [
        (29, {}, Status.YELLOW),
        (31, {}, Status.GREEN),
        (31, {"expiry_warning_days": 60}, Status.YELLOW),
    ],
)
def test_the_warning_window(days, limit, status):
    observation = ask(certificates.tls_server(days=days), limit)
    assert observation.status is status
    if status is Status.YELLOW:
        assert observation.error.startswith(f"certificate expires in {days} days, on 20")


@pytest.mark.parametrize("verify_chain", [True, False])
@pytest.mark.parametrize(
    ("context", "reason"),
    [
        (lambda: certificates.tls_server(days=-3), "certificate expired on 20"),
        (
            lambda: certificates.tls_server("b.example", "*.c.example"),
            "certificate is for b.example, *.c.example, not localhost",
        ),
    ],
)
def test_bad_dates_and_names_are_red_even_without_the_chain(context, reason, verify_chain):
    observation = ask(context(), {"verify_chain": verify_chain})
    assert observation.status is Status.RED
    assert observation.error.startswith(reason)
    assert observation.certificate is not None


def test_an_untrusted_chain_is_red_unless_it_is_not_asked_for():
    context = certificates.tls_server(of=trustme.CA())
    assert ask(context).error == (
        "the certificate chain is incomplete, or its authority is not trusted"
    )
    assert ask(context, {"verify_chain": False}).status is Status.GREEN
    self_signed = certificates.self_signed("localhost")
    assert ask(self_signed).error == "self-signed certificate"
    assert ask(self_signed, {"verify_chain": False}).status is Status.GREEN


@pytest.mark.parametrize("kind", ["SSL", "HTTP", "TCP"])
def test_a_certificate_signed_with_sha1_is_red_and_says_so(kind):
    try:
        context = certificates.signed_with_sha1("localhost")
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this system makes no certificate signed with SHA-1: {error}")

    async def story():
        async with loopback.tcp(loopback.silent, context) as peer:
            endpoint = f"localhost:{peer.port}"
            config = {"tls": True} if kind == "TCP" else {}
            return await probe(kind, f"https://{endpoint}" if kind == "HTTP" else endpoint, config)

    observation = go(story())
    assert observation.status is Status.RED
    assert observation.error == (
        "a certificate of the chain is signed with SHA-1 or older, which is not safe any more"
    )


def test_addresses_need_an_address_in_the_certificate():
    assert ask(certificates.tls_server("127.0.0.1"), host="127.0.0.1").status is Status.GREEN
    assert ask(certificates.tls_server("localhost"), host="127.0.0.1").error == (
        "certificate is for localhost, not 127.0.0.1"
    )


def test_wildcards_cover_one_label():
    async def story(name):
        async with loopback.tcp(loopback.silent, certificates.tls_server("*.b.localhost")) as peer:
            return await probe("SSL", f"{name}:{peer.port}")

    # c-ares answers every name below localhost with loopback (RFC 6761)
    assert go(story("a.b.localhost")).status is Status.GREEN
    assert go(story("x.a.b.localhost")).error == (
        "certificate is for *.b.localhost, not x.a.b.localhost"
    )


def test_a_port_without_tls_is_red():
    assert ask(None, handler=loopback.garbage).error == (
        "the server does not speak TLS on this port"
    )


def upgrading(*exchanges, context):
    """Return a handler: send a text, read what comes, …, then change over to TLS."""

    async def handler(reader, writer):
        for text in exchanges:
            writer.write(text)
            await writer.drain()
            if text is not exchanges[-1]:
                await reader.read(1024)
        await writer.start_tls(context)
        await reader.read()

    return handler


def mysql_packet(number, payload):
    return struct.pack("<I", len(payload))[:3] + bytes([number]) + payload


# Protocol 10, a nonce in two parts, and among the capabilities TLS (MySQL's HandshakeV10).
MYSQL_GREETING = mysql_packet(
    0,
    b"\x0a8.0.36\0"
    + struct.pack("<I8sxHBHHB10x", 7, b"a" * 8, 0x8A00, 45, 2, 0x0008, 21)
    + b"b" * 12
    + b"\0mysql_native_password\0",
)
PREAMBLES = {
    "smtp": (b"220 hi\r\n", b"250 me\r\n", b"220 go\r\n"),
    "imap": (b"* OK hi\r\n", b"a1 OK go\r\n"),
    "pop3": (b"+OK hi\r\n", b"+OK go\r\n"),
    "ftp": (b"220 hi\r\n", b"234 go\r\n"),
    "postgres": (b"", b"S"),
    "mysql": (MYSQL_GREETING, b""),
}
# What somebody on the way may put into the clear, for it to be read as if TLS had protected it.
INJECTED = {
    "smtp": b"250 me\r\n",
    "imap": b"a2 OK bye\r\n",
    "pop3": b"+OK bye\r\n",
    "ftp": b"221 bye\r\n",
    "postgres": b"E",
    "mysql": mysql_packet(2, b"\0\0\0\2\0\0\0"),
}


@pytest.mark.parametrize("protocol", PREAMBLES)
def test_starttls(protocol):
    good = upgrading(*PREAMBLES[protocol], context=certificates.tls_server())
    observation = ask(None, {"starttls": protocol}, handler=good)
    assert (observation.status, observation.error) == (Status.GREEN, None)
    expired = upgrading(*PREAMBLES[protocol], context=certificates.tls_server(days=-3))
    observation = ask(None, {"starttls": protocol}, handler=expired)
    assert observation.error.startswith("certificate expired on 20")
    assert observation.certificate is not None


@pytest.mark.parametrize("protocol", PREAMBLES)
def test_a_bad_certificate_after_starttls_is_told_in_words(protocol):
    other = upgrading(*PREAMBLES[protocol], context=certificates.tls_server("b.example"))
    observation = ask(None, {"starttls": protocol}, handler=other)
    assert observation.error == "certificate is for b.example, not localhost"
    unknown = upgrading(*PREAMBLES[protocol], context=certificates.self_signed("localhost"))
    observation = ask(None, {"starttls": protocol}, handler=unknown)
    assert (observation.status, observation.error) == (Status.RED, "self-signed certificate")


@pytest.mark.parametrize("protocol", PREAMBLES)
def test_plain_text_after_the_answer_is_not_taken_for_secure(protocol):
    exchanges = list(PREAMBLES[protocol])
    last = -1 if exchanges[-1] else -2
    exchanges[last] += INJECTED[protocol]
    handler = upgrading(*exchanges, context=certificates.tls_server())
    observation = ask(None, {"starttls": protocol}, handler=handler)
    assert observation.status is Status.RED
    assert observation.error == "the server sent more before TLS than it may"
