"""Schemas of /practice."""

from marshmallow import fields

from app.schemas.alerts import AlertDetailSchema
from app.schemas.base import BaseSchema
from app.schemas.services import ServiceSchema


class PracticeSchema(BaseSchema):
    """The practice outage of an organization, if there is one."""

    service = fields.Nested(
        ServiceSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null: none was started, or it was removed."},
    )
    alert = fields.Nested(
        AlertDetailSchema,
        required=True,
        allow_none=True,
        metadata={"description": "The last alert of the service, with its timeline."},
    )
    fails_seconds = fields.Integer(
        required=True, metadata={"description": "For how long it fails.", "examples": [20]}
    )
