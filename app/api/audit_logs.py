"""/audit-logs: who did what."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from flask import Response, stream_with_context

from app.api.http import PAGE_HEADERS, Blueprint, invalid, page, read_cursor, write_cursor
from app.api.standby_reads import from_standby
from app.domain.csv_cells import csv_cell
from app.operations.accounts import audit_logs
from app.platform.events import timestamp
from app.schemas.audit_logs import AuditFilterSchema, AuditLogSchema
from app.security.access import budget, check_again, principal, requires

bp = Blueprint("audit_logs", __name__, url_prefix="/audit-logs", description="Who did what.")

_COLUMNS = (
    "id",
    "timestamp",
    "event",
    "actor_type",
    "actor_id",
    "actor_email",
    "actor_ip",
    "resource_type",
    "resource_id",
    "resource_name",
    "before",
    "after",
)
_CHECK_EVERY = 1000  # entries of an export
CSV = {"content": {"text/csv": {"schema": {"type": "string"}, "example": ",".join(_COLUMNS)}}}


@bp.get("")
@requires("audit_logs:read")
@bp.accepts(AuditFilterSchema, location="query")
@bp.returns(AuditLogSchema(many=True), headers=PAGE_HEADERS)
@bp.doc(responses={200: CSV})  # type: ignore[untyped-decorator]
@budget("audit log", 120)
@from_standby
def index(query: dict[str, Any]) -> Response:
    """Read the audit log

    Newest first. Nobody can change or delete a line of it.
    """
    return show(principal().organization_id, query)


def show(organization_id: UUID | None, query: dict[str, Any]) -> Response:
    """Return the log that a query asks for, as JSON or CSV; raises Invalid for a wrong cursor."""
    limit, cursor = query.pop("limit"), read_cursor(query.pop("cursor", None))
    if query.pop("format") == "csv":
        lines = _lines(_while_allowed(audit_logs.everything(organization_id, query)))
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = 'attachment; filename="audit-log.csv"'
        return answer
    after = None
    if cursor is not None:
        if not cursor[1].isdecimal() or len(cursor[1]) > 18:
            raise invalid({"cursor": ["Not one that this list gave."]})
        after = cursor[0], int(cursor[1])
    found, position = audit_logs.listed(organization_id, query, limit=limit, after=after)
    return page(found, write_cursor(position[0], str(position[1])) if position else None)


def _while_allowed(entries: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield entries while the caller may read them: an export takes as long as its reader does."""
    for number, entry in enumerate(entries, 1):
        yield entry
        if number % _CHECK_EVERY == 0:
            check_again()


def _lines(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(_COLUMNS)
    for entry in entries:
        writer.writerow([csv_cell(value) for value in _values(entry)])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _values(entry: dict[str, Any]) -> list[Any]:
    actor, resource = entry["actor"], entry["resource"]
    return [
        entry["id"],
        timestamp(entry["timestamp"]),
        entry["event"],
        *(actor[name] for name in ("type", "id", "email", "ip")),
        *(resource[name] for name in ("type", "id", "name")),
        *(entry[side] and json.dumps(entry[side]) for side in ("before", "after")),
    ]
