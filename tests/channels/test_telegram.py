"""Telegram: HTML that always parses, buttons it accepts, plain text when it does not."""

import pytest
from marshmallow import ValidationError

from app.channels.telegram import TelegramConfig
from app.domain.messages.messages import Links
from tests.channels.sending import ALERT, message
from tests.channels.stations import KEY, station
from tests.receivers import Answer


def test_a_message_with_buttons():
    with station("telegram") as here:
        here.send(message())
        (request,) = here.provider.requests
    assert request.path == f"/bot123:{KEY}/sendMessage"
    body = request.json
    assert body["chat_id"] == "-100123"
    assert body["parse_mode"] == "HTML"
    assert body["link_preview_options"] == {"is_disabled": True}
    assert body["text"].startswith(
        "<b>🔴 [CRITICAL] Checkout: Service down Triggered by Check</b>\n\n"
        "Check failed with status RED: connection refused\n\n<b>Service</b>: Checkout\n"
    )
    rows = body["reply_markup"]["inline_keyboard"]
    labels = [[button["text"] for button in row] for row in rows]
    assert labels == [["View alert", "Acknowledge", "Snooze"], ["Runbook"]]


def test_markup_is_escaped():
    with station("telegram") as here:
        here.send(message(alert={**ALERT, "service_name": "<b>&amp;", "message": "</b><a href=x>"}))
        text = here.provider.requests[0].json["text"]
    assert "&lt;b&gt;&amp;amp;" in text
    assert "&lt;/b&gt;&lt;a href=x&gt;" in text


def test_links_to_localhost_are_written_out():
    """Such a button makes Telegram refuse the whole message."""
    links = Links(view="http://localhost:3001/alerts/1", acknowledge="http://localhost:3001/a")
    with station("telegram") as here:
        here.send(message(links=links, runbook_url=None))
        (request,) = here.provider.requests
    assert "reply_markup" not in request.json
    assert "<b>View alert</b>: http://localhost:3001/alerts/1" in request.json["text"]


def test_what_cannot_be_parsed_goes_out_as_plain_text():
    refusal = Answer(400, {"ok": False, "description": "Bad Request: can't parse entities"})
    with station("telegram", [refusal, 200]) as here:
        assert here.send(message()).ok
        plain = here.provider.requests[1].json
    assert "parse_mode" not in plain
    assert "reply_markup" not in plain
    assert "Acknowledge: https://status.example.com/alerts/act/signed-ack" in plain["text"]


def test_flood_control_is_obeyed():
    busy = Answer(429, {"ok": False, "error_code": 429, "parameters": {"retry_after": 35}})
    with station("telegram", [busy]) as here:
        with pytest.raises(Exception, match="429") as caught:
            here.send(message())
        assert caught.value.retry_after_seconds == 35
        assert here.count == 1


@pytest.mark.parametrize("token", ["1:a/../../x", "1:a?b#c", "1:ä b"])
def test_a_token_cannot_leave_its_place_in_the_path(token):
    with station("telegram") as here:
        here.config["bot_token"] = token
        here.send(message())
        path = here.provider.requests[0].path
    assert path.startswith("/bot1:")
    assert path.count("/") == 2
    assert "?" not in path


@pytest.mark.parametrize(("given", "kept"), [(-100123, "-100123"), ("@ops", "@ops")])
def test_a_chat_is_a_number_or_a_name(given, kept):
    assert TelegramConfig().load({"bot_token": "1:a", "chat_id": given})["chat_id"] == kept


@pytest.mark.parametrize("given", [True, None, "", 1.5, ["1"], "a\nb"])
def test_anything_else_is_no_chat(given):
    with pytest.raises(ValidationError):
        TelegramConfig().load({"bot_token": "1:a", "chat_id": given})


MOVED = {
    "ok": False,
    "error_code": 400,
    "description": "Bad Request: group chat was upgraded to a supergroup chat",
    "parameters": {"migrate_to_chat_id": -100999},
}


def test_a_group_that_became_a_supergroup_is_followed():
    with station("telegram", [Answer(400, MOVED), Answer(400, MOVED), 200]) as here:
        assert here.send(message()).ok
        assert here.provider.requests[-1].json["chat_id"] == -100999


def test_the_providers_own_words_are_told():
    refusal = Answer(403, {"ok": False, "description": "Forbidden: bot was kicked"})
    with (
        station("telegram", [refusal]) as here,
        pytest.raises(Exception, match="answered 403: Forbidden: bot was kicked"),
    ):
        here.send(message())
