"""Steps of a flow: variables, extraction, assertions."""

import json
import re
from collections.abc import Mapping
from typing import Any

from app.checks.base import CheckFailed
from app.domain.checks import json_path
from app.domain.checks.assertions import json_failure, status_failure, text_failure
from app.domain.checks.patterns import Patience, PatternTooSlow
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

    def take(self, found: Mapping[str, str | None]) -> str | None:
        """Keep extracted values; return the sentence for one that was not found."""
        for name, value in found.items():
            if value is None:
                return f"nothing to extract for {name}"
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
        """Return text with every {{name}} replaced. Raises CheckFailed for an unknown name."""
        return _PLACEHOLDER.sub(self._value, text)

    def fill_body(self, body: Any) -> bytes:
        """Return a body as bytes: text as it is, anything else as JSON, with values filled in."""
        if body is None:
            return b""
        if isinstance(body, str):
            return self.fill(body).encode()
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


def extracted(
    sources: Mapping[str, Mapping[str, str]], response: HttpResponse
) -> dict[str, str | None]:
    """Return the values that an answer holds, None for each that it lacks. Raises CheckFailed."""
    patience = Patience(thread_seconds)
    return {
        name: _extract(kind, what, response, patience)
        for name, source in sources.items()
        for kind, what in source.items()
    }


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
    patience = Patience(thread_seconds)
    if contains or regex:
        failure = text_failure(response.text(), patience, contains, None, regex)
        if failure:
            return failure
    json_rules = assertions.get("json_path")
    return json_failure(response.json_text(), json_rules, patience) if json_rules else None


def _extract(kind: str, what: str, response: HttpResponse, patience: Patience) -> str | None:
    if kind == "header":
        return response.headers.get(what.lower())
    if kind == "cookie":
        return _cookie(what, response)
    if kind == "regex":
        try:
            match = patience.search(what, response.text())
        except PatternTooSlow as error:
            raise CheckFailed(f"nothing can be extracted: {error}") from None
        if match is None:
            return None
        return str(match.group(1 if match.groups() else 0))
    try:
        found = json_path.find(json.loads(response.json_text()), what)
    except (ValueError, RecursionError):
        return None
    if not found:
        return None
    return found[0] if isinstance(found[0], str) else json.dumps(found[0])


def _cookie(name: str, response: HttpResponse) -> str | None:
    for header, value in response.header_list:
        if header == "set-cookie":
            key, _, content = value.partition(";")[0].partition("=")
            if key.strip() == name:
                return content.strip()
    return None
