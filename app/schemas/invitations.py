"""Schemas of /invitations."""

from marshmallow import fields

from app.platform.errors import InvalidCode
from app.schemas.base import REFUSALS, BaseSchema, Choice, Line, Moment
from app.schemas.members import RoleName


class InvitationSchema(BaseSchema):
    """An invitation that nobody has accepted yet."""

    id = fields.UUID(required=True)
    user_id = fields.UUID(
        required=True,
        metadata={"description": "Of the account of this address, or of the one it will get."},
    )
    email = fields.String(required=True, metadata={"examples": ["bob@example.com"]})
    role = RoleName(required=True)
    status = Choice("invited", required=True)
    invited_by = fields.UUID(required=True, allow_none=True)
    expires_at = Moment(required=True)
    created_at = Moment(required=True)


class ListedInvitationSchema(InvitationSchema):
    """An invitation in a list."""

    is_expired = fields.Boolean(required=True)


class SentInvitationSchema(InvitationSchema):
    """An invitation with its link: this is the only time it is shown."""

    invite_url = fields.String(required=True)
    token = fields.String(required=True)
    email_sent = fields.Boolean(required=True)


class OwnInvitationSchema(BaseSchema):
    """An invitation of the caller."""

    id = fields.UUID(required=True)
    organization_id = fields.UUID(required=True)
    organization_name = fields.String(required=True)
    role = RoleName(required=True)
    expires_at = Moment(required=True)
    created_at = Moment(required=True)


class AcceptSchema(BaseSchema):
    """The secret of an invitation."""

    token = Line(required=True, min=1, max=200, metadata={REFUSALS: [InvalidCode.WRONG_CREDENTIAL]})


class AcceptedSchema(BaseSchema):
    """A session in the organization that was joined."""

    token = fields.String(required=True)
    user_id = fields.UUID(required=True)
    org_id = fields.UUID(required=True)
