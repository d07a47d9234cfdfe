"""/alert-rules: when a check result raises an alert."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint, invalid
from app.operations.rules import preview as rule_preview
from app.operations.rules import rules as alert_rules
from app.platform.clock import utcnow
from app.platform.cooperative import offload
from app.schemas.alert_rules import (
    AlertRuleChangeSchema,
    AlertRuleFilterSchema,
    AlertRuleInputSchema,
    AlertRuleReplacementSchema,
    AlertRuleSchema,
    PreviewInputSchema,
    PreviewSchema,
)
from app.security.access import caller, requires

bp = Blueprint(
    "alert_rules",
    __name__,
    url_prefix="/alert-rules",
    description="When a check result raises an alert.",
)

_PREVIEWED = timedelta(days=7)


@bp.get("")
@requires("alert_rules:read")
@bp.accepts(AlertRuleFilterSchema, location="query")
@bp.returns(AlertRuleSchema(many=True), headers=PAGE_HEADERS)
def index(query: dict[str, Any]) -> Response:
    """List alert rules

    Newest first. `service_id` selects the rules of that one service; those for all services or for
    a tag have no `service_id`.
    """
    limit, after = pagination.take_page(query)
    return pagination.answer(
        *alert_rules.listed(caller().organization_id, query, limit=limit, after=after)
    )


@bp.post("")
@requires("alert_rules:write")
@bp.accepts(AlertRuleInputSchema)
@bp.returns(AlertRuleSchema, 201)
def create(given: dict[str, Any]) -> dict[str, Any]:
    """Create an alert rule

    It is evaluated after every check result from then on.
    """
    return alert_rules.create(caller().organization_id, given)


@bp.post("/preview")
@requires("alert_rules:read")
@bp.accepts(PreviewInputSchema)
@bp.returns(PreviewSchema)
def preview(given: dict[str, Any]) -> dict[str, Any]:
    """Try an unsaved rule on stored results

    Tells which alerts it would have raised, by the same decisions as live. The last 7 days unless
    `from` and `to` say otherwise. At most 100 services and 50,000 results are looked at, the newest
    of each service; the answer says how many there were.
    """
    until = given.pop("to", None) or utcnow()
    since = given.pop("from_", None) or until - _PREVIEWED
    if since >= until:
        raise invalid({"from": ["Must be before to."]})
    trial = rule_preview.load(caller().organization_id, given, since, until)
    return offload(rule_preview.judge, trial)


@bp.get("/<uuid:rule_id>")
@requires("alert_rules:read")
@bp.returns(AlertRuleSchema)
def read(rule_id: UUID) -> dict[str, Any]:
    """Read an alert rule"""
    return alert_rules.read(caller().organization_id, rule_id)


@bp.patch("/<uuid:rule_id>")
@requires("alert_rules:write")
@bp.accepts(AlertRuleChangeSchema(partial=True))
@bp.returns(AlertRuleSchema)
def change(given: dict[str, Any], rule_id: UUID) -> dict[str, Any]:
    """Change an alert rule

    Changes the given fields and leaves the others. Switching a rule off, or pointing it at other
    services, resolves its open alerts.
    """
    return alert_rules.update(caller().organization_id, rule_id, given)


@bp.put("/<uuid:rule_id>")
@requires("alert_rules:write")
@bp.accepts(AlertRuleReplacementSchema(partial=True))
@bp.returns(AlertRuleSchema)
def replace(given: dict[str, Any], rule_id: UUID) -> dict[str, Any]:
    """Change an alert rule that was read before

    The same as PATCH; fields that only the server sets may be sent along and are ignored.
    """
    return alert_rules.update(caller().organization_id, rule_id, given)


@bp.delete("/<uuid:rule_id>")
@requires("alert_rules:write")
@bp.returns(None, 204)
def delete(rule_id: UUID) -> None:
    """Delete an alert rule

    Its open alerts are resolved; they stay in the history.
    """
    alert_rules.delete(caller().organization_id, rule_id)
