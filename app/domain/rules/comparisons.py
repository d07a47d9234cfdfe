"""One test of a condition in its object form: which metric goes with which operator and value."""

from collections.abc import Mapping
from typing import Any

from app.domain.checks import patterns
from app.domain.rules.types import (
    MAX_CHECKS,
    MAX_SECONDS,
    MAX_TEXT,
    MAX_VALUES,
    MAX_WINDOW_MINUTES,
    AtLeast,
    Comparison,
    ConditionError,
    ConditionPath,
    ForChecks,
    ForSeconds,
    Metric,
    Operator,
    Qualifier,
    Scalar,
    Value,
)

OVER_A_WINDOW = frozenset(
    (
        Metric.UPTIME_PERCENTAGE,
        Metric.ERROR_RATE,
        Metric.P95_RESPONSE_TIME_MS,
        Metric.SLO_BURN_RATE,
    )
)
_FACTS = frozenset((Metric.DNS_RESOLVED, Metric.TCP_CONNECTED))
_TEXTS = frozenset((Metric.ERROR, Metric.BODY))

_EQUALITY = (Operator.EQUAL, Operator.NOT_EQUAL)
_EXCESS = (Operator.GREATER, Operator.AT_LEAST)
_ORDER = (*_EXCESS, Operator.LESS, Operator.AT_MOST)
_PARTS = (Operator.CONTAINS, Operator.STARTS_WITH, Operator.MATCHES)
_ALLOWED: dict[Metric, tuple[Operator, ...]] = {
    Metric.STATUS: (*_EQUALITY, Operator.IN),
    Metric.STATUS_CODE: (*_EQUALITY, *_ORDER, Operator.IN, *_PARTS),
    Metric.ERROR: (*_EQUALITY, Operator.IN, *_PARTS),
    Metric.DNS_RESOLVED: _EQUALITY,
    Metric.TCP_CONNECTED: _EQUALITY,
    Metric.BODY: (Operator.CONTAINS,),
    Metric.SLO_BURN_RATE: _EXCESS,  # two windows must exceed; below a rate nothing burns
}
_NUMBERS = (*_EQUALITY, *_ORDER, Operator.IN)
_LARGEST = 1e15
_STATUSES = ("GREEN", "YELLOW", "RED")
_QUALIFIERS = ("for_checks", "for_seconds", "at_least", "of_last")
_KEYS = frozenset(
    ("metric", "operator", "value", "window_minutes", "short_window_minutes", "slo_target")
).union(_QUALIFIERS)


def read(source: Mapping[str, Any], path: ConditionPath = ()) -> Comparison:
    """Return the comparison an object describes. Raises ConditionError with the place."""
    for key in source:
        if key not in _KEYS:
            raise ConditionError(f"a test has no field {key!r}", (*path, key))
    metric = _metric(source, path)
    operator = _operator(source, metric, path)
    if "value" not in source:
        raise ConditionError("say what to compare with", (*path, "value"))
    return Comparison(
        metric=metric,
        operator=operator,
        value=_value(source["value"], metric, operator, (*path, "value")),
        qualifier=_qualifier(source, metric, path),
        window_minutes=_window(source, metric, path),
        short_window_minutes=_short_window(source, metric, path),
        slo_target=_slo_target(source, metric, path),
    )


def _metric(source: Mapping[str, Any], path: ConditionPath) -> Metric:
    try:
        return Metric(str(source.get("metric")))
    except ValueError:
        raise ConditionError(f"choose one of {', '.join(Metric)}", (*path, "metric")) from None


def _operator(source: Mapping[str, Any], metric: Metric, path: ConditionPath) -> Operator:
    try:
        operator = Operator(str(source.get("operator")))
    except ValueError:
        raise ConditionError(f"choose one of {', '.join(Operator)}", (*path, "operator")) from None
    allowed = _ALLOWED.get(metric, _NUMBERS)
    if operator not in allowed:
        raise ConditionError(f"{metric} is compared with {', '.join(allowed)}", (*path, "operator"))
    return operator


def _value(value: Any, metric: Metric, operator: Operator, path: ConditionPath) -> Value:
    if operator is not Operator.IN:
        return _scalar(value, metric, operator, path)
    if not isinstance(value, list | tuple) or not value:
        raise ConditionError("`in` needs a list of values", path)
    if len(value) > MAX_VALUES:
        raise ConditionError(f"at most {MAX_VALUES} values", path)
    values = (_scalar(item, metric, operator, (*path, at)) for at, item in enumerate(value))
    return tuple(values)  # type: ignore[return-value]


def _scalar(value: Any, metric: Metric, operator: Operator, path: ConditionPath) -> Scalar:
    if metric is Metric.STATUS:
        status = value.upper() if isinstance(value, str) else value
        if status not in _STATUSES:
            raise ConditionError(
                f"choose one of {', '.join(_STATUSES)}; other states never count", path
            )
        return str(status)
    if metric in _FACTS:
        if not isinstance(value, bool):
            raise ConditionError(f"{metric} is true or false", path)
        return value
    if operator in _PARTS:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)  # status_code startsWith 5
        return _text(value, operator, path)
    return _text(value, operator, path) if metric in _TEXTS else _number(value, path)


def _text(value: Any, operator: Operator, path: ConditionPath) -> str:
    if not isinstance(value, str):
        raise ConditionError("this must be a text", path)
    if len(value) > MAX_TEXT:
        raise ConditionError(f"at most {MAX_TEXT} characters", path)
    if operator in _PARTS and not value:
        raise ConditionError("an empty text is part of every text", path)
    if operator is Operator.MATCHES:
        try:
            patterns.pattern(value)
        except ValueError as error:
            raise ConditionError(str(error), path) from None
    return value


def _number(value: Any, path: ConditionPath) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConditionError("this must be a number", path)
    if not abs(value) <= _LARGEST:  # said this way round it refuses NaN too
        raise ConditionError("this number is out of range", path)
    return value


def _qualifier(source: Mapping[str, Any], metric: Metric, path: ConditionPath) -> Qualifier | None:
    given = [key for key in _QUALIFIERS if source.get(key) is not None]
    if not given:
        return None
    if metric in OVER_A_WINDOW:
        raise ConditionError(f"{metric} looks back over its window already", (*path, given[0]))
    if metric is Metric.BODY:
        raise ConditionError("bodies of earlier checks are not kept", (*path, given[0]))
    if given == ["for_checks"]:
        return ForChecks(_integer(source, "for_checks", 1, MAX_CHECKS, path))
    if given == ["for_seconds"]:
        return ForSeconds(_integer(source, "for_seconds", 1, MAX_SECONDS, path))
    if given == ["at_least", "of_last"]:
        of_last = _integer(source, "of_last", 1, MAX_CHECKS, path)
        return AtLeast(_integer(source, "at_least", 1, of_last, path), of_last)
    if len(given) == 1:
        raise ConditionError("at_least and of_last go together", (*path, given[0]))
    raise ConditionError(
        "use one of for_checks, for_seconds, or at_least with of_last", (*path, given[-1])
    )


def _window(source: Mapping[str, Any], metric: Metric, path: ConditionPath) -> int | None:
    if metric in OVER_A_WINDOW:
        return _integer(source, "window_minutes", 1, MAX_WINDOW_MINUTES, path)
    _refuse(source, "window_minutes", metric, path)
    return None


def _short_window(source: Mapping[str, Any], metric: Metric, path: ConditionPath) -> int | None:
    if metric is not Metric.SLO_BURN_RATE:
        _refuse(source, "short_window_minutes", metric, path)
        return None
    if source.get("short_window_minutes") is None:
        return None
    longest: int = source["window_minutes"] - 1
    if longest < 1:
        raise ConditionError("there is no window shorter than a minute", (*path, "window_minutes"))
    return _integer(source, "short_window_minutes", 1, longest, path)


def _slo_target(source: Mapping[str, Any], metric: Metric, path: ConditionPath) -> float | None:
    if metric is not Metric.SLO_BURN_RATE:
        _refuse(source, "slo_target", metric, path)
        return None
    target = _number(source.get("slo_target"), (*path, "slo_target"))
    if not 0 < target < 100:  # at 100 there is no budget that could burn
        raise ConditionError("the target lies between 0 and 100 per cent", (*path, "slo_target"))
    return float(target)


def _integer(source: Mapping[str, Any], key: str, low: int, high: int, path: ConditionPath) -> int:
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConditionError(f"this must be a whole number from {low} to {high}", (*path, key))
    return value


def _refuse(source: Mapping[str, Any], key: str, metric: Metric, path: ConditionPath) -> None:
    if source.get(key) is not None:
        raise ConditionError(f"{metric} does not take {key}", (*path, key))
