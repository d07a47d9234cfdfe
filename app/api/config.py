"""/config: an organization's configuration as a file."""

from typing import Any

from flask import Response, request
from werkzeug.exceptions import BadRequest

from app.api.bodies import body_of
from app.api.configuration_kinds import KINDS
from app.api.http import Blueprint, invalid, json_of, reply, unacceptable
from app.domain.configuration import foreign, text
from app.domain.configuration.foreign import ForeignError
from app.domain.configuration.text import TextError, UnacceptableText
from app.operations.configuration import applying, exporting
from app.platform.cooperative import offload
from app.platform.errors import Fault, InvalidCode
from app.schemas.config import (
    ApplyQuerySchema,
    ConfigDocumentSchema,
    ConfigImportInputSchema,
    ConfigImportSchema,
    ConfigPlanSchema,
    ExportQuerySchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint("config", __name__, url_prefix="/config", description="Configuration as a file.")
_YAML = "application/yaml"  # RFC 9512; the others are older habits
_YAML_TYPES = (_YAML, "application/x-yaml", "text/yaml", "text/x-yaml")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": ConfigDocumentSchema},
            _YAML: {"schema": ConfigDocumentSchema},
        },
    }
}


@bp.get("/export")
@requires("config:read")
@bp.accepts(ExportQuerySchema, location="query")
@bp.documents(responses={200: {"content": {_YAML: {"schema": ConfigDocumentSchema}}}})
@bp.returns(
    ConfigDocumentSchema, description="The document, as YAML unless `format` says otherwise."
)
@budget("configuration files", 30)
def export(query: dict[str, Any]) -> Response:
    """Export the configuration

    Channels, schedules, policies, services, rules, heartbeats, status pages and maintenance
    windows, each under a key that stays the same from now on. Secrets are masked, people stand with
    their e-mail addresses, and history is left out.
    """
    document = exporting.export(principal().organization_id, KINDS)
    if query["format"] == "json":
        return reply(document)
    return Response(offload(text.write, document), content_type=f"{_YAML}; charset=utf-8")


@bp.post("/plan")
@requires("config:write")
@bp.accepts(ApplyQuerySchema, location="query")
@bp.documents(**_BODY)
@bp.returns(ConfigPlanSchema)
@budget("configuration files", 30)
def plan(query: dict[str, Any]) -> dict[str, Any]:
    """Plan a configuration

    What applying the document would make, change and delete, and what stands in its way; nothing is
    stored. The document is JSON or YAML. A field that it leaves out stays as it is, and takes its
    default in a new object; a secret sent as `********` stays too.
    """
    return _run(query, dry_run=True)


@bp.post("/apply")
@requires("config:write")
@bp.accepts(ApplyQuerySchema, location="query")
@bp.documents(**_BODY)
@bp.returns(ConfigPlanSchema)
@budget("configuration files", 30)
def apply(query: dict[str, Any]) -> dict[str, Any]:
    """Apply a configuration

    Does what a plan says, in one transaction: all of it, or nothing and 422 with every error.
    Objects are found by their keys; one that no document held before is found by the key that an
    export would give it.
    """
    return _run(query, dry_run=False)


@bp.post("/import")
@requires("config:read")
@bp.accepts(ConfigImportInputSchema)
@bp.returns(ConfigImportSchema)
@budget("configuration files", 30)
def convert(data: dict[str, Any]) -> dict[str, Any]:
    """Convert the configuration of another monitor

    Makes a document of what Uptime Kuma (its JSON backup), Gatus (`config.yaml`) or Healthchecks
    (`GET /api/v3/checks/`) exported. Nothing is stored: plan and apply the document.
    """
    try:
        document, notes = offload(foreign.convert, data["source"], data["text"].encode())
    except ForeignError as error:
        raise invalid({"text": [Fault(InvalidCode.MALFORMED, str(error))]}) from None
    if not data["with_channels"]:
        document.pop("notification_channels", None)
    return {"document": document, "notes": notes}


def _run(query: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    return applying.run(
        principal().organization_id, _document(), KINDS, prune=query["prune"], dry_run=dry_run
    )


def _document() -> Any:
    """Return the body, which may be JSON or YAML. Raises 400, 413, 415 or 422."""
    if request.mimetype not in _YAML_TYPES:
        return json_of(request)
    try:
        return offload(text.read, body_of(request))
    except UnacceptableText as error:
        raise unacceptable(error.value) from None
    except TextError as error:
        raise BadRequest(str(error)) from None
