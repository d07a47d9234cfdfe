"""Schemas of the forms, the host look-up and the preview of status pages."""

from marshmallow import EXCLUDE, Schema, fields, validate

from app.schemas.base import BaseSchema, Line


class OpenFormSchema(Schema):
    """The form that opens a page with its password."""

    class Meta:
        unknown = EXCLUDE

    page = Line(
        load_default="",
        max=100,
        metadata={"examples": ["acme"], "description": "Its slug; not on a host of its own."},
    )
    password = fields.String(required=True, validate=validate.Length(max=200))


class DomainQuerySchema(BaseSchema):
    """Host that a proxy asks about."""

    domain = Line(required=True, max=253, metadata={"examples": ["status.example.com"]})


class PreviewQuerySchema(BaseSchema):
    """Page that a preview is of."""

    page_id = fields.UUID(metadata={"description": "The page that would be changed."})


class PreviewServiceSchema(BaseSchema):
    """A service that a page would show."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    is_new = fields.Boolean(required=True)


class StatusPagePreviewSchema(BaseSchema):
    """A page as it would be."""

    html = fields.String(required=True)
    services = fields.List(fields.Nested(PreviewServiceSchema), required=True)
