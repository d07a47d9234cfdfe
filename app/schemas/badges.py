"""Schemas of /badges."""

from app.schemas.base import BaseSchema, Choice, Line


class BadgeQuerySchema(BaseSchema):
    """Options of a badge."""

    style = Choice(
        "flat", "plain", load_default="flat", metadata={"description": "`plain`: without a frame."}
    )
    label = Line(max=60, metadata={"description": "Shown instead of the name."})
