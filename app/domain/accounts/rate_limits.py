"""Request limits as a client reads them: the numbers of the `X-RateLimit-…` headers."""

from dataclasses import dataclass
from math import ceil

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """Allowance of a client: a bucket of `burst` requests that refills at `limit` a minute.

    Remaining counts down from `limit`; what the bucket holds beyond it is a reserve for bursts, of
    which nobody should plan the use.
    """

    limit: int
    used: float  # requests that have not flowed out of the bucket yet, this one among them
    now: float  # Unix seconds
    retry_after: float = 0.0  # seconds; 0: this request was allowed

    @property
    def is_allowed(self) -> bool:
        """Say whether this request may go on."""
        return self.retry_after <= 0

    def headers(self) -> dict[str, str]:
        """Return the headers of the answer; Reset is when the whole limit is free again."""
        remaining = max(0, self.limit - ceil(self.used)) if self.is_allowed else 0
        full_at = self.now + self.used * WINDOW_SECONDS / self.limit
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": str(ceil(full_at)),
            "X-RateLimit-Window": str(WINDOW_SECONDS),
        }
