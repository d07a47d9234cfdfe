"""Coverage of outages by rules, and why nobody would hear of a service's."""

from collections.abc import Collection
from enum import StrEnum

from app.domain.rules.conditions import comparisons
from app.domain.rules.types import Comparison, Condition, Metric

# What an outage changes by itself. A slow answer, a certificate, a text in a body say nothing of a
# server that does not answer at all.
_OUTAGE_METRICS = frozenset(
    {
        Metric.STATUS,
        Metric.STATUS_CODE,
        Metric.CONSECUTIVE_FAILURES,
        Metric.ERROR,
        Metric.DNS_RESOLVED,
        Metric.TCP_CONNECTED,
        Metric.UPTIME_PERCENTAGE,
        Metric.ERROR_RATE,
        Metric.SLO_BURN_RATE,
    }
)
# What not every check says, even one that passes: by its type, and by where it leads.
_OF_SOME_TYPES = frozenset(
    {
        Metric.STATUS_CODE,
        Metric.SSL_DAYS_REMAINING,
        Metric.BODY,
        Metric.DNS_RESOLVED,
        Metric.TCP_CONNECTED,
    }
)
_OF_SOME_ENDPOINTS = frozenset({Metric.SSL_DAYS_REMAINING})


class GapReason(StrEnum):
    """Reason why nobody would hear of an outage."""

    NO_RULE = "no_rule"
    NO_OUTAGE_RULE = "no_outage_rule"
    NOBODY_TOLD = "nobody_told"
    CHANNELS_FAILING = "channels_failing"


SENTENCES = {
    GapReason.NO_RULE: "No enabled alert rule watches it.",
    GapReason.NO_OUTAGE_RULE: "The rules that watch it do not ask whether it is down.",
    GapReason.NOBODY_TOLD: "An alert would reach no enabled channel and nobody on call.",
    GapReason.CHANNELS_FAILING: "The last messages to everybody who would be told have failed.",
}


class AlertReach(StrEnum):
    """Reach of an alert now, from best to worst."""

    SOMEBODY = "somebody"
    FAILING = "failing"  # only channels whose last message failed
    NOBODY = "nobody"


def detects_outages(condition: Condition) -> bool:
    """Say whether a rule looks at something that an outage changes."""
    return any(
        not isinstance(test, Comparison) or test.metric in _OUTAGE_METRICS
        for test in comparisons(condition)
    )


def may_lose_sight(condition: Condition, edited: Collection[str]) -> bool:
    """Say whether a rule asks what checks may say no more after an edit of these service fields.

    It would be neither firing nor fine from then on.
    """
    lost = frozenset[Metric]()
    if "check_type" in edited:
        lost = _OF_SOME_TYPES
    elif "endpoint" in edited or "config" in edited:
        lost = _OF_SOME_ENDPOINTS
    return any(
        isinstance(test, Comparison) and test.metric in lost for test in comparisons(condition)
    )


def gap(watching: list[tuple[bool, AlertReach]]) -> GapReason | None:
    """Return why nobody would hear of an outage; None where somebody would.

    Each rule that watches is given as whether it tells of outages, and whom it reaches.
    """
    if not watching:
        return GapReason.NO_RULE
    reaches = [reach for tells, reach in watching if tells]
    if not reaches:
        return GapReason.NO_OUTAGE_RULE
    if AlertReach.SOMEBODY in reaches:
        return None
    return GapReason.CHANNELS_FAILING if AlertReach.FAILING in reaches else GapReason.NOBODY_TOLD
