"""Services as they are answered: one query, its rows turned into plain JSON data."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from app.operations.rows import beginning
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.bootstrap import runtime
from app.platform.errors import NotFound
from app.platform.transaction import Transaction, transaction
from app.security.sealing import mask

# Times come as the text they are answered in, and a config as text too: most of them are empty or
# hold no secret, and nothing has to be looked for in those.
_COLUMNS = """
SELECT s.id::text, s.organization_id::text, s.name, s.endpoint, s.check_type, s.description,
    s.environment, s.check_interval_seconds, s.timeout_seconds, s.tags, s.is_active,
    s.config::text, s.slow_threshold_ms, s.failure_threshold, s.recovery_threshold,
    s.retry_interval_seconds, s.regions, s.region_quorum, s.depends_on::text[],
    s.escalation_policy_id::text, s.status, {status_changed_at}, {created_at}, {updated_at},
    {next_check_at}, {last_checked_at}, e.last_response_time_ms, e.last_error,
    s.badge_key
""".format_map(
    {
        name: f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        for name, column in {
            "status_changed_at": "s.status_changed_at",
            "created_at": "s.created_at",
            "updated_at": "s.updated_at",
            "next_check_at": "e.next_due_at",
            "last_checked_at": "e.last_checked_at",
        }.items()
    }
)
_STATE = "LEFT JOIN schedule_entries e ON e.service_id = s.id"
_SELECT = f"{_COLUMNS} FROM services s {_STATE}"


def _answers(rows: Iterable[tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """Yield a service for its rows, one of each region, which follow one another."""
    for _, regions in groupby(rows, itemgetter(0)):
        row, *others = regions
        yield _answer(_put_together([row, *others]) if others else row)


def _put_together(regions: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return one row for all regions of a service.

    The last check is that of the region which checked last; an error is shown while any region
    still has one.
    """
    regions.sort(key=lambda row: row[25] or "", reverse=True)
    last = regions[0]
    due = min((row[24] for row in regions if row[24]), default=None)
    error = next((row[27] for row in regions if row[27]), None)
    return (*last[:24], due, *last[25:27], error, *last[28:])


def _answer(row: tuple[Any, ...]) -> dict[str, Any]:
    return {
        "id": row[0],
        "organization_id": row[1],
        "name": row[2],
        "endpoint": row[3],
        "check_type": row[4],
        "description": row[5],
        "environment": row[6],
        "check_interval_seconds": row[7],
        "timeout_seconds": row[8],
        "tags": row[9],
        "is_active": row[10],
        "config": _shown(row[11]),
        "slow_threshold_ms": row[12],
        "failure_threshold": row[13],
        "recovery_threshold": row[14],
        "retry_interval_seconds": row[15],
        "regions": row[16],
        "region_quorum": row[17],
        "depends_on": row[18],
        "escalation_policy_id": row[19],
        "status": row[20],
        "in_maintenance": False,
        "last_checked_at": row[25],
        "last_response_time_ms": row[26],
        "last_error": row[27],
        "status_changed_at": row[21],
        "next_check_at": row[24],
        "badge_url": f"{runtime().config.base_url}/api/v1/badges/{row[28]}/status.svg",
        "created_at": row[22],
        "updated_at": row[23],
    }


def _shown(stored: str) -> Any:
    if stored == "{}":
        return {}
    config = json.loads(stored)
    return mask(config) if '"$sealed"' in stored else config


def answers(tx: Transaction, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return services as they stand within the caller's transaction, in the order of their ids."""
    rows = tx.driver.execute(
        f"{_SELECT} WHERE s.id = ANY(%s) ORDER BY s.id", (list(ids),)
    ).fetchall()
    by_id = {found["id"]: found for found in _answers(rows)}
    _mark_maintenance(tx, list(by_id.values()))
    return [by_id[str(id)] for id in ids if str(id) in by_id]


def _mark_maintenance(tx: Transaction, found: Sequence[dict[str, Any]]) -> None:
    """Say of each service whether it is in a maintenance window now."""
    organizations = {service["organization_id"] for service in found}
    alerting = alerting_snapshots(tx, set(map(UUID, organizations)))
    if not any(current.windows for current in alerting.values()):
        return
    now = tx.now()
    for service in found:
        until = alerting[UUID(service["organization_id"])].maintenance_until(
            UUID(service["id"]), service["tags"], now
        )
        service["in_maintenance"] = until is not None


def read(organization_id: UUID, service_id: UUID) -> dict[str, Any]:
    """Return one service of an organization. Raises NotFound."""
    with transaction() as tx:
        rows = tx.driver.execute(
            f"{_SELECT} WHERE s.id = %s AND s.organization_id = %s", (service_id, organization_id)
        ).fetchall()
        if not rows:
            raise NotFound
        service = next(_answers(rows))
        _mark_maintenance(tx, [service])
    return service


_NEWEST = "ORDER BY s.created_at DESC, s.id DESC"
# A filter is a fixed piece of SQL; what the caller wrote travels as its parameter.
_FILTERS = {
    "status": "s.status = %(status)s",
    "tag": "%(tag)s = ANY(s.tags)",
    "environment": "s.environment = %(environment)s",
    "check_type": "s.check_type = %(check_type)s",
    "is_active": "s.is_active = %(is_active)s",
    "q": "(s.name ILIKE %(q)s OR s.endpoint ILIKE %(q)s OR s.description ILIKE %(q)s)",
}


def filtered(organization_id: UUID, filters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the condition that leaves the services `s` of an organization which match the filters
    of a list, and its parameters."""
    values: dict[str, Any] = {**filters, "organization_id": organization_id}
    if "q" in values:
        values["q"] = f"%{_escape_pattern(values['q'])}%"
    conditions = ["s.organization_id = %(organization_id)s", *(_FILTERS[name] for name in filters)]
    return " AND ".join(conditions), values


def listed(
    organization_id: UUID,
    filters: Mapping[str, Any],
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> tuple[list[dict[str, Any]], tuple[datetime, UUID] | None, int | None]:
    """Return a page of an organization's services, newest first.

    With it the position to go on from, None at the end, and how many services match in all, None
    where the page is past the last one. Errors are cut to their beginning.
    """
    where, values = filtered(organization_id, filters)
    values["limit"] = limit + 1
    onward = ""
    if after is not None:
        onward = "AND (s.created_at, s.id) < (%(after_at)s, %(after_id)s)"
        values |= {"after_at": after[0], "after_id": after[1]}
    # Fixed pieces of SQL. The page is cut first: only its services need their state.
    page = f"SELECT * FROM services s WHERE {where} {onward} {_NEWEST} LIMIT %(limit)s"  # noqa: S608
    total = f"SELECT count(*) FROM services s WHERE {where}"  # noqa: S608
    statement = f"{_COLUMNS}, ({total}) FROM ({page}) s {_STATE} {_NEWEST}"
    with transaction() as tx:
        rows = tx.driver.execute(statement, values).fetchall()
        found, position = list(_answers(rows)), None
        _mark_maintenance(tx, found)
    for service in found:
        service["last_error"] = beginning(service["last_error"])
    if not rows:
        return [], None, None if after else 0
    if len(found) > limit:
        found.pop()
        position = _position_of(found[-1])
    return found, position, rows[0][29]


def _position_of(answer: Mapping[str, Any]) -> tuple[datetime, UUID]:
    return datetime.fromisoformat(answer["created_at"]), UUID(answer["id"])


def _escape_pattern(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
