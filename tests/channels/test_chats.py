"""Slack, Discord, Teams and Mattermost: what each shows, and what it must not do."""

import pytest

from tests.channels.sending import ALERT, message
from tests.channels.stations import station
from tests.receivers import Answer


def posted(kind, what, **config):
    with station(kind) as here:
        here.config.update(config)
        here.send(what)
        return here.provider.requests[0].json


def test_slack_has_a_headline_a_coloured_bar_and_buttons():
    body = posted("slack", message(), channel="#alerts")
    assert body["channel"] == "#alerts"
    assert body["text"].startswith("🔴 [CRITICAL] Checkout: Service down Triggered by Check")
    assert body["blocks"][0]["type"] == "header"
    (attachment,) = body["attachments"]
    assert attachment["color"] == "#D92D20"
    kinds = [block["type"] for block in attachment["blocks"]]
    assert kinds == ["section", "section", "actions", "context"]
    buttons = attachment["blocks"][2]["elements"]
    assert [button["text"]["text"] for button in buttons] == [
        "View alert",
        "Acknowledge",
        "Snooze",
        "Runbook",
    ]
    assert buttons[1]["url"] == "https://status.example.com/alerts/act/signed-ack"


def test_slack_calls_nobody():
    body = posted("slack", message(alert={**ALERT, "message": "<!channel> <@U1> & co"}))
    section = body["attachments"][0]["blocks"][0]["text"]
    assert section["type"] == "plain_text"
    assert section["text"] == "&lt;!channel&gt; &lt;@U1&gt; &amp; co"


def test_slack_cuts_between_escapes():
    body = posted("slack", message(alert={**ALERT, "message": "&" * 5000}))
    text = body["attachments"][0]["blocks"][0]["text"]["text"]
    assert len(text) <= 3000
    assert text.replace("&amp;", "") == "…"


@pytest.mark.parametrize(
    ("event", "colour"),
    [
        ("alert.fired", 0xD92D20),
        ("alert.acknowledged", 0x667085),
        ("alert.resolved", 0x12B76A),
        ("maintenance.started", 0x2E90FA),
    ],
)
def test_discord_shows_the_state_by_its_colour(event, colour):
    body = posted("discord", message(event=event))
    assert body["embeds"][0]["color"] == colour
    assert body["allowed_mentions"] == {"parse": []}


def test_discord_shows_facts_and_links():
    (embed,) = posted("discord", message())["embeds"]
    assert embed["url"] == "https://status.example.com/alerts/1"
    assert embed["timestamp"] == "2026-03-02T14:27:00Z"
    fields = {field["name"]: field["value"] for field in embed["fields"]}
    assert fields["Endpoint"] == "https://shop.example.com/health"
    assert "[Acknowledge](https://status.example.com/alerts/act/signed-ack)" in fields["Links"]


def test_discord_shows_markup_as_text():
    text = "**no** ~~no~~ `no` ||no|| [no](http://e.vil/_x_) https://ok.example/a_b_c"
    (embed,) = posted("discord", message(alert={**ALERT, "message": text}))["embeds"]
    assert embed["description"] == (
        "\\*\\*no\\*\\* \\~\\~no\\~\\~ \\`no\\` \\|\\|no\\|\\| "
        "\\[no\\]\\(http://e.vil/_x_) https://ok.example/a_b_c"
    )


def test_teams_gets_an_adaptive_card():
    body = posted("teams", message())
    assert body["type"] == "message"
    (attachment,) = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    title = card["body"][0]["inlines"][0]
    assert title["text"].endswith("[CRITICAL] Checkout: Service down Triggered by Check")
    assert title["color"] == "Attention"
    assert [action["type"] for action in card["actions"]] == ["Action.OpenUrl"] * 4
    assert all(block["type"] == "RichTextBlock" for block in card["body"])


def test_teams_hides_failures_behind_200_and_they_are_found():
    sentence = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP"
    for code, permanent in ((429, False), (400, True), (503, False)):
        with station("teams", [Answer(200, f"{sentence} error {code} with ContextId 1")]) as here:
            with pytest.raises(Exception, match=f"Teams answered {code}") as caught:
                here.send(message())
            assert caught.value.permanent is permanent


def test_mattermost_gets_an_attachment():
    body = posted("mattermost", message(), channel="ops")
    assert body["channel"] == "ops"
    (attachment,) = body["attachments"]
    assert attachment["color"] == "#D92D20"
    assert attachment["title_link"] == "https://status.example.com/alerts/1"
    assert {"title": "Service", "value": "Checkout", "short": True} in attachment["fields"]


def test_a_title_with_a_link_is_plain_text_in_mattermost():
    title = "Shop <b> @all"
    (attachment,) = posted("mattermost", message(alert={**ALERT, "title": title}))["attachments"]
    assert "\\" not in attachment["title"]
    assert "Shop <b> @\u200ball" in attachment["title"]


def test_mattermost_calls_nobody():
    text = "@channel @all https://x.example/@here a@b.example"
    (attachment,) = posted("mattermost", message(alert={**ALERT, "message": text}))["attachments"]
    first = attachment["text"].split("\n")[0]
    expected = "@\u200bchannel @\u200ball https://x.example/@\u200bhere a@\u200bb.example"
    assert first == expected
