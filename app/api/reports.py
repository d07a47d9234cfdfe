"""/reports: service levels over a time, to read, to compute with, and to hand on."""

import csv
import io
from datetime import timedelta
from typing import Any

from flask import Response

from app.api.http import Blueprint, reply
from app.api.windows import window
from app.domain.csv_cells import csv_cell
from app.operations.metrics import sla
from app.pages import sla_report
from app.platform.clock import utcnow
from app.schemas.sla import SlaQuerySchema, SlaReportSchema
from app.security.access import budget, principal, requires

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
    name = f"sla-{found['period_start']:%Y%m%d}-{found['period_end']:%Y%m%d}.{query['format']}"
    if query["format"] == "csv":
        answer = Response(_csv(found), mimetype="text/csv")
    else:
        answer = Response(sla_report.pdf(found), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _csv(report: dict[str, Any]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    total = {"service_id": None, "name": "All services"} | report["total"]
    rows = [*report["services"], total]
    writer.writerows([csv_cell(row[name]) for name in _COLUMNS] for row in rows)
    return buffer.getvalue()
