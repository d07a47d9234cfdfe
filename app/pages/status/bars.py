"""Days as bars: one symbol of good days, and a path for those that were not."""

from itertools import groupby
from typing import Any

from markupsafe import Markup

from app.domain.status_pages.days import DayState, height

STEP, WIDTH, HEIGHT, GOOD = 4, 3, 20, 9
_BASE = 18  # where bars stand; below it today is marked
_SLOW_HEIGHT = 13
_LEAST_DOWN, _MOST_DOWN = 14, 18


def symbols(days: int) -> Markup:
    """Return the definitions that the bars of a page use."""
    length = days * STEP - (STEP - WIDTH)
    today = (days - 1) * STEP
    parts = (
        f"<svg width=0 height=0 aria-hidden=true><symbol id=days viewBox=0,0,{length},{HEIGHT}",
        f" preserveAspectRatio=none><path class=u d='M0 {_BASE - GOOD / 2:g}h{length}'",
        f" stroke-width={GOOD} stroke-dasharray=3,1 /><path class=t d='M{today} 19.5h3'/></symbol>",
        "<pattern id=h width=3 height=3 patternUnits=userSpaceOnUse",
        " patternTransform=rotate(45)><path class=m d='M0 0h3v1.6h-3z'/></pattern></svg>",
    )
    return Markup("".join(parts))  # noqa: S704  made of numbers


def svg(service: dict[str, Any]) -> Markup:
    """Return the bars of a service: the good days by reference, the others drawn over them."""
    paths = "".join(_paths(service))
    if not paths:
        return Markup("<svg><use href=#days /></svg>")
    length = len(service["states"]) * STEP - (STEP - WIDTH)
    box = f"<svg viewBox=0,0,{length},{HEIGHT} preserveAspectRatio=none><use href=#days />"
    return Markup(f"{box}{paths}</svg>")  # noqa: S704  made of numbers


def _paths(service: dict[str, Any]) -> list[str]:
    drawn: dict[str, str] = {}
    place = 0
    for state, run in groupby(service["states"]):
        count = len(list(run))
        if state == DayState.NOTHING:
            middle, length = _BASE - GOOD / 2, count * STEP - (STEP - WIDTH)
            drawn["n"] = drawn.get("n", "") + f"M{place * STEP} {middle:g}h{length}"
            drawn["o"] = drawn.get("o", "") + f"M{place * STEP + 1} {middle:g}h{length}"
        elif state != DayState.UP:
            tops = (_top(service, state, at) for at in range(place, place + count))
            path = "".join(_bar(place + i, tall) for i, tall in enumerate(tops))
            drawn[state] = drawn.get(state, "") + path
        place += count
    return [path for letter, line in drawn.items() for path in _drawn(letter, line)]


def _top(service: dict[str, Any], state: str, at: int) -> int:
    if state == DayState.DOWN:
        extra = height(service["down_seconds"].get(str(at), 0))
        return round(_LEAST_DOWN + extra * (_MOST_DOWN - _LEAST_DOWN))
    return _SLOW_HEIGHT if state == DayState.SLOW else GOOD


def _bar(at: int, tall: int) -> str:
    return f"M{at * STEP} {_BASE - tall}h3v{tall}h-3z"


def _drawn(letter: str, path: str) -> list[str]:
    if letter == DayState.MAINTENANCE:  # hatched, on the ground
        return [f"<path class=g d='{path}'/>", f"<path fill=url(#h) d='{path}'/>"]
    return [f"<path class={letter} d='{path}'/>"]
