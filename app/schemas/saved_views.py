"""Schemas of /saved-views."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Choice, Flag, Line, Name, OwnedAnswer, PageSchema

SCREENS = ("services", "heartbeats", "alerts", "certificates", "wall")


class SavedViewInputSchema(BaseSchema):
    """The fields of a view that callers set."""

    name = Name(required=True, max=100, metadata={"examples": ["Payments, production"]})
    screen = Choice(*SCREENS, required=True, metadata={"examples": ["services"]})
    query = Line(
        required=True,
        max=2000,
        metadata={
            "description": "Filters, order and columns, as they stand in the page's address.",
            "examples": ["tag=payments&env=production"],
        },
    )
    is_shared = Flag(
        metadata={"default": False, "description": "true: for everybody in the organization."}
    )
    is_pinned = Flag(metadata={"default": False})


class SavedViewSchema(OwnedAnswer, SavedViewInputSchema):
    """A view as it is answered."""

    user_id = fields.UUID(required=True, metadata={"description": "Whose it is."})
    is_own = fields.Boolean(required=True)


class SavedViewChangeSchema(SavedViewInputSchema):
    """The fields of a view to change; the others stay."""


class SavedViewFilterSchema(PageSchema):
    """Filter of views."""

    screen = Choice(*SCREENS)
