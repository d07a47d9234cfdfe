"""/practice: an outage that is real but for its cause, to see the whole chain work."""

from typing import Any

from flask import Response

from app.api.http import Blueprint
from app.operations.services import practice, services
from app.platform.bootstrap import runtime
from app.schemas.practice import PracticeSchema
from app.security import practice_links
from app.security.access import principal, public, requires
from app.security.practice_links import FAILS_SECONDS

bp = Blueprint("practice", __name__, url_prefix="/practice", description="A practice outage.")


@bp.get("")
@requires("services:read")
@bp.returns(PracticeSchema)
def read() -> dict[str, Any]:
    """Read the practice outage

    The service "Practice" and its last alert, whose timeline says who was told when.
    """
    return _state()


@bp.post("")
@requires("services:write")
@bp.returns(PracticeSchema)
def start() -> dict[str, Any]:
    """Practise an outage

    A service "Practice" watches a page of this server that fails for 20 seconds from its first
    check. Everything else is real: the check, the alert, the messages, the recovery. Starting again
    lets the same service fail anew.
    """
    organization_id = principal().organization_id
    endpoint = practice_links.make()
    known = practice.find(organization_id, practice_links.prefix())
    if known is None:
        services.create(organization_id, _service(endpoint))
    else:
        services.update(organization_id, known, {"endpoint": endpoint, "is_active": True})
    return _state()


@bp.delete("")
@requires("services:write")
@bp.returns(None, 204)
def stop() -> None:
    """Remove the practice outage

    Deletes the service; its alert is resolved.
    """
    known = practice.find(principal().organization_id, practice_links.prefix())
    if known is not None:
        services.delete(principal().organization_id, [known])


@bp.get("/target/<token>")
@public
@bp.returns({"type": "string"}, content_type="text/plain", description="It works.")
@bp.describes(503, {"type": "string"}, content_type="text/plain", description="It fails.")
def target(token: str) -> Response:
    """Ask the page that fails

    What the service "Practice" watches.
    """
    if practice_links.is_failing(token):
        return Response("This page fails for practice.\n", 503, mimetype="text/plain")
    return Response("This page works again.\n", mimetype="text/plain")


def _state() -> dict[str, Any]:
    found = practice.read(principal().organization_id, practice_links.prefix())
    return found | {"fails_seconds": FAILS_SECONDS}


def _service(endpoint: str) -> dict[str, Any]:
    return {
        "name": "Practice",
        "description": "A page of this server that fails on purpose. Remove it when you are done.",
        "endpoint": endpoint,
        "check_type": "HTTP",
        "check_interval_seconds": max(10, runtime().config.min_check_interval_seconds),
        "timeout_seconds": 5,
        "tags": ["practice"],
        "config": {"verify_tls": False},
    }
