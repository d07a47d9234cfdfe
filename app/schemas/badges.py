"""Schemas of /badges."""

from app.domain.checks.badges import SPANS
from app.schemas.base import BaseSchema, Choice, Line


class BadgeQuerySchema(BaseSchema):
    """Options of a badge."""

    style = Choice(
        "flat", "plain", load_default="flat", metadata={"description": "`plain`: without a frame."}
    )
    days = Choice(
        *map(str, SPANS),
        metadata={
            "description": "Of so many days is the uptime; missing: 30, on a status page as many as"
            " it shows."
        },
    )
    label = Line(max=60, metadata={"description": "Shown instead of the name."})
