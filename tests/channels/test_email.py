"""E-mail over a real SMTP server: headers that hold, threads, recipients put off or refused."""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from email.utils import getaddresses

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from marshmallow import ValidationError

from app.channels import DeliveryError
from app.channels.email import EmailConfig
from tests.channels.sending import ALERT, message, send
from tests.loopback import ca_file, tls_server
from tests.receivers import MailReceiver

HEADERS = {
    "Content-Type",
    "MIME-Version",
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-AlertifyPro-Delivery",
    "Importance",
}
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
TO = {"to": ["alice@example.com", "bob@example.com"]}


def mailed(what, config=TO, **context):
    with MailReceiver() as server:
        send("email", what, config, smtp_url=server.url, **context)
        (mail,) = server.mails
    return mail


def test_a_mail_has_a_plain_and_an_html_part():
    mail = mailed(message(), mail_from="AlertifyPro <alerts@status.example.com>")
    assert mail.sender == "alerts@status.example.com"
    assert mail.recipients == TO["to"]
    headers = mail.message
    assert headers["subject"] == "[CRITICAL] Checkout: Service down Triggered by Check"
    assert headers["from"] == "AlertifyPro <alerts@status.example.com>"
    assert headers["to"] == "alice@example.com, bob@example.com"
    assert headers["auto-submitted"] == "auto-generated"
    assert headers["importance"] == "high"
    assert headers["date"]
    assert "Acknowledge: https://status.example.com/alerts/act/signed-ack" in mail.part("plain")
    assert 'href="https://status.example.com/alerts/act/signed-ack"' in mail.part("html")


def test_every_line_ends_with_crlf_and_is_short():
    raw = mailed(message(alert={**ALERT, "message": "é" * 5000 + "\n.\nQUIT"})).raw
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()


def test_everything_about_one_alert_is_one_thread():
    fired, resolved = mailed(message()), mailed(message(id="del_2", event="alert.resolved"))
    assert fired.message["message-id"] == "<del_0123456789@localhost>"
    assert resolved.message["message-id"] == "<del_2@localhost>"
    assert fired.message["references"] == resolved.message["references"]
    assert ALERT["id"] in fired.message["references"]


@pytest.mark.parametrize(
    "name",
    [
        "ok =?UTF-8?Q?=0A?=Bcc: eve@example.com",
        "ok =?utf-8?b?DQpCY2M6IGV2ZUBleGFtcGxlLmNvbQ==?=",
        "ok\r\nBcc: eve@example.com",
        "ok\nBcc: eve@example.com\n\n<h1>owned</h1>",
        "ok\x0bBcc: eve@example.com\x0c\x1c\x85\u2028Bcc: eve@example.com",
        "=?UTF-8?Q?" + "=0A" * 100 + "?=" + "x" * 300,
        "é" * 60 + "=?UTF-8?Q?=0A?=Bcc: eve@example.com",
    ],
)
def test_no_name_becomes_a_header(name):
    """CVE-2024-6923: the newer API of `email` writes the decoded line break out."""
    mail = mailed(message(alert={**ALERT, "service_name": name}), mail_from=f"{name} <a@b.example>")
    head = mail.raw.split(b"\r\n\r\n")[0].decode()
    names = {line.partition(":")[0] for line in head.split("\r\n") if line[:1] not in " \t"}
    assert names <= HEADERS
    assert mail.message["bcc"] is None
    assert mail.recipients == TO["to"]
    assert " ".join(name.split())[:20] in mail.message["subject"]


@pytest.mark.parametrize(
    ("mail_from", "name", "address"),
    [
        ('"Acme, Inc." <alerts@example.com>', "Acme, Inc.", "alerts@example.com"),
        ("Acme, Inc. <alerts@example.com>", "Acme, Inc.", "alerts@example.com"),
        ("Acme (Ops): [alerts] <alerts@example.com>", "Acme (Ops): [alerts]", "alerts@example.com"),
        (r'"The \"other\" one" <alerts@example.com>', 'The "other" one', "alerts@example.com"),
        ("ops@example.com <alerts@example.com>", "ops@example.com", "alerts@example.com"),
        ("Bücher, GmbH <alerts@bücher.example>", "Bücher, GmbH", "alerts@xn--bcher-kva.example"),
        ("alerts@bücher.example", "", "alerts@xn--bcher-kva.example"),
        ("=?utf-8?q?a?= <alerts@example.com>", "=?utf-8?q?a?=", "alerts@example.com"),
        ("<alerts@example.com>", "", "alerts@example.com"),
    ],
)
def test_the_sender_is_one_mailbox_whatever_its_name(mail_from, name, address):
    mail = mailed(message(), mail_from=mail_from)
    assert mail.sender == address
    ((found, where),) = getaddresses([mail.message["from"]])
    assert (found, where) == (name, address)


def test_html_is_escaped():
    html = mailed(message(alert={**ALERT, "message": '<script>alert("x")</script> & <b>'})).part(
        "html"
    )
    assert "<script>" not in html
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &lt;b&gt;" in html


def refused(refusals, **config):
    with MailReceiver(refusals) as server, pytest.raises(DeliveryError) as caught:
        send("email", message(), {**TO, **config}, smtp_url=server.url)
    return caught.value, server.mails


def test_all_recipients_unknown_is_permanent():
    error, mails = refused(dict.fromkeys(TO["to"], "550 no such user"))
    assert error.permanent
    assert error.status_code == 550
    assert "bob@example.com: 550 no such user" in error.answer
    assert mails == []


def test_one_recipient_unknown_does_not_stop_the_other():
    with MailReceiver({"alice@example.com": "550 no such user"}) as server:
        delivery = send("email", message(), TO, smtp_url=server.url)
        assert server.mails[0].recipients == ["bob@example.com"]
    assert "refused for alice@example.com: 550 no such user" in delivery.answer
    assert delivery.missed == "the mail server refused it for alice@example.com"


def test_one_recipient_put_off_means_trying_again():
    error, mails = refused({"alice@example.com": "451 greylisted"})
    assert not error.permanent
    assert len(mails) == 1


@pytest.mark.parametrize(("line", "permanent"), [("452 full", False), ("554 spam", True)])
def test_the_mail_itself_is_refused(line, permanent):
    error, _ = refused({"DATA": line})
    assert error.permanent is permanent
    assert error.status_code == int(line[:3])


@pytest.mark.parametrize(
    ("greeting", "sentence", "code"),
    [
        (b"421 too busy\r\n", "the mail server refused the connection: 421", 421),
        (b"554 no service\r\n", "the mail server refused the connection: 554", 554),
        (b"SSH-2.0-OpenSSH\r\n", "the mail server does not speak SMTP: ", None),
        (b"HTTP/1.1 400 Bad\r\n\r\n", "the mail server does not speak SMTP: ", None),
    ],
)
def test_a_server_that_takes_no_mail_says_so_and_pages_wait_for_it(greeting, sentence, code):
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:

        def greet():
            with server.accept()[0] as connection:
                connection.sendall(greeting)
                connection.recv(100)

        pool.submit(greet)
        with pytest.raises(DeliveryError) as caught:
            send("email", message(), TO, smtp_url=f"smtp://127.0.0.1:{server.getsockname()[1]}")
    assert str(caught.value).startswith(sentence)
    assert (caught.value.permanent, caught.value.status_code) == (False, code)


def test_pages_wait_where_the_operator_has_to_name_a_user():
    error, _ = refused({"DATA": "530 5.7.0 Authentication required"})
    assert (str(error), error.permanent) == (
        "the mail server wants a sign-in or TLS first: 530",
        False,
    )


class _Door:
    """Lets one user in."""

    def __call__(self, server, session, envelope, mechanism, data):
        ok = isinstance(data, LoginPassword) and data.password == b"p@ss/word"
        return AuthResult(success=ok, handled=ok)


def authenticated(**options):
    return MailReceiver(authenticator=_Door(), auth_required=True, **options)


def test_a_user_signs_in_after_starttls():
    context = tls_server()
    with authenticated(tls_context=context, require_starttls=True) as server:
        login = server.url.replace("://", "://user:p%40ss%2Fword@")
        send("email", message(), TO, smtp_url=f"{login}?starttls=required&verify=off")
        assert len(server.mails) == 1


def test_an_unknown_authority_is_not_trusted():
    with MailReceiver(tls_context=tls_server()) as server, pytest.raises(DeliveryError) as caught:
        send("email", message(), TO, smtp_url=server.url)
    assert not caught.value.permanent
    assert server.mails == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_an_authority_of_the_operator_is_trusted(scheme):
    options = {"ssl_context" if scheme == "smtps" else "tls_context": tls_server()}
    with MailReceiver(**options) as server:
        url = f"{server.url.replace('smtp:', f'{scheme}:')}"
        if scheme == "smtp":
            url += "?starttls=required"
        assert send("email", message(), TO, smtp_url=url, ca_file=ca_file()).ok


def test_a_wrong_password_waits_for_the_operator_and_is_not_told():
    with authenticated(auth_require_tls=False) as server, pytest.raises(DeliveryError) as caught:
        send("email", message(), TO, smtp_url=server.url.replace("://", "://user:wrong-pass@"))
    assert not caught.value.permanent
    assert "wrong-pass" not in str(caught.value) + caught.value.answer


def test_no_password_goes_out_in_clear():
    with authenticated(auth_require_tls=False) as server:
        url = f"{server.url.replace('://', '://user:p%40ss%2Fword@')}?starttls=required"
        with pytest.raises(DeliveryError) as caught:
            send("email", message(), TO, smtp_url=url)
    assert not caught.value.permanent
    assert server.mails == []


def test_implicit_tls():
    context: ssl.SSLContext = tls_server()
    with MailReceiver(ssl_context=context) as server:
        url = f"{server.url.replace('smtp:', 'smtps:')}?verify=off"
        assert send("email", message(), TO, smtp_url=url).ok


def test_a_server_that_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"smtp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(DeliveryError) as caught:
            send("email", message(), TO, smtp_url=url, timeout_seconds=0.5)
    assert not caught.value.permanent


def test_without_a_mail_server_there_is_no_mail():
    with pytest.raises(DeliveryError, match="SMTP_URL is not set") as caught:
        send("email", message(), TO)
    assert caught.value.permanent


NO_ADDRESSES = ("a", "a@", "@b.example", "a b@c.example", "a@b.example\nBcc: x@y.z", "a@b..c")
NO_ADDRESSES += ("<a@b.example>", "a@127.0.0.1", "a,b@c.example", "Alice <a@b.example>")
NO_ADDRESSES += ("a" * 65 + "@b.example", "", "a@[127.0.0.1]", "a@b.example, c@d.example")


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address(address):
    with pytest.raises(ValidationError):
        EmailConfig().load({"to": [address]})


def test_addresses_are_folded_and_told_once():
    loaded = EmailConfig().load({"to": ["a@Bücher.example", "a@xn--bcher-kva.example"]})
    assert loaded == {"to": ["a@xn--bcher-kva.example"]}
