"""An SLA report as PDF: a table with a bar of each error budget, and where the downtime was."""

import io
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import reportlab
from reportlab.graphics.charts.barcharts import HorizontalBarChart
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

_FONT, _BOLD = "Vera", "VeraBd"
_FOLDER = Path(reportlab.__file__).parent / "fonts"
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=8, leading=10.5)
_HEAD = ParagraphStyle("head", parent=_TEXT, fontName=_BOLD)
_TITLE = ParagraphStyle("title", parent=_HEAD, fontSize=17, leading=22)
_WIDTHS = (48 * mm, 20 * mm, 24 * mm, 22 * mm, 32 * mm, 34 * mm)
_BAR_WIDTH, _BAR_HEIGHT = 30 * mm, 7
_GOOD, _BAD, _GROUND = (colors.HexColor(c) for c in ("#2e7d32", "#c62828", "#e3e6ea"))
_CHARTED = 8
_LETTERS = 24

for _name in (_FONT, _BOLD):
    pdfmetrics.registerFont(TTFont(_name, str(_FOLDER / f"{_name}.ttf")))


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
        Paragraph(escape(title), _TITLE),
        Paragraph(escape(f"{period}, target {report['sla_target']:g} %"), _TEXT),
        Spacer(1, 5 * mm),
        _table(report),
        Spacer(1, 6 * mm),
    ]
    down = sorted(report["services"], key=lambda row: -row["downtime_seconds"])[:_CHARTED]
    down = [row for row in down if row["downtime_seconds"] > 0]
    if down:
        parts += [Paragraph("Downtime in minutes", _HEAD), _chart(down)]
    parts.append(
        Paragraph(
            "Uptime is the share of known time, up and down. Unknown time, maintenance and pauses"
            " do not count. The error budget is the downtime that the target allows.",
            _TEXT,
        )
    )
    document.build(parts)
    return buffer.getvalue()


def duration(seconds: float) -> str:
    """Return a duration for people, such as `1 h 02 min` or `-4 min 30 s`."""
    sign, whole = "-" if seconds < 0 else "", round(abs(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{sign}{hours} h {minutes:02} min"
    return f"{sign}{minutes} min {rest:02} s" if minutes else f"{sign if whole else ''}{rest} s"


def _table(report: dict[str, Any]) -> Table:
    head = ("Service", "Uptime", "Downtime", "Incidents", "Budget left", "")
    rows = [_row(row["name"], row, _TEXT) for row in report["services"]]
    total = _row("All services", report["total"], _HEAD)
    table = Table(
        [[Paragraph(text, _HEAD) for text in head], *rows, total], colWidths=_WIDTHS, repeatRows=1
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.8, colors.black),
                ("LINEBELOW", (0, 1), (-1, -2), 0.3, _GROUND),
                ("LINEABOVE", (0, -1), (-1, -1), 0.8, colors.black),
            ]
        )
    )
    return table


def _row(name: str, row: dict[str, Any], style: ParagraphStyle) -> list[Flowable]:
    uptime, left = row["uptime_percentage"], row["error_budget_left_percentage"]
    texts = (
        name,
        "no data" if uptime is None else f"{uptime:.2f} %",
        duration(row["downtime_seconds"]),
        str(row["incidents"]),
        duration(row["error_budget_left_seconds"]),
    )
    return [*(Paragraph(escape(text), style) for text in texts), _bar(left, row["is_met"])]


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


def _chart(rows: list[dict[str, Any]]) -> Drawing:
    height = 16.0 * len(rows)
    drawing = Drawing(sum(_WIDTHS), height + 30)
    chart = HorizontalBarChart()
    chart.x, chart.y, chart.width, chart.height = 55 * mm, 22, sum(_WIDTHS) - 65 * mm, height
    chart.data = [[row["downtime_seconds"] / 60 for row in reversed(rows)]]
    chart.categoryAxis.categoryNames = [row["name"][:_LETTERS] for row in reversed(rows)]
    chart.valueAxis.valueMin = 0
    chart.bars[0].fillColor, chart.bars[0].strokeColor = _BAD, None
    for labels in (chart.categoryAxis.labels, chart.valueAxis.labels):
        labels.fontName, labels.fontSize = _FONT, 7
    drawing.add(chart)
    return drawing
