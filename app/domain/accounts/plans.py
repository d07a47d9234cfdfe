"""Plans and their limits: services and locations, requests a minute."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

FREE = "free"


@dataclass(frozen=True, slots=True)
class Plan:
    """Limits of one plan; `burst` is how many requests may come at once."""

    max_services: int
    requests_per_minute: int
    burst: int
    max_locations: int


PLANS: Mapping[str, Plan] = {
    FREE: Plan(5, 30, 50, 1),
    "starter": Plan(25, 60, 100, 3),
    "professional": Plan(200, 300, 500, 10),
    "enterprise": Plan(10_000, 1200, 2000, 100),
}
# What a person at a browser gets at least: a dashboard asks for a dozen things at once.
INTERACTIVE = Plan(0, 600, 1000, 0)
_LIMITS = tuple(field.name for field in fields(Plan))


def plan_of(name: str, changes: Mapping[str, Any] | None = None) -> Plan:
    """Return the limits of a plan with an operator's changes; an unknown plan is the free one."""
    plan = asdict(PLANS.get(name, PLANS[FREE]))
    given = (changes or {}).get(name) or {}
    return Plan(**plan | {limit: given[limit] for limit in _LIMITS if limit in given})


def all_plans(changes: Mapping[str, Any] | None = None) -> dict[str, dict[str, int]]:
    """Return the limits of every plan, with an operator's changes."""
    return {name: asdict(plan_of(name, changes)) for name in PLANS}


def request_limits(plan: Plan, *, interactive: bool) -> tuple[int, int]:
    """Return (requests a minute, burst) of a caller."""
    if not interactive:
        return plan.requests_per_minute, plan.burst
    return (
        max(plan.requests_per_minute, INTERACTIVE.requests_per_minute),
        max(plan.burst, INTERACTIVE.burst),
    )
