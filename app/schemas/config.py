"""Schemas of /config."""

from marshmallow import fields

from app.domain.configuration.documents import KINDS
from app.domain.configuration.foreign import SOURCES
from app.platform.errors import InvalidCode
from app.schemas.base import REFUSALS, BaseSchema, Choice, Flag, WrittenFlag

_ITEMS = "Objects with a `key`, and fields as the API has them: a reference is the key of an object"


class ConfigDocumentSchema(BaseSchema):
    """A configuration: objects by kind, each with a stable key."""

    version = fields.Integer(metadata={"enum": [1], "examples": [1]})


for _kind in KINDS:
    ConfigDocumentSchema._declared_fields[_kind] = fields.List(
        fields.Dict(), metadata={"description": f"{_ITEMS}.", "examples": [[]]}
    )


class ExportQuerySchema(BaseSchema):
    """Format of an export."""

    format = Choice("yaml", "json", load_default="yaml")


class ApplyQuerySchema(BaseSchema):
    """Options of applying a document: what becomes of objects it leaves out."""

    prune = WrittenFlag(
        load_default=False,
        metadata={
            "description": "true: delete what was part of a document before and is in this one no"
            " more. What no document ever held is left alone."
        },
    )


class ConfigChangeSchema(BaseSchema):
    """An object that a document makes, changes or deletes."""

    action = Choice("create", "update", "delete", required=True)
    kind = Choice(*KINDS, required=True, metadata={"examples": ["services"]})
    key = fields.String(required=True, metadata={"examples": ["shop"]})
    name = fields.String(required=True, metadata={"examples": ["Shop"]})
    fields_ = fields.Dict(
        data_key="fields",
        required=True,
        allow_none=True,
        metadata={
            "description": "With `update`: what each field was and becomes; secrets are masked."
        },
    )


class ConfigErrorSchema(BaseSchema):
    """Error of an object in a configuration document."""

    kind = Choice(*KINDS, required=True)
    key = fields.String(required=True, metadata={"examples": ["shop"]})
    error = fields.String(required=True)
    fields_ = fields.Dict(data_key="fields", required=True, allow_none=True)


class ConfigSummarySchema(BaseSchema):
    """Numbers of each kind of change."""

    create = fields.Integer(required=True)
    update = fields.Integer(required=True)
    delete = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)
    errors = fields.Integer(required=True)


class ConfigPlanSchema(BaseSchema):
    """Plan of a configuration document: its changes, and the errors that stand in its way."""

    summary = fields.Nested(ConfigSummarySchema, required=True)
    changes = fields.List(fields.Nested(ConfigChangeSchema), required=True)
    errors = fields.List(fields.Nested(ConfigErrorSchema), required=True)


class ConfigImportInputSchema(BaseSchema):
    """The export of another monitor."""

    source = Choice(*SOURCES, required=True)
    text = fields.String(
        required=True,
        metadata={
            REFUSALS: [InvalidCode.MALFORMED],
            "description": "The exported file, JSON or YAML.",
            "examples": ["endpoints:\n  - name: shop\n    url: https://shop.example.com\n"],
        },
    )
    with_channels = Flag(load_default=True)


class ConfigImportSchema(BaseSchema):
    """The document made of it, to be planned and applied, and what could not be taken over."""

    document = fields.Nested(ConfigDocumentSchema, required=True)
    notes = fields.List(
        fields.String(metadata={"examples": ["Shop: the proxy was left out."]}), required=True
    )
