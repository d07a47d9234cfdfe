"""Checks of Dovecot, Postfix and vsftpd as Debian ships them, and what they log of a guest."""

import pytest

from tests.checks.real_servers import ask, expect, mail, needs, scoped

dovecot = scoped(mail.dovecot)
postfix = scoped(mail.postfix)


@needs("dovecot-imapd and dovecot-pop3d", "dovecot")
class TestDovecot:
    @pytest.mark.parametrize(
        ("kind", "port", "config"),
        [
            ("IMAP", 0, {}),
            ("IMAP", 0, {"starttls": True}),
            ("IMAP", 1, {"tls": True}),
            ("SSL", 0, {"starttls": "imap"}),
            ("POP3", 2, {}),
            ("POP3", 2, {"starttls": True}),
            ("POP3", 3, {"tls": True}),
            ("SSL", 2, {"starttls": "pop3"}),
        ],
    )
    def test_a_guest_says_goodbye(self, dovecot, kind, port, config):
        dovecot.forget()
        expect(ask(kind, dovecot.endpoint(port), config))
        assert "logging out (no auth attempts" in dovecot.log()

    @pytest.mark.parametrize(
        ("kind", "port", "config", "reason"),
        [
            ("IMAP", 0, {"tls": True}, "the server does not speak TLS on this port"),
            ("IMAP", 1, {}, "a port that speaks TLS from the first byte stays silent here"),
            ("IMAP", 2, {}, 'expected "* OK" as the greeting, got "+OK Dovecot'),
            ("POP3", 0, {}, 'expected "+OK" as the greeting, got "* OK'),
            ("SMTP", 0, {}, 'expected 220 as the greeting, got "* OK'),
        ],
    )
    def test_what_is_wrong_is_named(self, dovecot, kind, port, config, reason):
        expect(ask(kind, dovecot.endpoint(port), config, timeout_seconds=1), reason)


@needs("postfix", "postfix")
class TestPostfix:
    @pytest.mark.parametrize(
        ("kind", "port", "config"),
        [
            ("SMTP", 0, {}),
            ("SMTP", 0, {"starttls": True}),
            ("SMTP", 1, {"tls": True}),
            ("SSL", 0, {"starttls": "smtp"}),
        ],
    )
    def test_a_guest_says_goodbye(self, postfix, kind, port, config):
        postfix.forget()
        expect(ask(kind, postfix.endpoint(port), config))
        log = postfix.log()
        assert "quit=1" in log
        assert "lost connection" not in log

    @pytest.mark.parametrize(
        ("kind", "port", "config", "reason"),
        [
            ("SMTP", 0, {"tls": True}, "the server does not speak TLS on this port"),
            ("SMTP", 1, {}, "a port that speaks TLS from the first byte stays silent here"),
            ("FTP", 0, {}, "this is a mail server (SMTP), not a file server (FTP)"),
            ("IMAP", 0, {}, 'expected "* OK" as the greeting, got "220 localhost ESMTP'),
        ],
    )
    def test_what_is_wrong_is_named(self, postfix, kind, port, config, reason):
        expect(ask(kind, postfix.endpoint(port), config, timeout_seconds=1), reason)

    def test_http_is_told_what_answers(self, postfix):
        observation = ask("HTTP", f"http://{postfix.endpoint()}/")
        expect(observation, "the answer is not HTTP; the port speaks SMTP or FTP")


@needs("vsftpd", "vsftpd")
def test_vsftpd():
    with mail.vsftpd() as server:
        expect(ask("FTP", server.endpoint()))
        expect(ask("FTP", server.endpoint(), {"tls": True}))
        server.forget()
        expect(ask("SSL", server.endpoint(), {"starttls": "ftp"}))
        assert "Goodbye" in server.log()
        expect(ask("SMTP", server.endpoint()), "this is a file server (FTP), not a mail server")
        wrong = ask("FTP", server.endpoint(), {"implicit_tls": True})
        expect(wrong, "the server does not speak TLS on this port")
    with mail.vsftpd(implicit=True) as server:
        expect(ask("FTP", server.endpoint(), {"implicit_tls": True}))
        silent = ask("FTP", server.endpoint(), timeout_seconds=1)
        expect(silent, "a port that speaks TLS from the first byte stays silent here")
