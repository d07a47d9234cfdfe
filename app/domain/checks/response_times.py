"""Response times and phases of checks as they are stored and shown."""


def rounded(milliseconds: float | None) -> float | None:
    """Return milliseconds to the hundredth: finer figures of a network are noise."""
    return None if milliseconds is None else round(milliseconds, 2)
