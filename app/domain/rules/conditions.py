"""Conditions of alert rules: parsed, written and worded, in both their forms."""

from collections.abc import Mapping
from typing import Any, assert_never

from app.domain.rules import comparisons as condition_comparisons
from app.domain.rules import expressions as condition_expressions
from app.domain.rules import words
from app.domain.rules.types import (
    MAX_COMPARISONS,
    MAX_DEPTH,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    ConditionError,
    ConditionPath,
    Not,
    NotGreen,
)


def parse(source: Any) -> Condition:
    """Return the condition of an object or of an expression text.

    Raises ConditionError, whose text is one sentence with the place in front.
    """
    if isinstance(source, str):
        return condition_expressions.parse(source)
    condition = _parse(source, (), 1)
    if sum(1 for _ in comparisons(condition)) > MAX_COMPARISONS:
        raise ConditionError(f"more than {MAX_COMPARISONS} tests")
    return condition


def _parse(source: Any, path: ConditionPath, depth: int) -> Condition:
    if not isinstance(source, Mapping):
        raise ConditionError("a condition is an object or an expression", path)
    if depth > MAX_DEPTH:
        raise ConditionError(f"nested deeper than {MAX_DEPTH} levels", path)
    if not source:
        return NotGreen()
    joints = [key for key in ("all", "any", "not") if key in source]
    if not joints:
        return condition_comparisons.read(source, path)
    if len(source) > 1:
        raise ConditionError(f"`{joints[0]}` stands alone in its object", path)
    joint = joints[0]
    inside = (*path, joint)
    if joint == "not":
        return Not(_parse(source["not"], inside, depth + 1))
    parts = source[joint]
    if not isinstance(parts, list | tuple) or not parts:
        raise ConditionError("this must be a list of conditions", inside)
    if len(parts) > MAX_COMPARISONS:
        raise ConditionError(f"more than {MAX_COMPARISONS} tests", inside)
    read = tuple(_parse(part, (*inside, at), depth + 1) for at, part in enumerate(parts))
    return AllOf(read) if joint == "all" else AnyOf(read)


def comparisons(condition: Condition) -> list[Comparison | NotGreen]:
    """Return every test of a condition, from left to right."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return [test for part in parts for test in comparisons(part)]
        case Not(part):
            return comparisons(part)
        case _:
            return [condition]


def describe(condition: Condition, *, plain: bool = False) -> str:
    """Return a condition in words; `plain`: with states by what people call them."""
    match condition:
        case NotGreen():
            return f"status is {words.not_green(plain=plain)}"
        case AllOf(parts):
            return " and ".join(_grouped(part, plain) for part in parts)
        case AnyOf(parts):
            return " or ".join(_grouped(part, plain) for part in parts)
        case Not(Comparison(qualifier=None) as test):
            return words.comparison(test, negated=True, plain=plain)
        case Not(part):
            return f"not {_grouped(part, plain)}"
        case Comparison():
            return words.comparison(condition, plain=plain)
        case _:
            assert_never(condition)


def _grouped(part: Condition, plain: bool) -> str:
    said = describe(part, plain=plain)
    return f"({said})" if isinstance(part, AllOf | AnyOf) else said
