"""SMTP, IMAP, POP3 and FTP against real servers (aiosmtpd, pyftpdlib) and scripted ones."""

import threading
from contextlib import contextmanager

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

from app.domain.types import Status
from tests import certificates, loopback
from tests.free_ports import free_port
from tests.loopback import go, probe


@contextmanager
def smtp(**options):
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def ftp():
    authorizer = DummyAuthorizer()
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer, "banner": "hello"})
    server = FTPServer(("127.0.0.1", 0), handler)
    stop = threading.Event()

    def serve():
        while not stop.is_set():
            server.serve_forever(timeout=0.05, blocking=False)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.address[1]
    finally:
        stop.set()
        thread.join()
        server.close_all()


def script(*exchanges, tls_after=None):
    """Return a handler: send each text, then read a line; change over to TLS after one of them."""

    async def handler(reader, writer):
        for index, line in enumerate(exchanges):
            writer.write(line)
            await writer.drain()
            if tls_after == index:
                await writer.start_tls(certificates.tls_server())
                continue
            await reader.readline()

    return handler


def ask(check_type, handler, config=None, host="127.0.0.1", tls=None, **options):
    async def story():
        async with loopback.tcp(handler, tls) as peer:
            return await probe(check_type, f"{host}:{peer.port}", config, **options)

    return go(story())


class TestSmtp:
    def test_a_real_server_is_green(self):
        with smtp() as port:
            assert go(probe("SMTP", f"127.0.0.1:{port}")).status is Status.GREEN

    def test_starttls_of_a_real_server(self):
        with smtp(tls_context=certificates.tls_server()) as port:
            observation = go(probe("SMTP", f"localhost:{port}", {"starttls": True}))
        assert (observation.status, observation.error) == (Status.GREEN, None)
        assert observation.certificate.chain_valid

    def test_starttls_that_is_not_offered(self):
        with smtp() as port:
            observation = go(probe("SMTP", f"127.0.0.1:{port}", {"starttls": True}))
        assert observation.error.startswith("the server does not offer STARTTLS: it answered")

    def test_implicit_tls(self):
        handler = script(b"220 hi\r\n", b"250-me\r\n250 SIZE\r\n")
        tls = certificates.tls_server()
        assert ask("SMTP", handler, {"tls": True}, tls=tls).status is Status.GREEN

    @pytest.mark.parametrize(
        ("lines", "reason"),
        [
            ([b"554 go away\r\n"], 'expected 220 as the greeting, got "554 go away"'),
            (
                [b"220 hi\r\n", b"500 what\r\n"],
                'expected 250 as the answer to EHLO, got "500 what"',
            ),
            ([b"220-more\r\n" * 300], "the greeting has more than 200 lines"),
            (
                [b"220-welcome\r\n554 not you\r\n"],
                'expected 220 as the greeting, got "554 not you"',
            ),
            (
                [b"220 hi\r\n", b"250-me\r\n421 too busy\r\n"],
                'expected 250 as the answer to EHLO, got "421 too busy"',
            ),
            ([b"2200 hi\r\n"], 'expected 220 as the greeting, got "2200 hi"'),
            ([b"220hi\r\n"], 'expected 220 as the greeting, got "220hi"'),
        ],
    )
    def test_other_answers_are_red(self, lines, reason):
        assert ask("SMTP", script(*lines)).error == reason

    @pytest.mark.parametrize("code", [b"500", b"502"])
    def test_a_server_from_before_ehlo_is_greeted_with_helo(self, code):
        """RFC 5321 3.2: a client falls back to HELO."""
        handler = script(b"220 hi\r\n", code + b" what\r\n", b"250 me\r\n")
        observation = ask("SMTP", handler)
        assert (observation.status, observation.error) == (Status.GREEN, None)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([b"220-hi\r\n421 full\r\n"], 'expected 220 as the greeting, got "421 full"'),
        (
            [b"220 hi\r\n", b"421 full\r\n"],
            'the server closes the service: it answered "421 full"',
        ),
    ],
)
def test_a_file_server_that_changes_its_mind(lines, reason):
    assert ask("FTP", script(*lines)).error == reason


def test_lines_of_a_welcome_are_no_answers():
    handler = script(
        b"220-hi\r\nfree text\r\n 421 of our own\r\n331 files\r\n220 go\r\n", b"200 ok\r\n"
    )
    assert ask("FTP", handler).error is None


def test_a_file_server_may_ask_to_wait_for_its_greeting():
    handler = script(b"120 ready in a moment\r\n220 go\r\n", b"200 ok\r\n")
    assert ask("FTP", handler).error is None
    assert ask("FTP", script(b"120 ready later\r\n421 no\r\n")).error == (
        'expected 220 as the greeting, got "421 no"'
    )


class TestImapAndPop3:
    def test_a_word_that_begins_like_ok_is_another(self):
        assert ask("IMAP", script(b"* OKAY\r\n")).error == (
            'expected "* OK" as the greeting, got "* OKAY"'
        )
        handler = script(b"* OK ready\r\n", b"* BYE later\r\n")
        assert ask("IMAP", handler, {"starttls": True}).error == (
            'the server says goodbye instead of STARTTLS: "* BYE later"'
        )

    @pytest.mark.parametrize("greeting", [b"* OK ready\r\n", b"* PREAUTH hello\r\n"])
    def test_imap_greetings(self, greeting):
        assert ask("IMAP", script(greeting)).status is Status.GREEN

    def test_imap_starttls(self):
        handler = script(b"* OK ready\r\n", b"* NOOP\r\na1 OK go\r\n", tls_after=1)
        observation = ask("IMAP", handler, {"starttls": True}, host="localhost")
        assert (observation.status, observation.error) == (Status.GREEN, None)
        assert observation.certificate is not None

    def test_text_sent_before_tls_is_not_taken_for_secure(self):
        handler = script(b"* OK ready\r\n", b"a1 OK go\r\n* OK injected\r\n", tls_after=1)
        observation = ask("IMAP", handler, {"starttls": True}, host="localhost")
        assert observation.error == "the server sent more before TLS than it may"

    def test_imap_that_refuses(self):
        assert ask("IMAP", script(b"* BYE full\r\n")).error == (
            'expected "* OK" as the greeting, got "* BYE full"'
        )

    def test_pop3(self):
        assert ask("POP3", script(b"+OK ready\r\n")).status is Status.GREEN
        tls = certificates.tls_server()
        assert ask("POP3", script(b"+OK\r\n"), {"tls": True}, tls=tls).status is Status.GREEN
        assert ask("POP3", script(b"-ERR busy\r\n")).error == (
            'expected "+OK" as the greeting, got "-ERR busy"'
        )


class TestFtp:
    def test_a_real_server_is_green(self):
        with ftp() as port:
            assert go(probe("FTP", f"127.0.0.1:{port}")).status is Status.GREEN

    def test_tls_that_is_not_offered(self):
        with ftp() as port:
            observation = go(probe("FTP", f"127.0.0.1:{port}", {"tls": True}))
        assert observation.error.startswith("the server does not offer AUTH TLS: it answered")

    def test_auth_tls(self):
        handler = script(b"220 hi\r\n", b"234 go\r\n", tls_after=1)
        observation = ask("FTP", handler, {"tls": True}, host="localhost")
        assert (observation.status, observation.error) == (Status.GREEN, None)

    def test_text_sent_before_tls_is_not_taken_for_secure(self):
        handler = script(b"220 hi\r\n", b"234 go\r\n200 injected\r\n", tls_after=1)
        observation = ask("FTP", handler, {"tls": True}, host="localhost")
        assert observation.status is Status.RED
        assert observation.error == "the server sent more before TLS than it may"

    def test_other_answers_are_red(self):
        assert ask("FTP", script(b"421 full\r\n")).error == (
            'expected 220 as the greeting, got "421 full"'
        )
