"""Schemas of a forgotten password."""

from app.platform.errors import InvalidCode
from app.schemas.auth import Email, NewPassword
from app.schemas.base import REFUSALS, BaseSchema, Line


class ForgotSchema(BaseSchema):
    """Person whose password is forgotten."""

    email = Email(required=True)


class ResetSchema(BaseSchema):
    """The secret of a link, and the password to be."""

    token = Line(required=True, min=1, max=200, metadata={REFUSALS: [InvalidCode.WRONG_CREDENTIAL]})
    password = NewPassword(required=True)
