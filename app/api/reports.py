"""/reports: service levels over a time, to read, to compute with, and to hand on."""

import csv
import io
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response

from app.api.http import Blueprint, reply
from app.api.standby_reads import from_standby
from app.api.windows import window
from app.domain.csv_cells import csv_cell
from app.operations.metrics import sla
from app.operations.reports import monthly as monthly_reports
from app.pages import alert_action
from app.platform.clock import utcnow
from app.platform.errors import NotFound
from app.schemas.sla import (
    MonthlyReportInputSchema,
    MonthlyReportSchema,
    SlaQuerySchema,
    SlaReportSchema,
)
from app.security.access import budget, principal, public, requires
from app.security.link_errors import BadLink
from app.security.subscription_links import read_report

_WIDTH = timedelta(days=30)
_COLUMNS = ("service_id", "name", *sla.FIGURES)

bp = Blueprint("reports", __name__, url_prefix="/reports", description="Service levels.")


@bp.get("/sla")
@requires("services:read")
@bp.accepts(SlaQuerySchema, location="query")
@bp.returns(SlaReportSchema)
@bp.doc(  # type: ignore[untyped-decorator]
    responses={
        200: {
            "content": {
                "text/csv": {"schema": {"type": "string"}, "example": ",".join(_COLUMNS)},
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
            }
        }
    }
)
@budget("reports", 30)
@from_standby
def read(query: dict[str, Any]) -> Response:
    """Report service levels

    Of every service and of all together, the last 30 days unless `from` and `to` say otherwise.
    `csv` has a row for each service, and a last one, without `service_id`, for all; `pdf` has the
    same rows, to hand on.
    """
    since, until = window(query, "from_", "to", _WIDTH)
    now = utcnow()
    until = min(until, now) if since < now else until
    found = sla.report(
        principal().organization_id, since, until, query["sla_target"], query.get("service_id")
    )
    if query["format"] == "json":
        return reply(found)
    zone = ZoneInfo(found["timezone"])
    days = (f"{found[end].astimezone(zone):%Y%m%d}" for end in ("period_start", "period_end"))
    name = f"sla-{'-'.join(days)}.{query['format']}"
    if query["format"] == "csv":
        answer = Response(_csv(found), mimetype="text/csv")
    else:
        # ReportLab, 12 MB, is loaded with the first report that somebody wants on paper.
        pdf = import_module("app.pages.sla_report").pdf(found)
        answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.get("/monthly")
@requires("profile:read")
@bp.returns(MonthlyReportSchema)
def monthly() -> dict[str, Any]:
    """Read whether you get the monthly report"""
    found = principal()
    return monthly_reports.read(found.organization_id, found.user_id)


@bp.put("/monthly")
@requires("profile:write")
@bp.accepts(MonthlyReportInputSchema)
@bp.returns(MonthlyReportSchema)
def subscribe(data: dict[str, Any]) -> dict[str, Any]:
    """Get the monthly report

    By mail, at eight on the first business day of each month in the organization's time zone, for
    the month before. Every mail has a link to get no more.
    """
    found = principal()
    monthly_reports.subscribe(found.organization_id, found.user_id, data["sla_target"])
    return monthly_reports.read(found.organization_id, found.user_id)


@bp.delete("/monthly")
@requires("profile:write")
@bp.returns(None, 204)
def unsubscribe() -> None:
    """Get no more monthly reports"""
    found = principal()
    monthly_reports.unsubscribe(found.organization_id, found.user_id)


@bp.get("/monthly/leave/<signed>")
@public
@bp.returns({"type": "string"}, content_type="text/html", description="A page with a button.")
def ask_to_leave(signed: str) -> Response:
    """Open the link of a monthly report

    Shows a page with a button; opening it changes nothing.
    """
    _link(signed)
    return alert_action.render("Get no more monthly reports?", button="No more reports")


@bp.post("/monthly/leave/<signed>")
@public
@bp.returns({"type": "string"}, content_type="text/html", description="Done.")
def leave(signed: str) -> Response:
    """Get no more monthly reports, by the link of one

    What the button of the page does, and the mail program of who has it (RFC 8058).
    """
    monthly_reports.unsubscribe(*_link(signed))
    return alert_action.render("You get no more monthly reports.")


def _link(signed: str) -> tuple[UUID, UUID]:
    try:
        return read_report(signed)
    except BadLink:
        raise NotFound from None


def _csv(report: dict[str, Any]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    total = {"service_id": None, "name": "All services"} | report["total"]
    rows = [*report["services"], total]
    writer.writerows([csv_cell(row[name]) for name in _COLUMNS] for row in rows)
    return buffer.getvalue()
