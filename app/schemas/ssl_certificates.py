"""Response shape of /ssl-certificates."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Choice, Moment


class SslCertificateSchema(BaseSchema):
    """The certificate a service showed last."""

    service_id = fields.UUID(required=True)
    domain = fields.String(required=True, metadata={"example": "shop.example.com"})
    issuer = fields.String(required=True, metadata={"example": "Let's Encrypt"})
    valid_from = Moment(required=True)
    valid_to = Moment(required=True)
    days_until_expiry = fields.Integer(
        required=True, metadata={"description": "Whole days; below 0 once expired.", "example": 29}
    )
    status = Choice(
        "GREEN",
        "YELLOW",
        "RED",
        required=True,
        metadata={"description": "YELLOW inside the warning window; RED expired or not valid."},
    )
    port = fields.Integer(required=True, metadata={"example": 443})
    subject = fields.String(required=True)
    sans = fields.List(fields.String(), required=True)
    fingerprint_sha256 = fields.String(required=True)
    chain_valid = fields.Boolean(required=True)
    error = fields.String(required=True, allow_none=True)
    key_type = fields.String(required=True, metadata={"example": "EC secp256r1"})
    last_checked_at = Moment(required=True)
    previous_fingerprint = fields.String(required=True, allow_none=True)
    changed_at = Moment(required=True, allow_none=True)
