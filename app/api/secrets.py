"""/secrets: values that configs use as `{{secrets.NAME}}`, and that nobody reads again."""

from typing import Any
from uuid import UUID

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations import secrets
from app.schemas.secrets import SecretInputSchema, SecretSchema, SecretValueSchema
from app.security.access import principal, requires

bp = Blueprint(
    "secrets",
    __name__,
    url_prefix="/secrets",
    description="Values that the configs of checks and channels use as {{secrets.NAME}}.",
)


add_routes(
    bp,
    ResourceRoutes(
        noun="a secret",
        plural="the names of secrets",
        permission="secrets",
        id_name="secret_id",
        answer=SecretSchema,
        filter=None,
        body=SecretInputSchema,
        change=SecretValueSchema(),
        operations=Operations(
            listed=secrets.listed,
            create=secrets.create,
            update=secrets.update,
            delete=secrets.delete,
        ),
        ordered="In alphabetical order. Values are never answered.",
        titles={"change": "Give a secret another value"},
        notes={
            "change": "Checks that use it run with the new value from now on.",
            "delete": "Refused while a service or a channel uses it.",
        },
    ),
)


@bp.put("/<uuid:secret_id>")
@requires("secrets:write")
@bp.accepts(SecretValueSchema)
@bp.returns(SecretSchema)
def put(changes: dict[str, Any], secret_id: UUID) -> dict[str, Any]:
    """Give a secret another value

    The same as PATCH.
    """
    return secrets.update(principal().organization_id, secret_id, changes)
