"""Steps of a flow: variables, extraction, assertions."""

import json
import re
from collections.abc import Mapping
from typing import Any

from app.checks.base import CheckFailed
from app.checks.http import unread
from app.domain.checks import json_path, placeholders
from app.domain.checks.assertions import json_failure, shown, status_failure, text_failure
from app.domain.checks.endpoints import percent_encoded
from app.domain.checks.patterns import PatternTooSlow, TimeBudget
from app.domain.masking import SENSITIVE_NAME
from app.domain.types import FailureKind
from app.network.http import HttpResponse
from app.network.trace import trace
from app.platform.clock import thread_seconds

MAX_VALUE = 8_192
_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\}\}")


class Variables:
    """Variables that the steps so far have extracted."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def take(self, sources: Mapping[str, Mapping[str, str]], response: HttpResponse) -> str | None:
        """Keep the values that an answer holds; return the sentence for one that cannot be kept."""
        budget, document = TimeBudget(thread_seconds), _Document(response)
        for name, source in sources.items():
            ((kind, what),) = source.items()
            try:
                value = _extract(kind, what, response, budget, document)
            except _Lacking as error:
                return f"nothing to extract for {name}: {error}"
            if len(value) > MAX_VALUE:
                return f"the value of {name} is longer than {MAX_VALUE} characters"
            self._values[name] = value
            if SENSITIVE_NAME.search(name):
                trace().secrets.add(value)
        return None

    def secrets_in(self, headers: Mapping[str, str]) -> set[str]:
        """Return the values that headers carry which are secret by their name."""
        return {
            self._values[name]
            for header, text in headers.items()
            if SENSITIVE_NAME.search(header)
            for name in _PLACEHOLDER.findall(text)
            if name in self._values
        }

    def fill(self, text: str) -> str:
        """Return text with every {{name}} replaced, within strings of JSON by the value as JSON has
        it. Raises CheckFailed for an unknown name."""
        return placeholders.fill(text, _PLACEHOLDER, self._value)

    def fill_url(self, text: str) -> str:
        """Return a URL with values filled in; what no URL may hold is percent-encoded in them, as
        browsers do, and the rest stays: a value may be a path, a query, or a whole address."""
        return _PLACEHOLDER.sub(lambda match: percent_encoded(self._value(match)), text)

    def fill_body(self, body: Any, content_type: str | None) -> bytes:
        """Return a body as bytes: text as it is, anything else as JSON, with values filled in as a
        body of this media type (None: not said) wants them."""
        if body is None:
            return b""
        if isinstance(body, str):
            filled = placeholders.fill_body(body, _PLACEHOLDER, self._value, content_type)
            return filled.encode("utf-8", "replace")  # JSON may hold half a character
        return json.dumps(self._filled(body)).encode()

    def _filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, list):
            return [self._filled(item) for item in value]
        if isinstance(value, dict):
            return {self.fill(name): self._filled(item) for name, item in value.items()}
        return value

    def _value(self, match: re.Match[str]) -> str:
        name = match[1]
        if name not in self._values:
            what = "secret" if name.startswith("secrets.") else "variable"
            sentence = f"there is no {what} named {name.removeprefix('secrets.')}"
            raise CheckFailed(sentence, kind=FailureKind.CONFIGURATION)
        return self._values[name]


class _Lacking(Exception):
    """Raised for a value that an answer does not hold; says why."""


def step_failure(assertions: Mapping[str, Any], response: HttpResponse) -> str | None:
    """Say what does not hold for a step's answer; without a status rule 2xx is expected."""
    rules = [assertions[key] for key in ("status", "status_range") if key in assertions]
    for rule in rules or ["2xx"]:
        failure = status_failure(rule, response.status_code)
        if failure:
            return failure
    limit = assertions.get("response_time_ms")
    limit = limit["lt"] if isinstance(limit, Mapping) else limit
    if limit is not None and response.total_ms >= limit:
        return f"answered after {response.total_ms:.0f} ms, expected less than {limit:g} ms"
    contains, regex = assertions.get("body_contains"), assertions.get("body_matches")
    budget = TimeBudget(thread_seconds)
    failure = None
    if contains or regex:
        failure = text_failure(response.text(), budget, contains, None, regex)
    json_rules = assertions.get("json_path")
    if not failure and json_rules:
        failure = json_failure(response.json_text(), json_rules, budget)
    return f"{failure}{unread(response)}" if failure else None


class _Document:
    """JSON of an answer, read once for all that is taken from it."""

    def __init__(self, response: HttpResponse) -> None:
        self._response = response
        self._found: list[Any] | None = None  # none of an answer that is no JSON

    def find(self, path: str) -> list[Any]:
        """Return what a path selects, nothing of an answer that is no JSON."""
        if self._found is None:
            try:
                self._found = [json.loads(self._response.json_text())]
            except (ValueError, RecursionError):
                self._found = []
        try:
            return [value for one in self._found for value in json_path.find(one, path)]
        except ValueError:  # no path
            return []


def _extract(
    kind: str, what: str, response: HttpResponse, budget: TimeBudget, document: _Document
) -> str:
    if kind == "header":
        if what.lower() not in response.headers:
            raise _Lacking(f"the header {what} is missing")
        return response.headers[what.lower()]
    if kind == "cookie":
        return _cookie(what, response)
    if kind == "regex":
        try:
            match = budget.search(what, response.text())
        except PatternTooSlow as error:
            raise _Lacking(str(error)) from None
        if match is None or match.group(group := 1 if match.groups() else 0) is None:
            raise _Lacking(f"the body does not match the pattern {shown(what)}{unread(response)}")
        return str(match.group(group))
    found = document.find(what)
    if not found:
        rules = [{"path": what, "operator": "exists"}]
        failure = json_failure(response.json_text(), rules, budget)
        raise _Lacking(f"{failure}{unread(response)}")
    return found[0] if isinstance(found[0], str) else json.dumps(found[0])


def _cookie(name: str, response: HttpResponse) -> str:
    """Return the value that a cookie was given last, by the answer or a redirect to it."""
    for value in reversed(response.set_cookies):
        key, _, content = value.partition(";")[0].partition("=")
        if key.strip() == name:
            return content.strip()
    raise _Lacking(f"no cookie {name} is set")
