"""Request and response shape of /secrets."""

from marshmallow import fields, validate

from app.domain.checks.secret_references import NAME
from app.schemas.base import BaseSchema, Moment, Pattern

# Lower case, as destinations are compared: a name or an address, or everything below a domain.
_HOST = r"^(?:\*\.)?[a-z0-9_](?:[a-z0-9._:-]{0,251}[a-z0-9])?$"


class SecretValueSchema(BaseSchema):
    """Value that replaces a secret's."""

    value = fields.String(
        required=True,
        validate=validate.Length(min=1, max=10_000),
        metadata={"description": "Never shown again.", "example": "s3cr3t"},
    )
    hosts = fields.List(
        fields.String(validate=Pattern(_HOST, error="Must be a host, or *. and a domain.")),
        validate=validate.Length(max=50),
        metadata={
            "description": "The only hosts that the value may be sent to; empty: everywhere. What"
            " names the secret and leads elsewhere is refused.",
            "example": ["api.example.com", "*.internal.example.com"],
        },
    )


class SecretInputSchema(SecretValueSchema):
    """A new secret."""

    name = fields.String(
        required=True,
        validate=Pattern(
            f"^{NAME.pattern}$", error="Must be letters, digits and _, and not begin with a digit."
        ),
        metadata={"description": "Used as {{secrets.NAME}}.", "example": "API_TOKEN"},
    )


class SecretSchema(BaseSchema):
    """A secret as it is listed: without its value."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    hosts = fields.List(fields.String(), required=True)
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
