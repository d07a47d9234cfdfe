"""Schemas of /api-keys."""

from marshmallow import fields, validate

from app.domain.accounts.permissions import Scope
from app.schemas.base import BaseSchema, Choice, Moment, Name, WholeAnswer
from app.schemas.replacements import Replacement, answer_only
from app.schemas.services import Distinct


class ApiKeyInputSchema(BaseSchema):
    """The fields of a key that callers set."""

    name = Name(required=True, metadata={"examples": ["Deploy script"]})
    scopes = Distinct(
        Choice(*(scope.value for scope in Scope)),
        required=True,
        validate=validate.Length(min=1),
        metadata={
            "description": "`wall` reads `GET /services/wall` and nothing else; `read` includes it,"
            " `write` and `alerts` include `read`, `admin` includes all. Never beyond the maker's"
            " role, also when that changes later.",
            "examples": [["read", "alerts"]],
        },
    )
    expires_at = Moment(
        allow_none=True,
        metadata={"description": "Default: never.", "examples": ["2030-01-01T00:00:00Z"]},
    )


class ApiKeySchema(WholeAnswer, ApiKeyInputSchema):
    """A key, without the key."""

    id = fields.UUID(required=True)
    prefix = fields.String(required=True, metadata={"examples": ["WK_3f9a2c41"]})
    expires_at = Moment(required=True, allow_none=True)
    last_used_at = Moment(
        required=True, allow_none=True, metadata={"description": "To the minute."}
    )
    created_by = fields.UUID(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class NewApiKeySchema(ApiKeySchema):
    """A key with the key itself: this is the only time it is shown."""

    key = fields.String(required=True, metadata={"examples": ["WK_3f9a2c41…"]})


class ApiKeyChangeSchema(ApiKeyInputSchema):
    """The fields of a key to change; the others stay."""


class ApiKeyReplacementSchema(Replacement, ApiKeyInputSchema):
    """A key as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(ApiKeySchema, ApiKeyInputSchema)
