"""Status that a probe comes to."""

from app.domain.types import Probe, Status


def grade(probe: Probe, response_time_ms: float | None, slow_threshold_ms: int) -> Status:
    """Return RED for a failed probe, YELLOW for a warning or a slow answer, else GREEN."""
    if not probe.ok:
        return Status.RED
    if probe.warning is not None:
        return Status.YELLOW
    if response_time_ms is not None and response_time_ms > slow_threshold_ms:
        return Status.YELLOW
    return Status.GREEN
