"""Look-alikes of providers: each refuses what the real one is documented to refuse.

`reading` gives back what a person would see, with the provider's escapes taken out.
"""

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any

from tests.receivers import Answer, HttpReceiver, Received, Scripted


def utf16(text: str) -> int:
    """Return a length as browsers and Telegram count it."""
    return len(text.encode("utf-16-le")) // 2


def within(**limits: tuple[object, int]) -> str | None:
    """Return which text is missing or longer than its limit."""
    for name, (text, limit) in limits.items():
        if not isinstance(text, str) or not 0 < utf16(text) <= limit:
            return f"{name} has not 1 to {limit} characters"
    return None


class Provider(HttpReceiver):
    """Answers 400 with a complaint, else from the script."""

    accepted: Answer = Answer(200, "ok")

    def complaint(self, request: Received) -> str | None:
        """Return why the provider refuses a request, or None."""
        return None

    def reading(self, request: Received) -> str:
        """Return the text a person sees."""
        return request.body.decode()

    def answer_to(self, request: Received) -> Scripted | None:
        """Refuse what is wrong; what is right is up to the script."""
        self.usual = self.accepted
        complaint = self.complaint(request)
        return Answer(400, complaint) if complaint else None


class AppriseLike(Provider):
    """A receiver of Apprise's `json://` notifications."""

    def reading(self, request: Received) -> str:
        """Return title and message."""
        return f"{request.json['title']}\n{request.json['message']}"


class SlackLike(Provider):
    """An incoming webhook of Slack."""

    def complaint(self, request: Received) -> str | None:
        """Check lengths and that no sign is left unescaped."""
        body = request.json
        blocks = body.get("blocks", []) + [
            block for one in body.get("attachments", []) for block in one.get("blocks", [])
        ]
        if re.search(r"<|>|&(?!(?:amp|lt|gt);)", " ".join(self._texts(body))):
            return "invalid_blocks: unescaped"
        for block in blocks:
            sizes = {"header": (150, 0), "section": (3000, 2000), "context": (2000, 0)}
            longest, field = sizes.get(block["type"], (75, 75))
            if "text" in block and (wrong := within(text=(block["text"]["text"], longest))):
                return f"invalid_blocks: {wrong}"
            if len(block.get("fields", [])) > 10:
                return "invalid_blocks: more than 10 fields"
            for one in block.get("fields", []):
                if wrong := within(field=(one["text"], field)):
                    return f"invalid_blocks: {wrong}"
        return within(text=(body.get("text"), 40_000)) or (
            "invalid_blocks" if len(blocks) > 50 else None
        )

    def reading(self, request: Received) -> str:
        """Return every text, unescaped."""
        return unescape("\n".join(self._texts(request.json)))

    def _texts(self, value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for name, item in value.items():
                if name == "text" and isinstance(item, str):
                    yield item
                else:
                    yield from self._texts(item)
        elif isinstance(value, list):
            for item in value:
                yield from self._texts(item)


class DiscordLike(Provider):
    """A channel webhook of Discord."""

    accepted = Answer(204, "")

    def complaint(self, request: Received) -> str | None:
        """Check the limits of content and embeds, and that nobody is mentioned."""
        body = request.json
        if body["allowed_mentions"] != {"parse": []}:
            return "everybody was called"
        if "content" in body:
            return within(content=(body["content"], 2000))
        (embed,) = body["embeds"]
        total = embed["title"] + embed["description"] + embed["footer"]["text"]
        for one in embed["fields"]:
            total += one["name"] + one["value"]
            if wrong := within(name=(one["name"], 256), value=(one["value"], 1024)):
                return wrong
        if len(embed["fields"]) > 25 or utf16(total) > 6000:
            return "too large"
        return within(title=(embed["title"], 256), description=(embed["description"], 4096))

    def reading(self, request: Received) -> str:
        """Return title, description and fields without backslashes."""
        body = request.json
        texts = [body.get("content", "")]
        for embed in body.get("embeds", []):
            texts += [embed["title"], embed["description"], embed["footer"]["text"]]
            texts += [f"{one['name']}: {one['value']}" for one in embed["fields"]]
        return re.sub(r"\\(.)", r"\1", "\n".join(texts))


class MattermostLike(Provider):
    """An incoming webhook of Mattermost."""

    def complaint(self, request: Received) -> str | None:
        """Check the length of a post, and that no mention is left."""
        body = request.json
        fields = [field for one in body.get("attachments", []) for field in one["fields"]]
        texts = [body.get("text", ""), *(one["text"] for one in body.get("attachments", []))]
        # The database holds the text of a post in 16,383 signs, its attachments in 800,000.
        if (
            max(map(len, texts)) > 16_383
            or len(json.dumps(fields)) > 800_000
            or re.search(r"@\w", self._all(request))
        ):
            return "too long, or calls somebody"
        return None

    def reading(self, request: Received) -> str:
        """Return every text without backslashes and invisible spaces."""
        return re.sub(r"\\(.)", r"\1", self._all(request)).replace("\u200b", "")

    def _all(self, request: Received) -> str:
        body = request.json
        texts = [body.get("text", "")]
        for one in body.get("attachments", []):
            texts += [one["fallback"], one["title"], one["text"], one["footer"]]
            texts += [f"{field['title']}: {field['value']}" for field in one["fields"]]
        return "\n".join(texts)


class TeamsLike(Provider):
    """A workflow that posts Adaptive Cards to Teams."""

    accepted = Answer(202, "")

    def complaint(self, request: Received) -> str | None:
        """Check shape and size of the card."""
        (attachment,) = request.json["attachments"]
        card = attachment["content"]
        if attachment["contentType"] != "application/vnd.microsoft.card.adaptive":
            return "not an Adaptive Card"
        if card["type"] != "AdaptiveCard" or len(request.body) > 20_000:
            return "MessageSizeExceeded"
        return None

    def reading(self, request: Received) -> str:
        """Return every text run."""
        card = request.json["attachments"][0]["content"]
        return "\n".join("".join(run["text"] for run in one["inlines"]) for one in card["body"])


class TelegramLike(Provider):
    """The Bot API of Telegram."""

    accepted = Answer(200, {"ok": True, "result": {"message_id": 1}})

    def complaint(self, request: Received) -> str | None:
        """Check length, markup and the hosts of buttons, as the Bot API does."""
        body = request.json
        if body.get("parse_mode") == "HTML" and not _TelegramHtml.is_balanced(body["text"]):
            return '{"ok":false,"description":"Bad Request: can\'t parse entities"}'
        for row in body.get("reply_markup", {}).get("inline_keyboard", []):
            for button in row:
                if re.match(r"https?://(localhost|[^./]+)[:/]", button["url"]):
                    return '{"ok":false,"description":"Bad Request: BUTTON_URL_INVALID"}'
        return within(text=(self.reading(request), 4096))

    def reading(self, request: Received) -> str:
        """Return the text without its tags."""
        body = request.json
        if body.get("parse_mode") != "HTML":
            return str(body["text"])
        return unescape(re.sub(r"</?[bi]>", "", body["text"]))


class _TelegramHtml(HTMLParser):
    """Knows the two tags in use; anything else in angle brackets is an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []
        self.wrong = False

    @classmethod
    def is_balanced(cls, text: str) -> bool:
        """Say whether every tag is known and closed, and every ampersand escaped."""
        parser = cls()
        parser.feed(text)
        parser.close()
        bare = re.search(r"&(?!(?:amp|lt|gt|quot|#x?[0-9a-f]+);)", text)
        return not (parser.wrong or parser.open or bare)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Note an opened tag."""
        self.wrong |= tag not in ("b", "i")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the last tag."""
        self.wrong |= not self.open or self.open.pop() != tag
