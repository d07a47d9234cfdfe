"""Apprise: sent from a child that can reach neither forbidden hosts, nor files, nor processes."""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from marshmallow import ValidationError

from app.channels import DeliveryError
from app.channels.apprise import REFUSED_SCHEMES, AppriseConfig
from app.channels.apprise_schemes import SCHEMES
from app.domain.checks.addresses import AddressPolicy
from tests.channels.sending import ALERT, message, send
from tests.loopback import ca_file, tls_server
from tests.receivers import Answer, HttpReceiver, MailReceiver
from tests.waiting import stretched

PUBLIC = AddressPolicy(targets="public")


def refusal(url, **options):
    with pytest.raises(DeliveryError) as caught:
        send("apprise", message(), {"url": url}, **options)
    return caught.value


def test_a_service_gets_title_text_and_kind():
    with HttpReceiver() as receiver:
        send("apprise", message(), {"url": f"json://127.0.0.1:{receiver.port}/x?:team=ops"})
        (request,) = receiver.requests
    body = request.json
    assert body["title"] == "[CRITICAL] Checkout: Service down Triggered by Check"
    assert "connection refused" in body["message"]
    assert body["type"] == "failure"


def test_apprise_never_enters_this_process():
    with HttpReceiver() as receiver:
        send("apprise", message(), {"url": f"json://127.0.0.1:{receiver.port}/"})
    assert "apprise" not in sys.modules


def test_a_message_costs_a_fraction_of_a_second_of_processor_time():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with HttpReceiver() as receiver:
        for _ in range(3):
            send("apprise", message(), {"url": f"json://127.0.0.1:{receiver.port}/"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert spent / 3 < 0.6  # 0.2 with compiled files, 0.8 without, 1.4 with every plug-in


def test_a_text_longer_than_the_service_takes_is_cut():
    with HttpReceiver() as receiver:
        url = f"mmost://127.0.0.1:{receiver.port}/3ccdd113474722377935511fc85d3dd4"
        send("apprise", message(alert={**ALERT, "message": "x" * 9_000}), {"url": url})
        (request,) = receiver.requests
    assert 3_000 < len(request.json["text"]) <= 4_000


@pytest.mark.parametrize("scheme", [*sorted(REFUSED_SCHEMES), "DBus", "Syslog"])
def test_what_acts_on_the_server_itself_is_refused(scheme):
    with pytest.raises(ValidationError, match="acts on the server itself"):
        AppriseConfig().load({"url": f"{scheme}://localhost"})


@pytest.mark.parametrize("url", ["", "tgram://", "no url", "http//x", "/etc/passwd", "a b://c"])
def test_what_is_no_address(url):
    with pytest.raises(ValidationError):
        AppriseConfig().load({"url": url})


@pytest.mark.parametrize("url", ["nosuchscheme://a/b", "tgrams://a/b", "https://example.com"])
def test_a_scheme_that_apprise_does_not_know_is_refused(url):
    with pytest.raises(ValidationError, match="Apprise knows no service"):
        AppriseConfig().load({"url": url})


def test_the_schemes_are_those_of_the_release_that_is_installed():
    asked = (
        "from apprise.manager_plugins import NotificationManager as Manager;"
        "print(*Manager().schemas())"
    )
    known = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, check=True, text=True
    ).stdout.split()
    assert set(known) == SCHEMES


@pytest.mark.parametrize("url", ["tgram://no-token", "slack://a"])
def test_what_apprise_does_not_understand_is_permanent(url):
    error = refusal(url)
    assert error.permanent
    assert "does not understand" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "json://127.0.0.1:{port}/",
        "json://localhost:{port}/",
        "xml://[::1]:{port}/",
        "rsyslog://127.0.0.1:{port}/",
        "json://0x7f000001:{port}/",
    ],
)
def test_a_forbidden_address_is_refused_where_it_is_dialled(url):
    with HttpReceiver() as receiver:
        error = refusal(url.format(port=receiver.port), policy=PUBLIC)
        assert receiver.requests == []
    assert error.permanent
    assert str(error).startswith("target not allowed: ")


@pytest.mark.parametrize("trusted", [True, False])
def test_an_authority_of_the_operator_is_trusted(trusted):
    with HttpReceiver(tls=tls_server()) as receiver:
        url = f"jsons://127.0.0.1:{receiver.port}/"
        if trusted:
            assert send("apprise", message(), {"url": url}, ca_file=ca_file()).ok
        else:
            assert not refusal(url).permanent
        assert len(receiver.requests) == trusted


def test_a_mail_of_apprise_trusts_it_too():
    with MailReceiver(ssl_context=tls_server()) as server:
        url = f"mailtos://127.0.0.1:{server.port}?mode=ssl&from=a@b.example&to=c@d.example"
        assert send("apprise", message(), {"url": url}, ca_file=ca_file()).ok
        assert len(server.mails) == 1


def test_a_redirect_into_the_house_is_refused():
    allowed = AddressPolicy(own=frozenset({("127.0.0.1", 5432)}))
    with HttpReceiver([Answer(302, headers={"Location": "http://127.0.0.1:5432/"})]) as receiver:
        error = refusal(f"json://127.0.0.1:{receiver.port}/", policy=allowed)
        assert len(receiver.requests) == 1
    assert "belongs to the monitoring platform itself" in str(error)


def test_no_file_is_read(tmp_path: Path):
    key = tmp_path / "key.json"
    key.write_text(json.dumps({"type": "service_account", "private_key": "TOP SECRET"}))
    error = refusal(f"fcm://project@key/DEVICE?mode=oauth2&keyfile={key}")
    assert "could not be loaded" in error.answer
    assert "TOP SECRET" not in error.answer


@pytest.mark.parametrize(
    ("answer", "permanent"), [(500, False), (403, True), (404, True), (429, False)]
)
def test_failures_are_told_apart(answer, permanent):
    with HttpReceiver([answer]) as receiver:
        error = refusal(f"json://127.0.0.1:{receiver.port}/")
    assert error.permanent is permanent
    assert error.status_code == answer
    assert f"error={answer}" in error.answer


def test_neither_proxy_nor_netrc_is_used(monkeypatch, tmp_path: Path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login eve password stolen")
    with HttpReceiver() as proxy, HttpReceiver() as receiver:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("HOME", str(tmp_path))
        send("apprise", message(), {"url": f"json://127.0.0.1:{receiver.port}/"})
        assert proxy.requests == []
        assert "authorization" not in receiver.requests[0].headers


def test_a_hanging_service_leaves_no_process_behind():
    with HttpReceiver([Answer(stall_seconds=20)]) as receiver:
        started = time.monotonic()
        refusal(f"json://127.0.0.1:{receiver.port}/", timeout_seconds=1.5)
        assert time.monotonic() - started < stretched(5)
    assert children() == []


def test_many_at_once_wait_their_turn():
    with HttpReceiver() as receiver:
        url = {"url": f"json://127.0.0.1:{receiver.port}/"}
        threads = [
            threading.Thread(target=send, args=("apprise", message(), url)) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(receiver.requests) == 6


def children() -> list[str]:
    me = str(os.getpid())
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
            line = (folder / "cmdline").read_text()
        except OSError:
            continue
        if stat.rpartition(")")[2].split()[1] == me and "_apprise_child" in line:
            found.append(line)
    return found
