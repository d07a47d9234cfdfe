"""Schemas of /members."""

from typing import Any

from marshmallow import fields

from app.domain.accounts.permissions import Role
from app.schemas.auth import Email
from app.schemas.base import BaseSchema, Choice, Moment, PageSchema

ROLES = (*(role.value for role in Role), "member")


class RoleName(Choice):
    """A role; `member` is another name of `editor`."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"description": "`member` is `editor` by another name.", "examples": ["member"]}
        super().__init__(*ROLES, metadata=metadata, **kwargs)


class MemberFilterSchema(PageSchema):
    """Filter of members."""

    role = Choice(*(role.value for role in Role))


class MemberInputSchema(BaseSchema):
    """Person who shall be a member."""

    email = Email(required=True)
    role = RoleName(load_default="member")


class RemovalSchema(BaseSchema):
    """Successor of a member who goes."""

    replace_with = fields.UUID(
        metadata={"description": "Takes their place in schedules, overrides, policies and teams."}
    )


class MemberChangeSchema(BaseSchema):
    """The role a member shall have."""

    role = RoleName(required=True)


class MemberSchema(BaseSchema):
    """A person in the organization."""

    id = fields.UUID(required=True, metadata={"description": "Of the membership."})
    user_id = fields.UUID(required=True)
    email = fields.String(required=True, metadata={"examples": ["bob@example.com"]})
    full_name = fields.String(required=True)
    role = RoleName(required=True)
    status = Choice("active", required=True)
    joined_at = Moment(required=True)
    two_factor_enabled = fields.Boolean(required=True)
