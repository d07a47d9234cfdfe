"""The error budget of a service level: how much downtime a target allows, what is left of it."""

from dataclasses import dataclass

from app.domain.metrics.totals import percentage


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """Known time of a service, or of several together, compared with a target in percent.

    Budget = (1 - target) x known time; what is left is negative once more is spent. Source: Google,
    Site Reliability Workbook, chapter 2, "Implementing SLOs".
    """

    target: float
    up_ms: int
    down_ms: int

    @property
    def seconds(self) -> float:
        """How much downtime the target allows."""
        return round((100 - self.target) * (self.up_ms + self.down_ms) / 100_000, 3)

    @property
    def left_seconds(self) -> float:
        """How much of it is left; negative: more was spent."""
        return round(self.seconds - self.down_ms / 1000, 3)

    @property
    def left_percentage(self) -> float | None:
        """The share of it that is left; None where there is no budget at all."""
        return round(100 * self.left_seconds / self.seconds, 2) if self.seconds else None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None: nothing is known."""
        return self.left_seconds >= 0 if self.up_ms + self.down_ms else None

    @property
    def uptime_percentage(self) -> float | None:
        """Two decimals; 100 and 0 only where it is exact; None: nothing is known."""
        return percentage(self.up_ms, self.down_ms)
