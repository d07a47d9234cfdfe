"""Comparison of one test of a condition: with a single check, or over windows."""

from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from app.domain.checks.patterns import pattern
from app.domain.rules.history import Point, Window
from app.domain.rules.types import Comparison, Metric, Operator
from app.domain.types import Status


def holds(test: Comparison, point: Point) -> bool | None:
    """Say whether a test holds of one check; None where the check cannot tell."""
    metric = test.metric
    if metric is Metric.BODY:
        return _body_contains(str(test.value), point)
    found = _VALUES[metric](point)
    if found is not None:
        return _COMPARE[test.operator](found, test.value)
    if metric is Metric.STATUS_CODE and point.status is Status.RED:
        return test.operator is Operator.NOT_EQUAL  # there was no answer, so no 200 either
    return None


def holds_over_windows(test: Comparison, windows: Mapping[int, Window]) -> bool | None:
    """Say whether a test over a window holds; a burn rate must hold over both its windows."""
    found = over_window(test, windows, test.window_minutes)
    short = found
    if test.short_window_minutes is not None:
        short = over_window(test, windows, test.short_window_minutes)
    if found is None or short is None:
        return None
    compare = _COMPARE[test.operator]
    return compare(found, test.value) and compare(short, test.value)


def value_of(metric: Metric, point: Point) -> Any:
    """Return what a check says of a metric; None where it says nothing."""
    return _VALUES[metric](point)


def over_window(
    test: Comparison, windows: Mapping[int, Window], minutes: int | None
) -> float | None:
    """Return a window's value of the test's metric; None where nothing was recorded.

    Percentages are 0–100. The burn rate is how many times faster than allowed the error budget is
    spent: error rate / (1 - target) (Google, The Site Reliability Workbook, chapter 5).
    """
    window = windows.get(minutes) if minutes is not None else None
    if window is None or window.total == 0:
        return None
    if test.metric is Metric.P95_RESPONSE_TIME_MS:
        return window.p95_response_time_ms
    error_rate = 100 * window.failed / window.total
    if test.metric is Metric.ERROR_RATE:
        return error_rate
    if test.metric is Metric.SLO_BURN_RATE:
        return round(error_rate / (100 - (test.slo_target or 0.0)), 9)
    return round(100 - error_rate, 9)  # 9 places: what floating point adds must not fire a rule


def _body_contains(text: str, point: Point) -> bool | None:
    if point.body_texts is not None:
        return point.body_texts.get(text)  # None: the rule is younger than the check
    return False if point.status is Status.RED else None  # a failed check brought no such body


_VALUES: dict[Metric, Callable[[Point], Any]] = {
    Metric.STATUS: lambda point: point.status,
    Metric.RESPONSE_TIME_MS: lambda point: point.response_time_ms,
    Metric.STATUS_CODE: lambda point: point.status_code,
    Metric.CONSECUTIVE_FAILURES: lambda point: point.consecutive_failures,
    Metric.ERROR: lambda point: point.error or "",
    Metric.SSL_DAYS_REMAINING: lambda point: point.ssl_days_remaining,
    Metric.DNS_RESOLVED: lambda point: point.dns_resolved,
    Metric.TCP_CONNECTED: lambda point: point.tcp_connected,
}
_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUAL: eq,
    Operator.NOT_EQUAL: ne,
    Operator.GREATER: gt,
    Operator.AT_LEAST: ge,
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.IN: lambda found, wanted: found in wanted,
    Operator.CONTAINS: lambda found, wanted: wanted in str(found),
    Operator.STARTS_WITH: lambda found, wanted: str(found).startswith(wanted),
    Operator.MATCHES: lambda found, wanted: pattern(wanted).search(str(found)) is not None,
}
