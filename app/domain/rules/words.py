"""Words for the tests of a condition, as messages and pages show them."""

from typing import Any

from app.domain.checks.assertions import shown
from app.domain.rules.types import AtLeast, Comparison, ForChecks, ForSeconds, Metric, Operator
from app.domain.types import Status

_METRICS = {
    Metric.STATUS: "status",
    Metric.RESPONSE_TIME_MS: "response time",
    Metric.STATUS_CODE: "status code",
    Metric.CONSECUTIVE_FAILURES: "failures in a row",
    Metric.ERROR: "error",
    Metric.SSL_DAYS_REMAINING: "time left of the certificate",
    Metric.DNS_RESOLVED: "name resolved",
    Metric.TCP_CONNECTED: "port connected",
    Metric.BODY: "body",
    Metric.UPTIME_PERCENTAGE: "uptime",
    Metric.ERROR_RATE: "error rate",
    Metric.P95_RESPONSE_TIME_MS: "95th percentile of response times",
    Metric.SLO_BURN_RATE: "burn rate",
}
# What people call a status; the API and the messages of before have its name.
STATES = {
    Status.GREEN: "Up",
    Status.YELLOW: "Slow",
    Status.RED: "Down",
    Status.PENDING: "Waiting",
    Status.UNKNOWN: "Unknown",
}
_UNITS = {
    Metric.RESPONSE_TIME_MS: " ms",
    Metric.P95_RESPONSE_TIME_MS: " ms",
    Metric.SSL_DAYS_REMAINING: " days",
    Metric.UPTIME_PERCENTAGE: " %",
    Metric.ERROR_RATE: " %",
}
_OPERATORS = {  # as it is said, and as its contrary is
    Operator.EQUAL: ("is", "is not"),
    Operator.NOT_EQUAL: ("is not", "is"),
    Operator.GREATER: ("is above", "is not above"),
    Operator.AT_LEAST: ("is at least", "is below"),
    Operator.LESS: ("is below", "is at least"),
    Operator.AT_MOST: ("is at most", "is above"),
    Operator.IN: ("is", "is not"),
    Operator.CONTAINS: ("contains", "does not contain"),
    Operator.STARTS_WITH: ("begins with", "does not begin with"),
    Operator.MATCHES: ("matches", "does not match"),
}


def comparison(test: Comparison, *, negated: bool = False, plain: bool = False) -> str:
    """Return a test in words, or its contrary; `plain`: with states by what people call them."""
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    wanted = " or ".join(value(test.metric, one, plain=plain) for one in values)
    said = f"{_METRICS[test.metric]} {_OPERATORS[test.operator][negated]} {wanted}"
    match test.qualifier:
        case ForChecks(count):
            said += f" for {count} checks"
        case ForSeconds(seconds):
            said += f" for {seconds} seconds"
        case AtLeast(count, of_last):
            said += f" in at least {count} of the last {of_last} checks"
    if test.slo_target is not None:
        said += f" of a target of {test.slo_target:g} %"
    if test.window_minutes is not None:
        said += f" over {test.window_minutes} minutes"
    if test.short_window_minutes is not None:
        said += f" and over {test.short_window_minutes} minutes"
    return said


def not_green(*, plain: bool = False) -> str:
    """Return the states that a condition without tests fires on."""
    states = (Status.RED, Status.YELLOW)
    return " or ".join(value(Metric.STATUS, state, plain=plain) for state in states)


def found(metric: Metric, seen: Any) -> str:
    """Return what was found of a metric in words."""
    return f"{_METRICS[metric]} is {value(metric, seen)}"


def value(metric: Metric, seen: Any, *, plain: bool = False) -> str:
    """Return a value of a metric with its unit; texts stand in quotes."""
    if isinstance(seen, bool):
        return "true" if seen else "false"
    if isinstance(seen, int | float):
        return f"{seen:.6g}{_UNITS.get(metric, '')}"
    if metric is Metric.STATUS:
        return STATES.get(seen, str(seen)) if plain else str(seen)
    return shown(str(seen))
