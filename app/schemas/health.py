"""What /ready gives."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Choice


class ReadySchema(BaseSchema):
    """Whether requests can be served."""

    status = Choice("ready", "not ready", required=True)
    degraded = fields.List(
        fields.String(), metadata={"description": "What is away, while work goes on without it."}
    )
    error = fields.String(metadata={"description": "Why not, in fixed words."})
