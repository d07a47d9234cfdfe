"""Assertions on a response: status, text, patterns, JSON values and headers.

Every `…_failure` function returns the sentence that says what does not hold, or None. Patterns of
users run in linear time (RE2), so no pattern can hang a worker.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from app.domain.checks import json_path
from app.domain.checks.patterns import PatternTooSlow, TimeBudget, TooManyValues

OPERATORS = ("==", "!=", ">", ">=", "<", "<=", "contains", "startsWith", "matches", "exists")
MAX_DIGITS = 1_000
_SHOWN = 100
# As JSON, shells and bc write figures; Python's float() would take nan, inf and 1_000 as well.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(\.[0-9]*)?|(\.[0-9]+))([eE][+-]?[0-9]+)?", re.ASCII)
_STATUS_PART = re.compile(r"([1-5])xx|([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")

StatusRule = str | int | tuple[str | int, ...]


@lru_cache(maxsize=5_000)
def expected_codes(rule: StatusRule) -> frozenset[int]:
    """Return the codes that "2xx", 301, (200, 201) or "200-299,301" names. Raises ValueError."""
    parts: Iterable[str | int] = rule if isinstance(rule, tuple) else (rule,)
    texts = [piece.strip().lower() for part in parts for piece in str(part).split(",")]
    codes: set[int] = set()
    for text in texts:
        match = _STATUS_PART.fullmatch(text)
        if match is None:
            raise ValueError('write a status as 200, "2xx", "200-299,301" or a list of these')
        if match[1]:
            codes.update(range(int(match[1]) * 100, int(match[1]) * 100 + 100))
        else:
            codes.update(range(int(match[2]), int(match[3] or match[2]) + 1))
    if not codes:
        raise ValueError("a range of statuses goes from low to high")
    return frozenset(codes)


def status_rule(rule: Any) -> StatusRule:
    """Return a rule as it is written in JSON in the form that `expected_codes` takes."""
    return tuple(rule) if isinstance(rule, list) else rule


def status_failure(rule: Any, code: int) -> str | None:
    """Say what is wrong with a status code."""
    if code in expected_codes(status_rule(rule)):
        return None
    wanted = ", ".join(map(str, rule)) if isinstance(rule, list) else rule
    return f"expected status {wanted}, got {code}"


def text_failure(
    text: str,
    budget: TimeBudget,
    contains: str | None = None,
    not_contains: str | None = None,
    regex: str | None = None,
) -> str | None:
    """Say which of the wanted things a body lacks, or which unwanted one it holds."""
    what = "the body"
    if contains and contains not in text:
        return f"{what} does not contain {shown(contains)}"
    if not_contains and not_contains in text:
        return f"{what} contains {shown(not_contains)}"
    if regex:
        try:
            if budget.search(regex, text) is None:
                return f"{what} does not match the pattern {shown(regex)}"
        except PatternTooSlow as error:
            return f"nobody can tell whether {what} matches {shown(regex)}: {error}"
    return None


def header_failure(headers: Mapping[str, str], wanted: Mapping[str, str]) -> str | None:
    """Say which header is missing or lacks a text; names in `headers` are lower case."""
    for name, part in wanted.items():
        value = headers.get(name.lower())
        if value is None:
            return f"the header {name} is missing"
        if part.lower() not in value.lower():
            return f"the header {name} is {shown(value)} and does not contain {shown(part)}"
    return None


def json_failure(
    body: bytes | str, rules: Iterable[Mapping[str, Any]], budget: TimeBudget
) -> str | None:
    """Say which JSON rule ({path, operator, value}) a body does not satisfy."""
    try:
        document = json.loads(body, parse_constant=_not_a_number, parse_int=_integer)
    except RecursionError:
        return "the body is not readable JSON; it is nested too deeply"
    except _NoJsonNumber as error:
        return f"the body is not readable JSON; {error}"
    except ValueError as error:
        return f"the body is not readable JSON{_instead(body, error)}"
    for rule in rules:
        try:
            failure = _json_rule_failure(document, rule, budget)
        except (PatternTooSlow, TooManyValues) as error:
            failure = f"nobody can tell whether {rule['path']} matches: {error}"
        if failure:
            return failure
    return None


class _NoJsonNumber(ValueError):
    """Number that JSON does not know, or that nobody can hold an expectation against."""


def _instead(body: bytes | str, error: ValueError) -> str:
    """Return "; it …" for a body that is plainly something else, or where it ceases to be JSON."""
    text = body if isinstance(body, str) else body[:100].decode("latin-1")
    start = text.lstrip("\ufeff \t\r\n")[:100]
    if not start:
        return "; it is empty"
    if start.startswith("<"):
        return "; it looks like HTML or XML"
    if isinstance(error, UnicodeDecodeError):
        return f"; it is not in {error.encoding.upper()}"
    if start[0] in "{[" and isinstance(error, json.JSONDecodeError):
        return f" (line {error.lineno}, column {error.colno})"
    return ""


def shown(value: object) -> str:
    """Return a value as JSON for a sentence, cut to 100 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _json_rule_failure(document: object, rule: Mapping[str, Any], budget: TimeBudget) -> str | None:
    path, operator, wanted = rule["path"], rule.get("operator", "=="), rule.get("value")
    found = json_path.find(document, path)
    if operator == "exists":
        if bool(found) is (wanted is not False):
            return None
        return f"{path} {'exists' if found else 'does not exist'}"
    if not found:
        return f"{path} does not exist"
    if operator == "!=":  # of several values none may be equal
        if not any(_equal(value, wanted) for value in budget.each(found)):
            return None
        return f"{path} is {shown(wanted)}, which it must not be"
    if any(_holds(operator, value, wanted, budget) for value in budget.each(found)):
        return None
    return f"{path} is {shown(found[0])}, expected {operator} {shown(wanted)}"


def _holds(operator: str, value: object, wanted: object, budget: TimeBudget) -> bool:
    if operator == "==":
        return _equal(value, wanted)
    if operator in _ORDER:
        left, right = _number(value), _number(wanted)
        return left is not None and right is not None and _ORDER[operator](left, right)
    if operator == "contains":
        if isinstance(value, list):
            return any(_equal(item, wanted) for item in budget.each(value))
        if isinstance(value, dict):
            return isinstance(wanted, str) and wanted in value
        return _scalar_text(wanted) in _scalar_text(value)
    if operator == "startsWith":
        return _scalar_text(value).startswith(_scalar_text(wanted))
    return budget.search(str(wanted), _scalar_text(value)) is not None


_ORDER: dict[str, Callable[[int | float, int | float], bool]] = {
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
}


def _equal(value: object, wanted: object) -> bool:
    if isinstance(value, bool) or isinstance(wanted, bool):  # True == 1 in Python, not in JSON
        if isinstance(wanted, str):
            return _scalar_text(value) == wanted
        return value is wanted
    if isinstance(wanted, str) and not isinstance(value, str | list | dict):
        # Forms often send every value as text.
        return _scalar_text(value) == wanted or (value is not None and value == _number(wanted))
    return value == wanted


def _number(value: object) -> int | float | None:
    """Return a number, or what a text writes as JSON writes numbers; whole ones stay exact."""
    if isinstance(value, str):
        written = _NUMBER.fullmatch(value.strip()) if len(value) <= MAX_DIGITS else None
        if written is None:
            return None
        return float(value) if any(written.groups()) else int(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _scalar_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _not_a_number(name: str) -> float:
    raise _NoJsonNumber(f"{name} is no number in JSON")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _NoJsonNumber(f"a number has more than {MAX_DIGITS:,} digits")
    return int(digits)
