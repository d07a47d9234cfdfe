"""Conditions written as objects again, so that a test can compare what was read."""

from typing import Any, assert_never

from app.domain.rules.types import (
    AllOf,
    AnyOf,
    AtLeast,
    Comparison,
    Condition,
    ForChecks,
    ForSeconds,
    Not,
    NotGreen,
)


def as_json(condition: Condition) -> dict[str, Any]:
    """Return the object form; reading it gives the same condition again."""
    match condition:
        case NotGreen():
            return {}
        case AllOf(parts):
            return {"all": [as_json(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [as_json(part) for part in parts]}
        case Not(part):
            return {"not": as_json(part)}
        case Comparison():
            return _comparison_as_json(condition)
        case _:
            assert_never(condition)


def _comparison_as_json(test: Comparison) -> dict[str, Any]:
    value = list(test.value) if isinstance(test.value, tuple) else test.value
    found: dict[str, Any] = {
        "metric": test.metric.value,
        "operator": test.operator.value,
        "value": value,
    }
    match test.qualifier:
        case ForChecks(count):
            found["for_checks"] = count
        case ForSeconds(seconds):
            found["for_seconds"] = seconds
        case AtLeast(count, of_last):
            found |= {"at_least": count, "of_last": of_last}
    for key in ("window_minutes", "short_window_minutes", "slo_target"):
        if getattr(test, key) is not None:
            found[key] = getattr(test, key)
    return found
