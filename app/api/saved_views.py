"""/saved-views: lists with their filters, under a name."""

from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import Blueprint
from app.operations.accounts import saved_views
from app.schemas.saved_views import (
    SavedViewChangeSchema,
    SavedViewFilterSchema,
    SavedViewInputSchema,
    SavedViewSchema,
)
from app.security.access import principal

bp = Blueprint(
    "saved_views", __name__, url_prefix="/saved-views", description="Lists with their filters."
)


add_routes(
    bp,
    ResourceRoutes(
        noun="a saved view",
        plural="saved views",
        permission="saved_views",
        id_name="view_id",
        answer=SavedViewSchema,
        body=SavedViewInputSchema,
        change=SavedViewChangeSchema(partial=True),
        replacement=None,
        filter=SavedViewFilterSchema,
        owner=principal,
        operations=Operations.of(saved_views),
        ordered="The caller's own and those that are shared, newest first.",
        titles={"create": "Save a view"},
        notes={
            "create": "Everybody may save their own; sharing it needs the role editor.",
            "change": "Changes the given fields and leaves the others. A shared one needs the role "
            "editor.",
            "delete": "One's own, or a shared one with the role editor.",
        },
    ),
)
