"""The short form of a condition: `response_time > 5000 && !body_contains("ok")`.

    expression = conjunction { "||" conjunction }
    conjunction = factor { "&&" factor }
    factor = "!" factor | "(" expression ")" | call | fact | name operator value
    call = ("body_contains" | "error_contains" | "error_matches") "(" text ")"
    value = number | text | "true" | "false" | status | "[" value { "," value } "]"

`&&` binds tighter than `||`. Qualifiers and windows need the object form.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from app.domain.rules import comparisons as condition_comparisons
from app.domain.rules.comparisons import OVER_A_WINDOW
from app.domain.rules.types import (
    MAX_COMPARISONS,
    MAX_DEPTH,
    MAX_EXPRESSION,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    ConditionError,
    Metric,
    Not,
    Operator,
)

_TOKEN = re.compile(
    r"""(?P<sign>&&|\|\||==|!=|>=|<=|[<>!()\[\],])
      | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?![\w.]))
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)""",
    re.VERBOSE | re.DOTALL,
)
_ALIASES = {
    "response_time": Metric.RESPONSE_TIME_MS,
    "ssl_expiry": Metric.SSL_DAYS_REMAINING,
}
_NAMES: dict[str, Metric] = {metric.value: metric for metric in Metric} | _ALIASES
_OFFERED = [name for name, metric in _NAMES.items() if metric not in OVER_A_WINDOW | {Metric.BODY}]
_CALLS = {
    "body_contains": (Metric.BODY, Operator.CONTAINS),
    "error_contains": (Metric.ERROR, Operator.CONTAINS),
    "error_matches": (Metric.ERROR, Operator.MATCHES),
}
_OPERATORS = frozenset(operator.value for operator in Operator)
_FACTS = (Metric.DNS_RESOLVED, Metric.TCP_CONNECTED)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # sign, number, text, word or end
    text: str
    position: int


def parse(expression: str) -> Condition:
    """Return the condition a text describes. Raises ConditionError with the position."""
    if len(expression) > MAX_EXPRESSION:
        raise ConditionError(f"the expression is longer than {MAX_EXPRESSION} characters")
    reader = _Reader(_tokens(expression))
    condition = reader.alternatives(depth=1)
    reader.expect_end()
    return condition


def _tokens(expression: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while True:
        while position < len(expression) and expression[position].isspace():
            position += 1
        if position == len(expression):
            return [*tokens, _Token("end", "", position)]
        match = _TOKEN.match(expression, position)
        if match is None:
            raise ConditionError(_unreadable(expression[position]), position=position)
        tokens.append(_Token(str(match.lastgroup), match[0], position))
        position = match.end()


def _unreadable(character: str) -> str:
    if character in "\"'":
        return "this text is not closed"
    hints = {"=": " (write ==)", "&": " (write &&)", "|": " (write ||)"}
    return f"cannot read {character!r} here{hints.get(character, '')}"


class _Reader:
    """A cursor over the tokens; each method reads one rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._comparisons = 0

    def alternatives(self, depth: int) -> Condition:
        parts = [self._conjunction(depth)]
        while self._skip("||"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else AnyOf(tuple(parts))

    def expect_end(self) -> None:
        token = self._peek()
        if token.kind != "end":
            raise ConditionError(
                f"expected && or || before {token.text!r}", position=token.position
            )

    def _conjunction(self, depth: int) -> Condition:
        parts = [self._factor(depth)]
        while self._skip("&&"):
            parts.append(self._factor(depth))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _factor(self, depth: int) -> Condition:
        start = self._peek()
        if depth > MAX_DEPTH:
            raise ConditionError(f"nested deeper than {MAX_DEPTH} levels", position=start.position)
        if self._skip("!"):
            return Not(self._factor(depth + 1))
        if self._skip("("):
            inner = self.alternatives(depth + 1)
            self._expect(")")
            return inner
        if start.kind != "word":
            found = repr(start.text) if start.text else "the end"
            raise ConditionError(f"expected a test instead of {found}", position=start.position)
        return self._comparison(self._take())

    def _comparison(self, name: _Token) -> Comparison:
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise ConditionError(f"more than {MAX_COMPARISONS} tests", position=name.position)
        if name.text in _CALLS:
            return self._call(name)
        metric = _NAMES.get(name.text)
        if metric is None or metric is Metric.BODY:
            known = ", ".join([*_OFFERED, *(f'{call}("…")' for call in _CALLS)])
            raise ConditionError(
                f"unknown name {name.text!r}; choose one of {known}", position=name.position
            )
        if metric in OVER_A_WINDOW:
            raise ConditionError(
                f"{metric} needs window_minutes: write the condition as an object",
                position=name.position,
            )
        sign = self._peek()
        if sign.text not in _OPERATORS:
            if metric in _FACTS:  # `!dns_resolved` says the same as `dns_resolved == false`
                return Comparison(metric, Operator.EQUAL, value=True)
            raise ConditionError(
                f"expected one of {', '.join(Operator)} after {name.text}", position=sign.position
            )
        self._take()
        at = self._peek().position
        return _checked(metric, sign.text, self._value(), at, sign.position)

    def _call(self, name: _Token) -> Comparison:
        metric, operator = _CALLS[name.text]
        self._expect("(")
        token = self._take()
        if token.kind != "text":
            raise ConditionError("expected a text in quotes", position=token.position)
        self._expect(")")
        return _checked(metric, operator, _unquoted(token), token.position, name.position)

    def _value(self) -> Any:
        token = self._take()
        if token.text == "[":
            values = [self._value()]
            while self._skip(","):
                values.append(self._value())
            self._expect("]")
            return values
        if token.kind == "text":
            return _unquoted(token)
        if token.kind == "number":
            return float(token.text) if "." in token.text else int(token.text)
        if token.kind == "word":
            return {"true": True, "false": False}.get(token.text, token.text)
        raise ConditionError("expected a value", position=token.position)

    def _peek(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def _skip(self, sign: str) -> bool:
        token = self._peek()
        if token.kind != "sign" or token.text != sign:
            return False
        self._next += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._skip(sign):
            raise ConditionError(f"expected {sign!r}", position=self._peek().position)


def _checked(metric: Metric, operator: str, value: Any, value_at: int, sign_at: int) -> Comparison:
    source = {"metric": metric.value, "operator": operator, "value": value}
    try:
        return condition_comparisons.read(source)
    except ConditionError as error:
        at = sign_at if error.path[:1] == ("operator",) else value_at
        raise ConditionError(error.message, position=at) from None


def _unquoted(token: _Token) -> str:
    body = token.text[1:-1]
    if token.text[0] == "'":
        body = body.replace("\\'", "'").replace('"', '\\"')
    try:
        return str(json.loads(f'"{body}"', strict=False))
    except ValueError:
        raise ConditionError("unknown escape in this text", position=token.position) from None
