"""/alert-rules: when a check result raises an alert."""

from datetime import timedelta
from typing import Any

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint, invalid
from app.operations.rules import preview as rule_preview
from app.operations.rules import rules as alert_rules
from app.platform.clock import utcnow
from app.platform.cooperative import offload
from app.platform.errors import Fault, InvalidCode
from app.schemas.alert_rules import (
    AlertRuleChangeSchema,
    AlertRuleFilterSchema,
    AlertRuleInputSchema,
    AlertRuleReplacementSchema,
    AlertRuleSchema,
    PreviewInputSchema,
    PreviewSchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint(
    "alert_rules",
    __name__,
    url_prefix="/alert-rules",
    description="When a check result raises an alert.",
)

add_routes(
    bp,
    ResourceRoutes(
        noun="an alert rule",
        plural="alert rules",
        permission="alert_rules",
        id_name="rule_id",
        answer=AlertRuleSchema,
        body=AlertRuleInputSchema,
        change=AlertRuleChangeSchema(partial=True),
        replacement=AlertRuleReplacementSchema(partial=True),
        filter=AlertRuleFilterSchema,
        operations=Operations.of(alert_rules),
        notes={
            "list": "`service_id` selects the rules of that one service; those for all services "
            "or for a tag have no `service_id`.",
            "create": "It is evaluated after every check result from then on.",
            "change": "Changes the given fields and leaves the others. Switching a rule off, or "
            "pointing it at other services, resolves its open alerts.",
            "delete": "Its open alerts are resolved; they stay in the history.",
        },
    ),
)

_PREVIEWED = timedelta(days=7)


@bp.post("/preview")
@requires("alert_rules:read")
@bp.accepts(PreviewInputSchema)
@bp.returns(PreviewSchema)
@budget("previews", 30)
def preview(data: dict[str, Any]) -> dict[str, Any]:
    """Try an unsaved rule on stored results

    Tells which alerts it would have raised, by the same decisions as live. The last 7 days unless
    `from` and `to` say otherwise. At most 100 services and 50,000 results are looked at, the newest
    of each service; the answer says how many there were.
    """
    until = data.pop("to", None) or utcnow()
    since = data.pop("from_", None) or until - _PREVIEWED
    if since >= until:
        raise invalid({"from": [Fault(InvalidCode.WRONG_TIME, "Must be before to.")]})
    trial = rule_preview.load(principal().organization_id, data, since, until)
    return offload(rule_preview.evaluate, trial)
