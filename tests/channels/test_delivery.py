"""The fence around every channel, and the settings of the mail server."""

import asyncio
import logging
from dataclasses import replace
from urllib.parse import quote

import pytest

from app.channels import CHANNEL_TYPES, Context, DeliveryError, deliver, parse_smtp_url
from app.channels.base import ChannelConfig, ChannelType, Delivery
from app.domain.checks.addresses import AddressPolicy
from app.domain.masking import MASK
from app.network.network import Network
from app.platform import logs
from tests.channels.sending import message, send
from tests.receivers import HttpReceiver


@pytest.fixture
def broken(monkeypatch):
    """A channel type with a fault in its code."""

    async def send_nothing(message, config, context) -> Delivery:
        raise KeyError("a fault of ours")

    plugin = ChannelType("broken", ChannelConfig, send_nothing, "Fails.")
    monkeypatch.setitem(CHANNEL_TYPES._plugins, "broken", plugin)
    monkeypatch.setitem(CHANNEL_TYPES._canonical, "broken", "broken")


def test_a_fault_of_ours_delays_one_message_and_is_logged(broken, caplog):
    with pytest.raises(DeliveryError, match="the channel itself failed: KeyError") as caught:
        send("broken", message(), {})
    assert not caught.value.permanent
    assert "broken channel failed by itself" in caplog.text


def test_the_log_of_a_fault_shows_no_secret(monkeypatch, capsys):
    """The trace ends with what the exception says: here the address with its token."""

    async def send_nothing(message, config, context) -> Delivery:
        raise KeyError(f"{config['webhook_url']} abcdef1234567890 {quote('hunter2/two', safe='')}")

    plugin = replace(CHANNEL_TYPES["slack"], send=send_nothing)
    monkeypatch.setitem(CHANNEL_TYPES._plugins, "slack", plugin)
    handlers, level = logging.root.handlers[:], logging.root.level
    logs.configure(log_format="json", level="info")
    try:
        with pytest.raises(DeliveryError):
            send(
                "slack",
                message(),
                {"webhook_url": "https://hooks.slack.com/services/T0/B0/abcdef1234567890"},
                secrets=["hunter2/two"],
            )
    finally:
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
    written = capsys.readouterr().err
    assert "slack channel failed by itself" in written
    assert "Traceback" in written
    assert MASK in written
    assert "abcdef1234567890" not in written
    assert "hunter2" not in written


def test_a_broken_template_loses_no_page():
    with HttpReceiver() as receiver:
        config = {"webhook_url": receiver.url}
        send("slack", message(), config, template={"subject": "x", "body": "{% for %}"})
        text = receiver.requests[0].body.decode()
    assert "connection refused" in text
    assert "template failed, so this is the usual text: line 1: Expected an expression" in text


def test_cancelling_is_passed_on():
    async def go(url: str) -> None:
        policy = AddressPolicy()
        network = Network(policy)
        try:
            task = asyncio.create_task(
                deliver("webhook", message(), {"url": url}, Context(network, policy))
            )
            await asyncio.sleep(0)
            task.cancel()
            await task
        finally:
            network.close()

    with HttpReceiver() as receiver, pytest.raises(asyncio.CancelledError):
        asyncio.run(go(receiver.url))


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://mail.example.com", "mail.example.com", 25, "offered"),
        ("smtp://mail.example.com:2525", "mail.example.com", 2525, "offered"),
        ("smtp://u:p@mail.example.com", "mail.example.com", 587, "required"),
        ("smtp://u:p@localhost:1025", "localhost", 1025, "offered"),
        ("smtp://u:p@mail.example.com?starttls=off", "mail.example.com", 587, "off"),
        ("smtp://mail.example.com?starttls=required", "mail.example.com", 25, "required"),
        ("smtps://u:p@mail.example.com", "mail.example.com", 465, "implicit"),
        ("smtp://[::1]:25", "::1", 25, "offered"),
        ("smtp://Straße.example", "xn--strae-oqa.example", 25, "offered"),
        ("smtp://mail_relay:25", "mail_relay", 25, "offered"),
    ],
)
def test_how_the_mail_server_is_reached(url, host, port, tls):
    settings = parse_smtp_url(url)
    assert settings is not None
    assert (settings.host, settings.port, settings.tls) == (host, port, tls)
    assert settings.verify


def test_user_and_password_are_decoded():
    settings = parse_smtp_url("smtp://a%40b.example:p%3A%2F%25@mail.example.com?verify=off")
    assert settings is not None
    assert (settings.user, settings.password) == ("a@b.example", "p:/%")
    assert not settings.verify


def test_no_mail_server():
    assert parse_smtp_url("") is None


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.com",
        "http://mail.example.com",
        "smtp://",
        "smtp://host:port",
        "smtp://host?tls=1",
        "smtp://host?starttls=maybe",
        "smtp://u:secret@[bad",
    ],
)
def test_a_bad_setting_is_one_sentence_without_the_password(url):
    with pytest.raises(ValueError, match="SMTP_URL") as caught:
        parse_smtp_url(url)
    assert "secret" not in str(caught.value)
