"""Response times of a service as a chart: an area up to the 95th percentile, a line of medians."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from markupsafe import Markup

from app.domain.status_pages.response_times import Range, ceiling
from app.pages.status import times
from app.pages.status.view import View

_WIDTH, _HEIGHT, _TOP = 720, 160, 4
_RANGE_KEYS = {
    Range.DAY: "last_24_hours",
    Range.WEEK: "last_7_days",
    Range.QUARTER: "last_90_days",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """Chart of a service: the picture, the same in words, and as rows."""

    links: tuple[tuple[str, str, bool], ...]  # value of `range`, words, whether it is this one
    sentence: str
    svg: Markup
    top: str
    begin: str
    end: str
    rows: tuple[tuple[str, str, str], ...]


def chart(view: View, key: str, span: Range) -> Chart | None:
    """Return the chart of a service; None for a page that shows no response times."""
    charts = view.snapshot.data["responses"]
    if not view.page["show"].get("response_times") or key not in charts.get("services", {}):
        return None
    found = charts["services"][key].get(span)
    words = view.say(_RANGE_KEYS[span])
    links = tuple((each.value, view.say(_RANGE_KEYS[each]), each is span) for each in Range)
    if found is None:
        return Chart(links, view.say("no_response"), Markup(""), "", "", "", ())
    begin = span.begin(times.read(charts["until"]))
    points: Sequence[list[float] | None] = found["points"]
    top = ceiling(max(point[1] for point in points if point))
    return Chart(
        links,
        view.say("response_sentence", range=words, p50=found["p50"], p95=found["p95"]),
        _svg(points, top),
        f"{top:g} ms",
        _moment(view, span, begin),
        _moment(view, span, begin + span.intervals * span.step),
        tuple(_rows(view, span, begin, points)),
    )


def span_of(text: str) -> Range | None:
    """Return the range that an address names, the day where it names none; None for nonsense."""
    try:
        return Range(text or Range.DAY)
    except ValueError:
        return None


def _rows(
    view: View, span: Range, begin: datetime, points: Sequence[Any]
) -> Iterator[tuple[str, str, str]]:
    for place in reversed(range(len(points))):
        if points[place]:
            p50, p95 = points[place]
            yield _moment(view, span, begin + place * span.step), f"{p50} ms", f"{p95} ms"


def _moment(view: View, span: Range, at: datetime) -> str:
    if span is Range.QUARTER:
        return view.day(at.date())
    return times.moment(at, view.zone, view.snapshot.language)


def _svg(points: Sequence[Any], top: float) -> Markup:
    step = _WIDTH / len(points)
    area, line = [], []
    for run in _runs(points):
        left = run[0] * step
        upper = [(place, points[place][1]) for place in run]
        area.append(f"M{left:.0f},{_HEIGHT}" + _steps(upper, step, top, "L") + f"V{_HEIGHT}z")
        line.append(_steps([(place, points[place][0]) for place in run], step, top, "M"))
    return Markup(  # noqa: S704  made of numbers
        f"<svg viewBox='0 0 {_WIDTH} {_HEIGHT}' preserveAspectRatio=none aria-hidden=true>"
        f"<path class=x d='M0,{_TOP}h{_WIDTH}M0,{_HEIGHT / 2:.0f}h{_WIDTH}M0,{_HEIGHT}h{_WIDTH}'/>"
        f"<path class=z d='{''.join(area)}'/><path class=y d='{''.join(line)}'/></svg>"
    )


def _runs(points: Sequence[Any]) -> Iterator[list[int]]:
    """Yield the places of intervals that follow one another; where nothing was, there is a gap."""
    run: list[int] = []
    for place, point in enumerate([*points, None]):
        if point:
            run.append(place)
        elif run:
            yield run
            run = []


def _steps(values: Sequence[tuple[int, float]], step: float, top: float, begin: str) -> str:
    """Return a path of a level for each interval: nothing is drawn that nobody has measured."""
    parts = []
    for number, (place, value) in enumerate(values):
        height = _HEIGHT - (_HEIGHT - _TOP) * value / top
        parts.append(
            f"{'L' if number else begin}{place * step:.0f},{height:.1f}H{(place + 1) * step:.0f}"
        )
    return "".join(parts)
