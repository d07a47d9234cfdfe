"""/services/bulk and /alerts/bulk: one action on many, with an outcome for each."""

from functools import partial
from typing import Any
from uuid import UUID

from app.api.alerts import actor
from app.api.http import Blueprint, invalid
from app.operations.alerts import lifecycle
from app.operations.services import activation, services
from app.operations.services import bulk as service_bulk
from app.operations.services.bulk import Outcomes
from app.platform.errors import AppError, Conflict, NotFound
from app.schemas.bulk import (
    ALLOWED,
    NEEDED,
    AlertBulkResultSchema,
    AlertBulkSchema,
    ServiceBulkResultSchema,
    ServiceBulkSchema,
    bulk_result,
)
from app.security.access import budget, principal, requires

bp = Blueprint("bulk", __name__, description="One action on many.")


@bp.post("/services/bulk")
@requires("services:write")
@bp.accepts(ServiceBulkSchema)
@bp.returns(ServiceBulkResultSchema)
@budget("bulk changes", 60)
def change_services(data: dict[str, Any]) -> dict[str, Any]:
    """Act on many services

    `pause`, `resume`, `delete`, `tag` and `untag` act on all of them or none: one unknown id is
    404, and nothing is changed. `update` and `check` act on each that allows it, and `results` says
    of every other one why not. `check` does not wait for the results.
    """
    _check_needs(data, ("tags", "changes"))
    action, ids = data["action"], data["ids"]
    return bulk_result(action, ids, _act(action, ids, data))


def _act(action: str, ids: list[UUID], data: dict[str, Any]) -> Outcomes:
    organization_id = principal().organization_id
    if action == "update":
        return service_bulk.update(organization_id, ids, data["changes"])
    if action == "check":
        return service_bulk.check(organization_id, ids)
    if action == "delete":
        services.delete(organization_id, ids)
    elif action == "tag":
        service_bulk.add_tags(organization_id, ids, data["tags"])
    elif action == "untag":
        service_bulk.remove_tags(organization_id, ids, data["tags"])
    else:
        activation.set_active(organization_id, ids, active=action == "resume")
    return {}


@bp.post("/alerts/bulk")
@requires("alerts:act")
@bp.accepts(AlertBulkSchema)
@bp.returns(AlertBulkResultSchema)
@budget("bulk changes", 60)
def change_alerts(data: dict[str, Any]) -> dict[str, Any]:
    """Act on many alerts

    Each by itself, as the route of the action does; `results` says of every one how it went.
    """
    _check_needs(data, ("minutes", "note"))
    action, ids = data["action"], data["ids"]
    act = {
        "acknowledge": partial(lifecycle.acknowledge, note=data.get("note")),
        "resolve": partial(lifecycle.resolve, note=data.get("note")),
        "snooze": partial(lifecycle.snooze, minutes=data.get("minutes", 0)),
    }[action]
    errors: dict[UUID, AppError | None] = {}
    for id in ids:
        try:
            act(principal().organization_id, id, actor=actor())
        except (NotFound, Conflict) as error:
            errors[id] = error
    return bulk_result(action, ids, errors)


def _check_needs(data: dict[str, Any], fields: tuple[str, ...]) -> None:
    """Raise Invalid where the action lacks what it needs, or has what it cannot use."""
    action = data["action"]
    for field in fields:
        if NEEDED.get(action) == field and field not in data:
            raise invalid({field: [f"Required with the action {action}."]})
        if field not in (NEEDED.get(action), ALLOWED.get(action)) and field in data:
            raise invalid({field: [f"Not possible with the action {action}."]})
