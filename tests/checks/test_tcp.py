"""TCP checks against real listeners."""

import pytest

from app.domain.types import Status
from tests import certificates, loopback
from tests.loopback import go, probe


async def echo(reader, writer):
    while data := await reader.read(4096):
        writer.write(b"you said " + data)
        await writer.drain()


def ask(handler, config=None, tls=None, host="127.0.0.1", **options):
    async def story():
        async with loopback.tcp(handler, tls) as peer:
            return await probe("TCP", f"{host}:{peer.port}", config, **options)

    return go(story())


def test_an_open_port_is_green():
    observation = ask(loopback.silent)
    assert observation.status is Status.GREEN
    assert observation.phases.connect_ms > 0


@pytest.mark.parametrize("expect", ["said PING", r"PING\r\n", r"/said [A-Z]{4}\s/", r"\x79ou"])
def test_an_expected_reply_is_green(expect):
    assert ask(echo, {"send": r"PING\r\n", "expect": expect}).status is Status.GREEN


def test_another_reply_is_red_and_kept():
    async def handler(reader, writer):
        writer.write(b"ERROR \x1b[0m\n")

    observation = ask(handler, {"expect": "OK"})
    assert observation.status is Status.RED
    assert observation.error == 'expected "OK", got "ERROR \\u001b[0m\\n"'
    assert observation.evidence["body"] == "ERROR \\x1b[0m\n"
    assert observation.evidence["address"] == "127.0.0.1"


def test_tls_with_a_good_and_a_bad_certificate():
    good = ask(echo, {"tls": True, "send": "x", "expect": "x"}, certificates.tls_server())
    assert good.status is Status.GREEN
    assert good.certificate.chain_valid
    assert good.phases.tls_ms > 0
    bad = ask(echo, {"tls": True}, certificates.tls_server("b.example"), host="localhost")
    assert bad.error == "certificate is for b.example, not localhost"
    assert bad.certificate.sans == ("b.example",)


def test_a_second_address_is_tried_when_the_first_refuses():
    # localhost is ::1 first, where nobody listens
    assert ask(loopback.silent, host="localhost").status is Status.GREEN


def test_closed_port_unknown_host_and_silence():
    async def story():
        return (
            await probe("TCP", "127.0.0.1:1"),
            await probe("TCP", "nothing.invalid:1"),
        )

    closed, unknown = go(story())
    assert closed.error == "connection refused"
    assert unknown.error == "no such host: nothing.invalid"
    assert ask(loopback.silent, {"expect": "x"}, timeout_seconds=0.3).error == (
        'timed out after 0.3 s while waiting for "x"'
    )


def test_a_flood_without_the_expected_text_ends_at_64_kib():
    assert ask(loopback.flood, {"expect": "x"}).error == ('no "x" in the first 64 KiB of the reply')
