"""An SLA report as PDF: a table with a bar of each error budget, and where the downtime was."""

import io
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from app.pages.pdf_text import BOLD, FONT, markup

_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=8, leading=10.5)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName=BOLD)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=17, leading=22)
_WIDTHS = (48 * mm, 20 * mm, 24 * mm, 22 * mm, 32 * mm, 34 * mm)
_BAR_WIDTH, _BAR_HEIGHT = 30 * mm, 7
_GOOD, _BAD, _GROUND = (colors.HexColor(c) for c in ("#2e7d32", "#c62828", "#e3e6ea"))
_CHARTED = 8
_CHART_WIDTHS = (48 * mm, 104 * mm, 28 * mm)


def pdf(report: dict[str, Any]) -> bytes:
    """Return a report of `app.operations.metrics.sla` as PDF, times in the organization's zone."""
    buffer = io.BytesIO()
    zone = ZoneInfo(report["timezone"])
    begin, end = (report[name].astimezone(zone) for name in ("period_start", "period_end"))
    period = f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} ({report['timezone']})"
    title = f"Service levels of {report['organization']}"
    document = SimpleDocTemplate(
        buffer, pagesize=A4, title=title, leftMargin=15 * mm, rightMargin=15 * mm
    )
    parts: list[Flowable] = [
        _paragraph(title, _TITLE),
        _paragraph(f"{period}, target {report['sla_target']:.15g} %", _TEXT),
        Spacer(1, 5 * mm),
        _table(report),
        Spacer(1, 6 * mm),
    ]
    down = sorted(report["services"], key=lambda row: -row["downtime_seconds"])[:_CHARTED]
    down = [row for row in down if row["downtime_seconds"] > 0]
    if down:
        parts += [_paragraph("The most downtime", _HEAD), _chart(down), Spacer(1, 6 * mm)]
    parts.append(
        _paragraph(
            "Uptime is the share of known time, up and down. Unknown time, maintenance and pauses"
            " do not count. The error budget is the downtime that the target allows.",
            _TEXT,
        )
    )
    document.build(parts)
    return buffer.getvalue()


def duration(seconds: float) -> str:
    """Return a duration for people, such as `1 h 02 min`, `-4 min 30 s`, `< 1 s` or `0 s`."""
    if 0 < abs(seconds) < 1:
        return "< 1 s" if seconds > 0 else "> -1 s"
    sign, whole = "-" if seconds < 0 else "", round(abs(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{sign}{hours} h {minutes:02} min"
    return f"{sign}{minutes} min {rest:02} s" if minutes else f"{sign}{rest} s"


def _table(report: dict[str, Any]) -> Table:
    head = ("Service", "Uptime", "Downtime", "Incidents", "Budget left", "")
    rows = [_row(row["name"], row, _TEXT) for row in report["services"]]
    total = _row("All services", report["total"], _HEAD)
    table = Table(
        [[_paragraph(text, _HEAD) for text in head], *rows, total], colWidths=_WIDTHS, repeatRows=1
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("FONT", (0, 1), (-1, -2), FONT, _TEXT.fontSize, _TEXT.leading),
                ("FONT", (0, -1), (-1, -1), BOLD, _HEAD.fontSize, _HEAD.leading),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
                ("LINEBELOW", (0, 1), (-1, -2), 0.3, _GROUND),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, colors.black),
            ]
        )
    )
    return table


def _row(name: str, row: dict[str, Any], style: ParagraphStyle) -> list[Flowable | str]:
    uptime, left = row["uptime_percentage"], row["error_budget_left_percentage"]
    # Figures are short and Latin: as plain text they are laid out in a tenth of the time.
    figures = (
        "no data" if uptime is None else f"{uptime:.2f} %",
        duration(row["downtime_seconds"]),
        str(row["incidents"]),
        duration(row["error_budget_left_seconds"]),
    )
    return [_paragraph(name, style), *figures, _bar(left, row["is_met"])]


def _paragraph(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(markup(text, style.fontName), style)


def _bar(left: float | None, is_met: bool | None) -> Drawing:
    """Draw what is left of a budget: all of the bar is all of it; a spent one is red as a whole."""
    drawing = Drawing(_BAR_WIDTH, _BAR_HEIGHT)
    ground = _BAD if is_met is False else _GROUND
    drawing.add(Rect(0, 0, _BAR_WIDTH, _BAR_HEIGHT, fillColor=ground, strokeColor=None))
    share = max(0.0, left or 0.0) / 100
    if share:
        width = _BAR_WIDTH * share
        drawing.add(Rect(0, 0, width, _BAR_HEIGHT, fillColor=_GOOD, strokeColor=None))
    return drawing


def _chart(rows: list[dict[str, Any]]) -> Table:
    """Draw a bar of the downtime of each row, the first of which has the longest."""
    longest = rows[0]["downtime_seconds"]
    width = _CHART_WIDTHS[1] - 4 * mm
    cells = []
    for row in rows:
        bar = Drawing(width, _BAR_HEIGHT)
        share = row["downtime_seconds"] / longest
        bar.add(Rect(0, 0, max(0.5, width * share), _BAR_HEIGHT, fillColor=_BAD, strokeColor=None))
        down = duration(row["downtime_seconds"])
        cells.append([_paragraph(row["name"], _TEXT), bar, _paragraph(down, _TEXT)])
    return Table(cells, colWidths=_CHART_WIDTHS, style=[("VALIGN", (0, 0), (-1, -1), "MIDDLE")])
