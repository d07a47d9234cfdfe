"""Schemas of /audit-logs."""

from marshmallow import fields

from app.schemas.base import NUMBER_PATTERN, BaseSchema, Choice, Cursor, Line, Moment, PageSchema
from app.schemas.stretches import InOrder, Since


class AuditFilterSchema(InOrder, PageSchema):
    """Filter of the log."""

    cursor = Cursor(NUMBER_PATTERN)
    since = Since("Not before this time.")
    until = Moment(data_key="to", metadata={"description": "Before this time."})
    actor = Line(max=254, metadata={"description": "Id or e-mail address of whoever acted."})
    event = Line(
        max=100, metadata={"description": "An event, `service.deleted`, or its noun, `service`."}
    )
    resource_type = Line(max=50)
    resource_id = Line(max=200)
    format = Choice(
        "json",
        "csv",
        load_default="json",
        metadata={"description": "`csv` gives every line that matches, without pages."},
    )


class AuditActorSchema(BaseSchema):
    """Actor of an entry."""

    type = fields.String(required=True, metadata={"examples": ["user"]})
    id = fields.UUID(required=True, allow_none=True)
    email = fields.String(required=True, allow_none=True)
    ip = fields.String(required=True, allow_none=True, metadata={"examples": ["192.0.2.7"]})


class AuditResourceSchema(BaseSchema):
    """Resource that was acted on."""

    type = fields.String(required=True, allow_none=True, metadata={"examples": ["service"]})
    id = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class AuditLogSchema(BaseSchema):
    """One change. After an update, `before` and `after` hold the fields that differ."""

    id = fields.String(required=True)
    timestamp = Moment(required=True)
    event = fields.String(required=True, metadata={"examples": ["service.updated"]})
    actor = fields.Nested(AuditActorSchema, required=True)
    resource = fields.Nested(AuditResourceSchema, required=True)
    before = fields.Dict(required=True, allow_none=True, metadata={"description": "Masked."})
    after = fields.Dict(required=True, allow_none=True, metadata={"description": "Masked."})
