"""Schemas of /teams."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Moment, Name, OwnedAnswer, Text
from app.schemas.replacements import Replacement, answer_only


class TeamInputSchema(BaseSchema):
    """The fields of a team that callers set."""

    name = Name(required=True, metadata={"examples": ["On call"]})
    description = Text(load_default="")


class TeamChangeSchema(BaseSchema):
    """The fields of a team to change; the others stay."""

    name = Name()
    description = Text()


class TeamSchema(OwnedAnswer, TeamInputSchema):
    """A team."""

    members_count = fields.Integer(required=True)


class TeamReplacementSchema(Replacement, TeamChangeSchema):
    """A team as it was read and then edited: what only the server sets is ignored."""

    ignored = answer_only(TeamSchema, TeamInputSchema)


class TeamMemberInputSchema(BaseSchema):
    """A member of the organization."""

    user_id = fields.UUID(required=True)


class TeamMemberSchema(BaseSchema):
    """Member of a team."""

    id = fields.UUID(required=True)
    team_id = fields.UUID(required=True)
    user_id = fields.UUID(required=True)
    email = fields.String(required=True)
    full_name = fields.String(required=True)
    added_at = Moment(required=True)
