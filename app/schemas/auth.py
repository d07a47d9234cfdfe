"""Schemas of /auth."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.domain import mail_addresses
from app.domain.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from app.platform.errors import Fault, InvalidCode
from app.schemas.base import REFUSALS, BaseSchema, Choice, Line, Name

_NO_EMAIL = "Must be an e-mail address."


class Email(fields.String):
    """The e-mail address of an account, in the one form of all its spellings."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            REFUSALS: [InvalidCode.MALFORMED],
            "format": "idn-email",
            "pattern": mail_addresses.PATTERN,
            "examples": ["alice@example.com"],
        }
        super().__init__(
            validate=validate.Length(max=mail_addresses.MAX_LENGTH), metadata=metadata, **kwargs
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        given = super()._deserialize(value, attr, data, **kwargs).strip()
        try:
            return mail_addresses.parse_mail_address(given).lower()
        except ValueError:
            raise ValidationError(Fault(InvalidCode.MALFORMED, _NO_EMAIL)) from None


class GivenEmail(fields.String):
    """An e-mail address to be compared."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"examples": ["alice@example.com"]}
        super().__init__(
            validate=validate.Length(1, mail_addresses.MAX_LENGTH), metadata=metadata, **kwargs
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        return mail_addresses.same_address(super()._deserialize(value, attr, data, **kwargs))


class NewPassword(fields.String):
    """A password to be: its length is validated here, whether it is common by the view."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            REFUSALS: [InvalidCode.WEAK_PASSWORD],
            "format": "password",
            "examples": ["correct horse battery staple"],
        }
        super().__init__(
            validate=validate.Length(MIN_LENGTH, MAX_LENGTH), metadata=metadata, **kwargs
        )


class GivenPassword(fields.String):
    """A password to be compared."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"format": "password", "examples": ["correct horse battery staple"]}
        metadata |= kwargs.pop("metadata", {})
        super().__init__(validate=validate.Length(1, 1024), metadata=metadata, **kwargs)


class RegisterSchema(BaseSchema):
    """A new account."""

    email = Email(required=True)
    password = NewPassword(required=True)
    full_name = Name(required=True, metadata={"examples": ["Alice Example"]})
    invitation_token = Line(
        max=200,
        metadata={
            REFUSALS: [InvalidCode.WRONG_CREDENTIAL],
            "description": "Of an invitation: joins its organization, and founds none.",
        },
    )


class RegisteredSchema(BaseSchema):
    """The ids of a new account."""

    message = fields.String(required=True, metadata={"examples": ["registered successfully"]})
    user_id = fields.UUID(required=True)
    org_id = fields.UUID(required=True)


class LoginSchema(BaseSchema):
    """Credentials."""

    email = GivenEmail(required=True)
    password = GivenPassword(required=True)


class TokenSchema(BaseSchema):
    """A session: send the token as `Authorization: Bearer <token>`."""

    token = fields.String(required=True, metadata={"description": "Valid for 72 hours."})
    user_id = fields.UUID(required=True)
    org_id = fields.UUID(required=True)


class LoginAnswerSchema(BaseSchema):
    """A session, or the demand for a second factor."""

    token = fields.String(metadata={"description": "Valid for 72 hours."})
    user_id = fields.UUID()
    org_id = fields.UUID()
    two_factor_required = fields.Boolean(
        metadata={"description": "true: send `challenge` with a code to `/auth/login/2fa`."}
    )
    challenge = fields.String(metadata={"description": "Good for five minutes."})


class SwitchSchema(BaseSchema):
    """The organization to go on with."""

    org_id = fields.UUID(required=True)


class AuthOptionsSchema(BaseSchema):
    """Ways to get an account on this server."""

    is_first_account = fields.Boolean(
        required=True, metadata={"description": "Nobody has registered yet."}
    )
    registration = Choice(
        "open",
        "invite",
        "closed",
        required=True,
        metadata={"description": "Who may register; the first account always may."},
    )
    mail_configured = fields.Boolean(
        required=True, metadata={"description": "Whether this server can send e-mail."}
    )
    version = fields.String(required=True, metadata={"examples": ["1.0.0"]})
