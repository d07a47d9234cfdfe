"""Schemas of the second factor."""

from marshmallow import fields, validate

from app.platform.errors import InvalidCode
from app.schemas.base import REFUSALS, BaseSchema, Line


class Code(Line):
    """Six digits of an authenticator app, or a recovery code."""

    def __init__(self) -> None:
        super().__init__(
            min=1,
            max=40,
            required=True,
            metadata={REFUSALS: [InvalidCode.WRONG_CREDENTIAL], "examples": ["123456"]},
        )


class CodeSchema(BaseSchema):
    """A code that proves the second factor."""

    code = Code()


class SecondStepSchema(BaseSchema):
    """The second step of signing in."""

    challenge = fields.String(
        required=True,
        validate=validate.Length(1, 1000),
        metadata={REFUSALS: [InvalidCode.WRONG_CREDENTIAL]},
    )
    code = Code()


class SetupSchema(BaseSchema):
    """A key for an authenticator app."""

    secret = fields.String(required=True, metadata={"examples": ["JBSWY3DPEHPK3PXP"]})
    uri = fields.String(
        required=True, metadata={"description": "What the QR code says: `otpauth://totp/…`."}
    )
    qr_code = fields.String(
        required=True,
        metadata={"description": "The QR code for the app's camera: an SVG in a `data:` URI."},
    )


class RecoveryCodesSchema(BaseSchema):
    """Codes for the day the authenticator is lost; each is good once. Shown only now."""

    recovery_codes = fields.List(
        fields.String(metadata={"examples": ["abcd-efgh-ijkl-mnop"]}), required=True
    )
