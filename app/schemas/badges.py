"""What /badges takes."""

from app.schemas.base import BaseSchema, Line


class BadgeQuerySchema(BaseSchema):
    """How a badge looks."""

    label = Line(max=60, metadata={"description": "Shown instead of the name."})
