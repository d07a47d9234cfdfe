"""Schemas of /session."""

from marshmallow import fields

from app.domain.accounts.permissions import Role
from app.schemas.base import BaseSchema, Choice, Moment
from app.schemas.profile import OwnOrganizationSchema


class BegunSessionSchema(BaseSchema):
    """A session that has begun, or the demand for a second factor."""

    user_id = fields.UUID()
    org_id = fields.UUID()
    two_factor_required = fields.Boolean(
        metadata={"description": "true: send `challenge` with a code to `/session/2fa`."}
    )
    challenge = fields.String(metadata={"description": "Good for five minutes."})


class PermissionSchema(BaseSchema):
    """Permission: whether the caller has it, and who has."""

    allowed = fields.Boolean(required=True)
    least_role = Choice(
        *(role.value for role in Role),
        required=True,
        metadata={"description": "The least role that may."},
    )


class SessionSchema(BaseSchema):
    """Session: who is signed in, in which organization, and what they may do there."""

    user_id = fields.UUID(required=True)
    email = fields.String(required=True, metadata={"examples": ["alice@example.com"]})
    full_name = fields.String(required=True, metadata={"examples": ["Alice Example"]})
    timezone = fields.String(required=True, metadata={"examples": ["Europe/Berlin"]})
    preferences = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": "Of the person, as in the profile; those of the web console are in"
            " `console`.",
            "examples": [{"console": {"theme": "dark", "density": "compact"}}],
        },
    )
    is_operator = fields.Boolean(required=True)
    two_factor_enabled = fields.Boolean(required=True)
    expires_at = Moment(required=True, allow_none=True)
    org_id = fields.UUID(required=True)
    role = Choice(*(role.value for role in Role), required=True)
    organizations = fields.List(
        fields.Nested(OwnOrganizationSchema),
        required=True,
        metadata={"description": "Those of `?org=<slug>`, in alphabetical order."},
    )
    permissions = fields.Dict(
        keys=fields.String(),
        values=fields.Nested(PermissionSchema),
        required=True,
        metadata={"description": "By name, e.g. `services:write`."},
    )
