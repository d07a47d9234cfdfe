"""Types of an alert rule's condition, once it has been parsed."""

from dataclasses import dataclass
from enum import StrEnum

MAX_DEPTH = 10
MAX_COMPARISONS = 50
MAX_EXPRESSION = 2_000
MAX_TEXT = 1_000
MAX_VALUES = 100
MAX_CHECKS = 100
MAX_SECONDS = 86_400
MAX_WINDOW_MINUTES = 43_200  # 30 days, as long as raw results are kept by default

# Keys and indices from the top of the object form.
ConditionPath = tuple[str | int, ...]


class ConditionError(ValueError):
    """A condition that cannot be read: one sentence, and where in the object or the text."""

    def __init__(self, message: str, path: ConditionPath = (), position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.position = position  # of the first unreadable character, counted from 0

    def __str__(self) -> str:
        """Return the sentence with the place in front, as a 422 shows it."""
        if self.position is not None:
            return f"at character {self.position + 1}: {self.message}"
        if not self.path:
            return self.message
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return f"{''.join(steps).removeprefix('.')}: {self.message}"


class Metric(StrEnum):
    """Metric that a comparison reads."""

    STATUS = "status"
    RESPONSE_TIME_MS = "response_time_ms"
    STATUS_CODE = "status_code"
    CONSECUTIVE_FAILURES = "consecutive_failures"
    ERROR = "error"
    SSL_DAYS_REMAINING = "ssl_days_remaining"
    DNS_RESOLVED = "dns_resolved"
    TCP_CONNECTED = "tcp_connected"
    BODY = "body"
    UPTIME_PERCENTAGE = "uptime_percentage"
    ERROR_RATE = "error_rate"
    P95_RESPONSE_TIME_MS = "p95_response_time_ms"
    SLO_BURN_RATE = "slo_burn_rate"


class Operator(StrEnum):
    """Operator of a comparison."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    IN = "in"
    CONTAINS = "contains"
    STARTS_WITH = "startsWith"
    MATCHES = "matches"


@dataclass(frozen=True, slots=True)
class ForChecks:
    """True of the last `count` checks, every one."""

    count: int


@dataclass(frozen=True, slots=True)
class ForSeconds:
    """True without a break for this long."""

    seconds: int


@dataclass(frozen=True, slots=True)
class AtLeast:
    """True of at least `count` of the last `of_last` checks."""

    count: int
    of_last: int


Scalar = str | int | float | bool
Value = Scalar | tuple[str, ...] | tuple[int | float, ...]
Qualifier = ForChecks | ForSeconds | AtLeast


@dataclass(frozen=True, slots=True)
class Comparison:
    """One test: a metric compared with a value, of the latest check or of several."""

    metric: Metric
    operator: Operator
    value: Value
    qualifier: Qualifier | None = None
    window_minutes: int | None = None  # of the metrics over a window, and only of these
    short_window_minutes: int | None = None  # of slo_burn_rate
    slo_target: float | None = None  # of slo_burn_rate, per cent


@dataclass(frozen=True, slots=True)
class NotGreen:
    """The empty condition `{}`: RED or YELLOW."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Condition that holds when at least one part does."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition = NotGreen | Comparison | AllOf | AnyOf | Not
