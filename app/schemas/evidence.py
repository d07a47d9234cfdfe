"""Query and response shape of /services/{id}/evidence."""

from marshmallow import fields

from app.schemas.base import BaseSchema, Moment
from app.schemas.check_history import CheckResultSchema


class EvidenceQuerySchema(BaseSchema):
    """Selection of evidence."""

    check_id = fields.UUID(metadata={"description": "Without it, the latest that is kept."})


class EvidenceSchema(BaseSchema):
    """Evidence of a failed check, and what had changed since the last good one."""

    check_id = fields.UUID(required=True)
    service_id = fields.UUID(required=True)
    at = Moment(required=True)
    region = fields.String(required=True)
    check = fields.Nested(CheckResultSchema, required=True, allow_none=True)
    evidence = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": "As far as the protocol has them: the address dialled, the status line,"
            " headers, the first 2 kB of the body, the certificate chain, redirects.",
            "example": {"address": "203.0.113.7", "status_line": "HTTP/1.1 502 Bad Gateway"},
        },
    )
    last_good_check = fields.Nested(CheckResultSchema, required=True, allow_none=True)
    difference = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={
            "description": "What is not as in the last good check: {field: {before, after}}.",
            "example": {"status_code": {"before": 200, "after": 502}},
        },
    )
