"""Schemas of actions on many objects: an outcome for each of them."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from marshmallow import fields, validate

from app.domain.rules.transitions import MAX_SNOOZE_MINUTES
from app.platform.errors import AppError, InvalidCode
from app.schemas.alerts import NoteSchema
from app.schemas.base import REFUSALS, BaseSchema, Choice, Name, Whole
from app.schemas.services import Distinct, ServiceInputSchema

MOST = 1000
SERVICE_ACTIONS = ("pause", "resume", "delete", "tag", "untag", "update", "check")
ALERT_ACTIONS = ("acknowledge", "resolve", "snooze")
# Fields beside the ids: those that an action needs, and those that it may have.
NEEDED = {"tag": "tags", "untag": "tags", "update": "changes", "snooze": "minutes"}
ALLOWED = {"acknowledge": "note", "resolve": "note"}


class _Ids(Distinct):
    def __init__(self) -> None:
        super().__init__(fields.UUID(), required=True, validate=validate.Length(min=1, max=MOST))


class ServiceChangesSchema(ServiceInputSchema):
    """Changes to many services; fields that are left out stay as they are."""

    class Meta(ServiceInputSchema.Meta):
        exclude = ("name", "endpoint", "check_type", "config", "organization_id")


class ServiceBulkSchema(BaseSchema):
    """One action on many services."""

    action = Choice(*SERVICE_ACTIONS, required=True)
    ids = _Ids()
    tags = Distinct(
        Name(max=50),
        validate=validate.Length(min=1, max=50),
        metadata={
            REFUSALS: [InvalidCode.LIMIT_REACHED],
            "description": "With `tag` and `untag`: which.",
        },
    )
    changes = fields.Nested(
        ServiceChangesSchema(partial=True),
        metadata={"description": "With `update`: the fields to change.", "examples": [{}]},
    )


class AlertBulkSchema(NoteSchema):
    """One action on many alerts."""

    action = Choice(*ALERT_ACTIONS, required=True)
    ids = _Ids()
    minutes = Whole(
        min=1, max=MAX_SNOOZE_MINUTES, metadata={"description": "With `snooze`: for how long."}
    )


class OutcomeSchema(BaseSchema):
    """Outcome of the action for one of them."""

    id = fields.UUID(required=True)
    ok = fields.Boolean(required=True)
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "null: it went well."}
    )
    fields_ = fields.Dict(
        data_key="fields",
        required=True,
        allow_none=True,
        metadata={"description": "What is wrong with which field.", "examples": [None]},
    )


class _BulkResultSchema(BaseSchema):
    ids = fields.List(
        fields.UUID(), required=True, metadata={"description": "Those it went well with."}
    )
    results = fields.List(
        fields.Nested(OutcomeSchema),
        required=True,
        metadata={"description": "All of them, in the order of the request."},
    )


class ServiceBulkResultSchema(_BulkResultSchema):
    """Result of an action on many services."""

    action = Choice(*SERVICE_ACTIONS, required=True)


class AlertBulkResultSchema(_BulkResultSchema):
    """Result of an action on many alerts."""

    action = Choice(*ALERT_ACTIONS, required=True)


def bulk_result(
    action: str, ids: Iterable[UUID], errors: Mapping[UUID, AppError | None]
) -> dict[str, Any]:
    """Return the answer of an action: its outcome for each of the ids."""
    results = []
    for id in ids:
        error = errors.get(id)
        results.append(
            {
                "id": id,
                "ok": error is None,
                "error": error.message if error else None,
                "fields": error.fields if error else None,
            }
        )
    return {"action": action, "ids": [r["id"] for r in results if r["ok"]], "results": results}
