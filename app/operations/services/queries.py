"""Services as they are answered: one query, its rows turned into plain JSON data."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from app.operations import paging
from app.operations.rows import beginning
from app.operations.snapshots.alerting import (
    AlertingSnapshot,
    alerting_snapshot,
    alerting_snapshots,
)
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
        name: f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS {name}"""
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


def _services(rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield a service for its rows, one of each region, which follow one another."""
    badges = f"{runtime().config.base_url}/api/v1/badges"
    for _, regions in groupby(rows, attrgetter("id")):
        row, *others = regions
        yield _to_json(_put_together([row, *others]) if others else row, badges)


def _put_together(regions: list[Any]) -> Any:
    """Return one row for all regions of a service.

    The last check is that of the region which checked last; an error is shown while any region
    still has one.
    """
    regions.sort(key=lambda row: row.last_checked_at or "", reverse=True)
    last = regions[0]
    due = min((row.next_check_at for row in regions if row.next_check_at), default=None)
    error = next((row.last_error for row in regions if row.last_error), None)
    return last._replace(next_check_at=due, last_error=error)


def _to_json(row: Any, badges: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "organization_id": row.organization_id,
        "name": row.name,
        "endpoint": row.endpoint,
        "check_type": row.check_type,
        "description": row.description,
        "environment": row.environment,
        "check_interval_seconds": row.check_interval_seconds,
        "timeout_seconds": row.timeout_seconds,
        "tags": row.tags,
        "is_active": row.is_active,
        "config": _shown(row.config),
        "slow_threshold_ms": row.slow_threshold_ms,
        "failure_threshold": row.failure_threshold,
        "recovery_threshold": row.recovery_threshold,
        "retry_interval_seconds": row.retry_interval_seconds,
        "regions": row.regions,
        "region_quorum": row.region_quorum,
        "depends_on": row.depends_on,
        "escalation_policy_id": row.escalation_policy_id,
        "status": row.status,
        "in_maintenance": False,
        "last_checked_at": row.last_checked_at,
        "last_response_time_ms": row.last_response_time_ms,
        "last_error": row.last_error,
        "status_changed_at": row.status_changed_at,
        "next_check_at": row.next_check_at,
        "badge_url": f"{badges}/{row.badge_key}/status.svg",
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _shown(stored: str) -> Any:
    if stored == "{}":
        return {}
    config = json.loads(stored)
    return mask(config) if '"$sealed"' in stored else config


def to_json(tx: Transaction, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return services as they stand within the caller's transaction, in the order of their ids."""
    rows = tx.rows(f"{_SELECT} WHERE s.id = ANY(%s) ORDER BY s.id", (list(ids),))
    by_id = {found["id"]: found for found in _services(rows)}
    _mark_maintenance(tx, list(by_id.values()))
    return [by_id[str(id)] for id in ids if str(id) in by_id]


def _mark_maintenance(tx: Transaction, found: Sequence[dict[str, Any]]) -> None:
    """Say of each service whether it is in a maintenance window now."""
    organizations = {service["organization_id"] for service in found}
    alerting = alerting_snapshots(tx, set(map(UUID, organizations)))
    _mark_by(tx, {str(id): current for id, current in alerting.items()}, found)


def _mark_by(
    tx: Transaction, alerting: Mapping[str, AlertingSnapshot], found: Sequence[dict[str, Any]]
) -> None:
    if not any(current.windows for current in alerting.values()):
        return
    now = tx.now()
    for service in found:
        until = alerting[service["organization_id"]].maintenance_until(
            UUID(service["id"]), service["tags"], now
        )
        service["in_maintenance"] = until is not None


def read(organization_id: UUID, service_id: UUID) -> dict[str, Any]:
    """Return one service of an organization. Raises NotFound."""
    with transaction() as tx:
        rows = tx.rows(
            f"{_SELECT} WHERE s.id = %s AND s.organization_id = %s", (service_id, organization_id)
        )
        if not rows:
            raise NotFound
        service = next(_services(rows))
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
    filters: Mapping[str, Any] | None = None,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> tuple[list[dict[str, Any]], tuple[datetime, UUID] | None, int | None]:
    """Return a page of an organization's services, newest first.

    With it the position to go on from, None at the end, and how many services match in all, None
    where the page is past the last one. Errors are cut to their beginning.
    """
    where, values = filtered(organization_id, filters or {})
    seek = paging.seek("s.created_at", "s.id", limit=limit, after=after)
    values |= seek.values
    # Fixed pieces of SQL. The page is cut first: only its services need their state.
    page = f"SELECT * FROM services s WHERE {where} AND {seek.where} {seek.order_by}"  # noqa: S608
    total = f"SELECT count(*) FROM services s WHERE {where}"  # noqa: S608
    # With them what says whether the maintenance windows that are remembered are those of now.
    version = "SELECT alerting_version FROM organizations WHERE id = %(organization_id)s"
    statement = (
        f"{_COLUMNS}, ({total}) AS total, ({version}) AS alerting_version"
        f" FROM ({page}) s {_STATE} {_NEWEST}"
    )
    with transaction() as tx:
        rows = tx.rows(statement, values)
        found, position = paging.cut(list(_services(rows)), limit, _position_of)
        if rows:
            alerting = alerting_snapshot(tx, organization_id, rows[0].alerting_version)
            _mark_by(tx, {str(organization_id): alerting}, found)
    for service in found:
        service["last_error"] = beginning(service["last_error"])
    if not rows:
        return [], None, None if after else 0
    return found, position, rows[0].total


def _position_of(answer: Mapping[str, Any]) -> tuple[datetime, UUID]:
    return datetime.fromisoformat(answer["created_at"]), UUID(answer["id"])


def _escape_pattern(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
