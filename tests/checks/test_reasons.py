"""Configs that promise what is then checked, and reasons that name the likely cause."""

import ssl
import tempfile
from pathlib import Path

import pytest
import trustme
from marshmallow import ValidationError

from app.checks import CHECK_TYPES
from app.domain.types import FailureKind, Status
from app.network.network import Network
from tests import certificates
from tests.loopback import ANYWHERE, go, probe, silent, tcp, tls_server


def ask(check_type, handler, config=None, *, tls=None, form="localhost:{port}", **options):
    async def story():
        async with tcp(handler, tls) as peer:
            return await probe(check_type, form.format(port=peer.port), config, **options)

    return go(story())


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("MYSQL", {"password": "s3cret"}),
        ("MYSQL", {"database": "shop"}),
        ("REDIS", {"username": "default"}),
        ("IMAP", {"tls": True, "starttls": True}),
        ("SMTP", {"tls": True, "starttls": True}),
        ("POP3", {"tls": True, "starttls": True}),
    ],
)
def test_what_would_have_no_effect_is_refused(kind, config):
    with pytest.raises(ValidationError):
        CHECK_TYPES[kind].config_schema().load(config)


@pytest.mark.parametrize(
    "line",
    [
        "256 SHA256:uNiVztksCsDhcc0u9e8BrwexGLiwgMZBNBYbDRHxbQo root@host (ED25519)",
        "SHA256:uNiVztksCsDhcc0u9e8BrwexGLiwgMZBNBYbDRHxbQo=",
    ],
)
def test_a_fingerprint_may_be_the_line_of_ssh_keygen(line):
    loaded = CHECK_TYPES["SSH"].config_schema().load({"host_key_fingerprint": line})
    expected = "SHA256:uNiVztksCsDhcc0u9e8BrwexGLiwgMZBNBYbDRHxbQo"
    assert loaded == {"host_key_fingerprint": expected}


def lines(*answers):
    async def handler(reader, writer):
        for answer in answers:
            writer.write(answer + b"\r\n")
            await reader.readline()

    return handler


def test_a_mail_server_is_no_file_server():
    observation = ask("FTP", lines(b"220 mail.test ESMTP", b"250 2.0.0 Ok"))
    assert observation.error == "this is a mail server (SMTP), not a file server (FTP)"
    assert observation.failure_kind is FailureKind.PROTOCOL


@pytest.mark.parametrize("answer", [b"200 NOOP ok", b"530 Please login", b"502 unknown"])
def test_a_file_server_is_one(answer):
    assert ask("FTP", lines(b"220 hello", answer)).status is Status.GREEN


def test_implicit_tls_of_ftp_on_any_port():
    handler = lines(b"220 hello", b"200 ok")
    observation = ask("FTP", handler, {"implicit_tls": True}, tls=tls_server())
    assert observation.status is Status.GREEN, observation.error


def test_pop3_changes_over_to_tls():
    context = tls_server()

    async def handler(reader, writer):
        writer.write(b"+OK hello\r\n")
        assert await reader.readline() == b"STLS\r\n"
        writer.write(b"+OK begin\r\n")
        await writer.start_tls(context)
        await reader.readline()

    observation = ask("POP3", handler, {"starttls": True})
    assert observation.status is Status.GREEN, observation.error
    assert observation.certificate is not None


def test_pop3_without_stls_says_so():
    observation = ask("POP3", lines(b"+OK hello", b"-ERR what"), {"starttls": True})
    assert observation.error == 'the server does not offer STLS: it answered "-ERR what"'
    assert observation.failure_kind is FailureKind.TLS


@pytest.mark.parametrize("kind", ["SMTP", "IMAP", "POP3", "FTP"])
def test_a_server_that_sends_nothing_may_expect_tls(kind):
    observation = ask(kind, silent, timeout_seconds=0.4)
    assert "a port that speaks TLS from the first byte stays silent here" in observation.error


async def hang_up(reader, writer):
    await reader.read(1)


def test_a_file_server_is_no_mail_server():
    observation = ask("SMTP", lines(b"220 hello", b"530 Please login with USER and PASS."))
    assert observation.error == "this is a file server (FTP), not a mail server (SMTP)"


async def resets(reader, writer):
    await reader.read(1)
    writer.transport.abort()


FIRST_BYTES = {
    b"SSH-2.0-OpenSSH_9.2\r\n": "SSH",
    b"220 mail.test ESMTP\r\n": "SMTP or FTP",
    b"* OK ready\r\n": "IMAP",
    b"+OK ready\r\n": "POP3",
    b"\0\0\0\4\0\0\0\0\0": "HTTP/2 without HTTP/1.1",
    b"\x15\3\3\0\2\2\x46": "TLS",
    b"RFB 003.008\n": "VNC",
}


@pytest.mark.parametrize("first", FIRST_BYTES)
@pytest.mark.parametrize("kind", ["HTTP", "WEBSOCKET"])
def test_what_answers_instead_of_http_is_named(kind, first):
    async def handler(reader, writer):
        writer.write(first)
        await reader.read(1024)

    form = {"HTTP": "http://localhost:{port}/", "WEBSOCKET": "ws://localhost:{port}/"}[kind]
    observation = ask(kind, handler, form=form)
    assert observation.error == f"the answer is not HTTP; the port speaks {FIRST_BYTES[first]}"
    assert observation.failure_kind is FailureKind.PROTOCOL


@pytest.mark.parametrize(
    ("first", "what"),
    [
        (b"RFB 003.008\n\0\0\0\0", "VNC"),
        (b"220 mail.test ESMTP\r\n", "SMTP or FTP"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "name"), [("MYSQL", "MySQL"), ("POSTGRES", "PostgreSQL"), ("MONGODB", "MongoDB")]
)
def test_what_answers_instead_of_a_database_is_named(kind, name, first, what):
    async def handler(reader, writer):
        writer.write(first)
        await reader.read(1024)
        await reader.read(1024)

    observation = ask(kind, handler)
    assert observation.error == (
        f"the server does not speak the {name} protocol; the port speaks {what}"
    )
    assert observation.failure_kind is FailureKind.PROTOCOL


def test_of_what_stands_before_a_banner_the_first_words_are_said():
    async def handler(reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    observation = ask("SSH", handler)
    assert observation.error == (
        'the server closed the connection instead of its banner; it said "HTTP/1.1 400 Bad Request"'
    )


def test_hanging_up_may_mean_tls_or_a_client_certificate():
    reset = ask("REDIS", resets)
    assert reset.failure_kind is FailureKind.CLOSED
    plain = ask("REDIS", hang_up)
    assert plain.error.endswith("without answering; it may want TLS from the first byte")
    secure = ask("REDIS", hang_up, {"tls": True}, tls=tls_server())
    assert secure.error.endswith("without answering; it may want a client certificate")


async def page(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


class TestOneTlsPolicy:
    WAYS = (("HTTP", "https://localhost:{port}/", {}), ("SSL", "localhost:{port}", {}))

    @pytest.mark.parametrize("cipher", ["ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-GCM-SHA384"])
    def test_what_browsers_accept_every_check_accepts(self, cipher):
        for kind, form, config in self.WAYS:
            context = tls_server()
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers(cipher)
            observation = ask(kind, page, config, tls=context, form=form)
            assert observation.status is Status.GREEN, (kind, observation.error)

    @pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
    def test_a_client_certificate_that_is_wanted_is_named(self, version):
        context = tls_server()
        context.minimum_version = context.maximum_version = version
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certificates.ca_file())
        observation = ask("HTTP", page, tls=context, form="https://localhost:{port}/")
        assert observation.status is Status.RED
        assert "client certificate" in observation.error or version < ssl.TLSVersion.TLSv1_3

    def test_a_certificate_without_names_is_red_everywhere(self):
        authority = trustme.CA()
        issued = authority.issue_cert(common_name="localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        issued.configure_cert(context)
        with tempfile.TemporaryDirectory() as directory:
            own = Path(directory, "own.pem")
            authority.cert_pem.write_to_path(str(own))
            told = set()
            for kind, form, config in self.WAYS:
                told.add(self.seen(kind, form, config, context, str(own)))
        assert len(told) == 1
        ((status, kind, error),) = told
        assert (status, kind) == (Status.RED, FailureKind.CERTIFICATE)
        assert error.startswith("certificate names no host: its common name")

    def seen(self, kind, form, config, context, own):
        async def story():
            network = Network(ANYWHERE, ca_file=own)
            try:
                async with tcp(page, context) as peer:
                    return await probe(kind, form.format(port=peer.port), config, network=network)
            finally:
                network.close()

        observation = go(story())
        return observation.status, observation.failure_kind, observation.error

    def test_own_authorities_stand_beside_the_public_ones(self):
        network_file = certificates.ca_file()

        async def story():
            network = Network(ANYWHERE, ca_file=network_file)
            try:
                return Path(network.authorities).read_text()
            finally:
                network.close()

        joined = go(story())
        assert joined.count("BEGIN CERTIFICATE") > 50
        assert Path(network_file).read_text().strip() in joined
