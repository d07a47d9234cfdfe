"""What the forms of status pages take."""

from marshmallow import EXCLUDE, Schema, fields, validate

from app.schemas.base import Line


class OpenFormSchema(Schema):
    """The form that opens a page with its password."""

    class Meta:
        unknown = EXCLUDE

    page = Line(required=True, max=100, metadata={"examples": ["acme"]})
    password = fields.String(required=True, validate=validate.Length(max=200))
