"""Look-alikes of providers that page people: they keep incidents, or send to telephones."""

from base64 import b64decode
from typing import Any

from tests.providers import Provider, utf16, within
from tests.receivers import Answer, Received


class PagerDutyLike(Provider):
    """The Events API v2; `incidents` maps dedup keys to triggered, acknowledged or resolved."""

    accepted = Answer(202, {"status": "success", "message": "Event processed"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.incidents: dict[str, str] = {}
        self.changes: list[dict[str, Any]] = []

    def complaint(self, request: Received) -> str | None:
        """Check what the API requires, then do as it does."""
        body = request.json
        if len(request.body) > 512 * 1024 or "routing_key" not in body:
            return "invalid event"
        if request.path == "/v2/change/enqueue":
            self.changes.append(body)
            return within(summary=(body["payload"]["summary"], 1024))
        action, key = body["event_action"], body["dedup_key"]
        if wrong := within(dedup_key=(key, 255)):
            return wrong
        if action == "trigger":
            payload = body["payload"]
            if payload["severity"] not in ("critical", "error", "warning", "info"):
                return "invalid severity"
            self.incidents[key] = "triggered"
            return within(summary=(payload["summary"], 1024), source=(payload["source"], 1024))
        if key in self.incidents:  # else the event is dropped, and the answer is 202 all the same
            self.incidents[key] = f"{action}d"
        return None

    def reading(self, request: Received) -> str:
        """Return summary and details."""
        payload = request.json.get("payload", {})
        details = payload.get("custom_details", {})
        lines = [f"{name}: {value}" for name, value in details.items()]
        return "\n".join([payload.get("summary", ""), *lines])


class OpsgenieLike(Provider):
    """The Alert API; `alerts` maps aliases to open, acknowledged or closed."""

    accepted = Answer(202, {"result": "Request will be processed"})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alerts: dict[str, str] = {}

    def complaint(self, request: Received) -> str | None:
        """Check limits and the key, then do as the API does."""
        if not request.headers.get("authorization", "").startswith("GenieKey "):
            return "no key"
        body = request.json
        if request.path == "/v2/alerts":
            self.alerts[body["alias"]] = "open"
            if sum(utf16(name + value) for name, value in body["details"].items()) > 8000:
                return "details too long"
            return within(
                message=(body["message"], 130),
                alias=(body["alias"], 512),
                description=(body["description"], 15_000),
                entity=(body["entity"], 512),
            )
        path, _, query = request.path.partition("?")
        alias, verb = path.removeprefix("/v2/alerts/").split("/")
        if alias in self.alerts:
            self.alerts[alias] = {"acknowledge": "acknowledged", "close": "closed"}[verb]
        return None if query == "identifierType=alias" else "no such alert"

    def reading(self, request: Received) -> str:
        """Return message and description, or the note."""
        body = request.json
        return f"{body.get('message')}\n{body.get('description')}\n{body.get('note')}"


class TwilioLike(Provider):
    """Twilio's Messages resource."""

    accepted = Answer(201, {"sid": "SM1", "status": "queued"})

    def complaint(self, request: Received) -> str | None:
        """Check login, numbers and length."""
        login = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        account = request.path.split("/")[3]
        form = request.form
        if login.split(":")[0] != account or not form["To"].startswith("+"):
            return '{"code":21211,"message":"Invalid To"}'
        return within(Body=(form["Body"], 1600))

    def reading(self, request: Received) -> str:
        """Return the text of the message."""
        return request.form["Body"]


class NtfyLike(Provider):
    """ntfy's JSON publishing."""

    def complaint(self, request: Received) -> str | None:
        """Check the limits beyond which a message becomes a file or is refused."""
        body = request.json
        if len(body["message"].encode()) > 4096 or not 1 <= body["priority"] <= 5:
            return '{"code":40024}'
        if len(body.get("actions", [])) > 3:
            return '{"code":40018}'
        return within(topic=(body["topic"], 64), message=(body["message"], 4096))

    def reading(self, request: Received) -> str:
        """Return title and message."""
        return f"{request.json['title']}\n{request.json['message']}"


class PushoverLike(Provider):
    """Pushover's message API."""

    accepted = Answer(200, {"status": 1, "request": "647d2300"})

    def complaint(self, request: Received) -> str | None:
        """Check the documented limits."""
        form = request.form
        if (
            len(form.get("url", "")) > 512
            or len(form.get("url_title", "")) > 100
            or form["priority"] not in ("-2", "-1", "0", "1")
        ):
            return '{"status":0}'
        if not 0 < len(form["message"]) <= 1024 or len(form["title"]) > 250:
            return '{"message":"cannot be blank","status":0}'
        return None

    def reading(self, request: Received) -> str:
        """Return title and message."""
        return f"{request.form['title']}\n{request.form['message']}"


class GotifyLike(Provider):
    """Gotify's message API."""

    accepted = Answer(200, {"id": 1})

    def complaint(self, request: Received) -> str | None:
        """Check path and key."""
        ok = request.path == "/message" and request.headers.get("x-gotify-key")
        return None if ok else "you need to provide a valid access token"

    def reading(self, request: Received) -> str:
        """Return title and message."""
        return f"{request.json['title']}\n{request.json['message']}"
