"""Schema of the answer to a ping."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Moment


class PingAnswerSchema(BaseSchema):
    """A ping that is stored durably."""

    status = fields.String(required=True, metadata={"const": "ok", "examples": ["ok"]})
    monitor = fields.String(required=True, metadata={"examples": ["Nightly backup"]})
    pinged_at = Moment(required=True)
