"""Schemas of lists of services beside the services themselves."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from app.schemas.base import BaseSchema, Choice, Moment, WrittenNumber
from app.schemas.services import STATUSES, ServiceFilterSchema

MOST_IDS = 100


class CheckTypeSchema(BaseSchema):
    """A way to check a service."""

    type = fields.String(required=True, metadata={"examples": ["TCP"]})
    aliases = fields.List(fields.String(metadata={"examples": ["TELNET"]}), required=True)
    label = fields.String(required=True, metadata={"examples": ["TCP port"]})
    description = fields.String(required=True)
    endpoint_hint = fields.String(required=True, metadata={"examples": ["host:port"]})
    example = fields.String(
        required=True,
        metadata={"description": "Of an endpoint.", "examples": ["server.example.com:8080"]},
    )
    default_port = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Where the endpoint names none.", "examples": [None]},
    )
    slow_threshold_ms = fields.Integer(
        required=True,
        metadata={"description": "What a new service of the type gets.", "examples": [1000]},
    )
    config_schema = fields.Dict(
        required=True,
        metadata={
            "description": "What `config` holds, as JSON Schema 2020-12; what is stored encrypted"
            " is marked with `x-secret`."
        },
    )


class SummaryFilterSchema(ServiceFilterSchema):
    """Filter of services to count."""

    class Meta(ServiceFilterSchema.Meta):
        exclude = ("limit", "cursor", "shown")


def _counts(description: str) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": description},
    )


class ServiceSummarySchema(BaseSchema):
    """Counts of services, in several ways."""

    total = fields.Integer(required=True)
    paused = fields.Integer(required=True)
    in_maintenance = fields.Integer(required=True)
    by_status = _counts("Every status; paused services are left out here.")
    by_tag = _counts("Every tag; a service counts under each of its tags.")
    by_check_type = _counts("Every check type in use.")
    by_environment = _counts("Every environment; `` is that of services without one.")


class IdList(fields.String):
    """Ids with commas in between, each counted once."""

    def __init__(self, **kwargs: Any) -> None:
        one = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
        self._ids = fields.List(fields.UUID(), validate=validate.Length(1, MOST_IDS))
        metadata = {
            "pattern": f"^{one}(,{one}){{0,{MOST_IDS - 1}}}$",
            "description": f"Ids, at most {MOST_IDS}, with commas in between.",
            "examples": ["7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90"],
        }
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, attr, data, **kwargs)
        try:
            return list(dict.fromkeys(self._ids.deserialize(written.split(","))))
        except ValidationError:
            raise ValidationError(f"Must be 1 to {MOST_IDS} ids with commas in between.") from None


class BeatsQuerySchema(BaseSchema):
    """Selection of services, and the number of results of each."""

    ids = IdList(required=True)
    n = WrittenNumber(
        min=1, max=100, load_default=30, metadata={"description": "How many of each service."}
    )


class BeatSchema(BaseSchema):
    """A result, as a bar shows it."""

    checked_at = Moment(required=True)
    region = fields.String(required=True)
    status = Choice(*STATUSES, required=True)
    response_time_ms = fields.Float(required=True, allow_none=True)
    in_maintenance = fields.Boolean(required=True)


class BeatsSchema(BaseSchema):
    """The latest results of a service, oldest first."""

    service_id = fields.UUID(required=True)
    beats = fields.List(fields.Nested(BeatSchema), required=True)


class WallServiceSchema(BaseSchema):
    """A service, as far as everybody in the room may know it."""

    id = fields.UUID(required=True)
    name = fields.String(required=True, metadata={"examples": ["Shop"]})
    check_type = fields.String(required=True, metadata={"examples": ["HTTP"]})
    environment = fields.String(required=True, metadata={"examples": ["production"]})
    tags = fields.List(fields.String(), required=True, metadata={"examples": [["web", "eu"]]})
    status = Choice(*STATUSES, required=True)
    is_active = fields.Boolean(required=True)
    in_maintenance = fields.Boolean(required=True)


class WallSchema(BaseSchema):
    """The wall: every service by name, and what is open."""

    organization = fields.String(required=True, metadata={"examples": ["Field & Loom"]})
    open_alerts = fields.Integer(
        required=True, metadata={"description": "Firing, and not hidden behind another alert."}
    )
    services = fields.List(fields.Nested(WallServiceSchema), required=True)
