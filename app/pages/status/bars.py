"""Days as bars: one symbol of good days, and a path for those that were not."""

from itertools import groupby
from typing import Any

from markupsafe import Markup

from app.domain.status_pages.days import DayState, height

STEP, HEIGHT, GOOD = 4, 20, 9
USUAL_DAYS = 90
_BASE = 18  # where bars stand; below it today is marked
_SLOW_HEIGHT = 13
_LEAST_DOWN, _MOST_DOWN = 14, 18


def symbols(days: int) -> Markup:
    """Return the definitions that the bars of a page use."""
    length, middle = days * STEP, _BASE - GOOD / 2
    parts = (
        "<svg width=0 height=0 aria-hidden=true>",
        f"<g id=d><path class=u d='M.5 {middle:g}h{length - 1}' stroke-dasharray=3,1 />",
        f"<path class=t d='M{length - 3.5} 19.5h3'/></g>",
        "<pattern id=h width=3 height=3 patternUnits=userSpaceOnUse",
        " patternTransform='scale(.25,1)rotate(45)'><path class=m d='M0 .8h3'/></pattern></svg>",
    )
    return Markup("".join(parts))  # noqa: S704  made of numbers


def svg(service: dict[str, Any]) -> Markup:
    """Return the bars of a service: the good days by reference, the others drawn over them.

    The usual ninety days are drawn pixel by pixel, 360 wide; fewer of them are stretched.
    """
    days = len(service["states"])
    box = f" viewBox=0,0,{days * STEP},{HEIGHT} preserveAspectRatio=none"
    if days == USUAL_DAYS:
        box = ""
    paths = "".join(_paths(service))
    return Markup(f"<svg{box}><use href=#d />{paths}</svg>")  # noqa: S704  made of numbers


def _paths(service: dict[str, Any]) -> list[str]:
    """Return the paths of days, a day wide and upwards from the ground: styles put them there.

    Two hundred services have a thousand such days, and each digit counts.
    """
    drawn: dict[str, str] = {}
    place = 0
    for state, run in groupby(service["states"]):
        count = len(list(run))
        if state == DayState.NOTHING:
            middle, length = GOOD / 2, count - 1 / STEP
            drawn["n"] = drawn.get("n", "") + f"M{place - 1.5 / STEP},{middle:g}h{length}"
            drawn["o"] = drawn.get("o", "") + f"M{place - 0.5 / STEP},{middle:g}h{length}"
        elif state != DayState.UP:
            tops = (_top(service, state, at) for at in range(place, place + count))
            path = "".join(f"M{place + i},0v{top}" for i, top in enumerate(tops))
            drawn[state] = drawn.get(state, "") + path
        place += count
    return [path for letter, line in drawn.items() for path in _drawn(letter, line)]


def _top(service: dict[str, Any], state: str, at: int) -> int:
    if state == DayState.DOWN:
        extra = height(service["down_seconds"].get(str(at), 0))
        return round(_LEAST_DOWN + extra * (_MOST_DOWN - _LEAST_DOWN))
    return _SLOW_HEIGHT if state == DayState.SLOW else GOOD


def _drawn(letter: str, path: str) -> list[str]:
    if letter == DayState.MAINTENANCE:  # hatched, on the ground
        return [f"<path class=g d={path} />", f"<path stroke=url(#h) d={path} />"]
    if letter == DayState.DOWN:  # the most frequent: the style of a path without a class
        return [f"<path d={path} />"]
    return [f"<path class={letter} d={path} />"]
