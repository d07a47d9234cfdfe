"""Schemas of /profile."""

from marshmallow import fields, validate

from app.channels import CHANNEL_TYPES
from app.domain.accounts.permissions import Role
from app.platform.errors import InvalidCode
from app.schemas.auth import Email, GivenPassword, NewPassword
from app.schemas.base import REFUSALS, BaseSchema, Choice, Line, Moment, Name, Whole, WholeAnswer
from app.schemas.organization import ZoneName, small

_CONTACT_TYPES = [kind for kind, plugin in CHANNEL_TYPES.items() if plugin.personal]


class ContactMethodSchema(BaseSchema):
    """A way to reach a person, used after a delay."""

    type = Choice(*_CONTACT_TYPES, required=True, metadata={"examples": ["email"]})
    config = fields.Dict(
        keys=Line(max=50),
        load_default=dict,
        metadata={
            REFUSALS: [InvalidCode.UNFIT_CONFIG, InvalidCode.UNKNOWN_REFERENCE],
            "description": "As a notification channel of this type has it; secrets are masked.",
            "examples": [{"to": ["alice@example.com"]}],
        },
    )
    delay_minutes = Whole(min=0, max=1440, load_default=0)


class ContactTestSchema(BaseSchema):
    """Place of the contact method to try."""

    place = Whole(
        min=0,
        max=9,
        load_default=0,
        metadata={
            "description": "Its place in `contact_methods`, from 0. Without any, 0 is the e-mail"
            " address."
        },
    )


class ProfileChangeSchema(BaseSchema):
    """Changes of one's own profile."""

    email = Email()
    full_name = Name()
    timezone = ZoneName()
    contact_methods = fields.List(
        fields.Nested(ContactMethodSchema),
        validate=validate.Length(max=10),
        metadata={"description": "Empty: the e-mail address."},
    )
    preferences = fields.Dict(
        keys=fields.String(),
        validate=small,
        metadata={
            REFUSALS: [InvalidCode.TOO_LARGE],
            "description": "Free for the caller's use, the same in every organization; replaced as"
            " a whole.",
            "examples": [{"theme": "dark", "density": "compact"}],
        },
    )


class ProfileSchema(WholeAnswer, ProfileChangeSchema):
    """A person, in the organization of this session."""

    id = fields.UUID(required=True)
    organization_id = fields.UUID(required=True)
    role = Choice(*(role.value for role in Role), required=True)
    is_operator = fields.Boolean(required=True)
    two_factor_enabled = fields.Boolean(required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)


class PasswordChangeSchema(BaseSchema):
    """The password as it is, and as it shall be."""

    current_password = GivenPassword(
        required=True, metadata={REFUSALS: [InvalidCode.WRONG_CREDENTIAL]}
    )
    new_password = NewPassword(required=True)


class OwnOrganizationSchema(BaseSchema):
    """An organization the caller belongs to."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    slug = fields.String(required=True)
    plan_type = fields.String(required=True)
    timezone = fields.String(
        required=True,
        metadata={"description": "Of its days and months.", "examples": ["Europe/Berlin"]},
    )
    role = Choice(*(role.value for role in Role), required=True)


class SessionInListSchema(BaseSchema):
    """A session of the caller: a browser or a program that is signed in."""

    id = fields.UUID(required=True)
    is_present = fields.Boolean(
        required=True, metadata={"description": "Whether it is the one of this request."}
    )
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True)
    expires_at = Moment(required=True)
    address = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Where it was used from last.", "examples": ["203.0.113.7"]},
    )
    user_agent = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "What it was used with last, as that calls itself.",
            "examples": ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"],
        },
    )
