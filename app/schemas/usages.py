"""Schema of what uses an object."""

from marshmallow import fields

from app.schemas.base import BaseSchema


class UsagesSchema(BaseSchema):
    """Users of an object, which cannot be deleted before."""

    used_by = fields.List(
        fields.String(metadata={"examples": ["alert rule Checkout"]}),
        required=True,
        metadata={"description": "Each with its kind and its name."},
    )
