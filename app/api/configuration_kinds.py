"""The kinds of objects that a configuration file holds, bound to their schemas and operations."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import orjson
from marshmallow import Schema, ValidationError

from app.api.crud import Operations
from app.api.http import invalid
from app.operations.configuration.kinds import ObjectKind
from app.operations.escalation import on_call_schedules, policies
from app.operations.heartbeats import heartbeats
from app.operations.maintenance import windows
from app.operations.notifications import channels
from app.operations.rules import rules
from app.operations.services import queries as service_queries
from app.operations.services import services
from app.operations.status_pages import pages
from app.schemas.alert_rules import AlertRuleInputSchema
from app.schemas.escalation_policies import EscalationPolicyInputSchema
from app.schemas.heartbeats import HeartbeatInputSchema
from app.schemas.maintenance_windows import MaintenanceWindowInputSchema
from app.schemas.notification_channels import NotificationChannelInputSchema
from app.schemas.on_call_schedules import OnCallScheduleInputSchema
from app.schemas.services import ServiceInputSchema
from app.schemas.status_pages import StatusPageInputSchema

_PAGE = 1000


def _plain(value: Any) -> Any:
    """Return an answer as the API writes it."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))


def _all(listed: Callable[..., Any]) -> Callable[[UUID], list[dict[str, Any]]]:
    """Return how to read every object of a list."""

    def read(organization_id: UUID) -> list[dict[str, Any]]:
        result: list[dict[str, Any]] = []
        after = None
        while True:
            rows, after, *_ = listed(organization_id, limit=_PAGE, after=after)
            result += _plain(rows)
            if after is None:
                return result

    return read


def _load(schema: type[Schema]) -> Callable[[Mapping[str, Any], bool], dict[str, Any]]:
    whole, part = schema(), schema(partial=True)

    def load(data: Mapping[str, Any], partial: bool) -> dict[str, Any]:
        try:
            result: dict[str, Any] = (part if partial else whole).load(data)
        except ValidationError as error:
            raise invalid(error.messages) from None
        return result

    return load


def _kind(
    name: str, schema: type[Schema], operations: Operations, *, without: tuple[str, ...] = ()
) -> ObjectKind:
    create, update = operations.create, operations.update
    return ObjectKind(
        name=name,
        fields=tuple(f for f in schema().fields if f not in ("organization_id", *without)),
        listed=_all(operations.listed),
        load=_load(schema),
        create=lambda organization_id, data: _plain(create(organization_id, data)),
        update=lambda organization_id, id, changes: _plain(update(organization_id, id, changes)),
        delete=operations.delete,
    )


_SERVICES = Operations(
    service_queries.listed,
    services.create,
    service_queries.read,
    services.update,
    lambda organization_id, id: services.delete(organization_id, [id]),
)
_WINDOWS = replace(Operations.of(windows), create=windows.create_from_file)

KINDS = (
    _kind("notification_channels", NotificationChannelInputSchema, Operations.of(channels)),
    _kind("on_call_schedules", OnCallScheduleInputSchema, Operations.of(on_call_schedules)),
    _kind("escalation_policies", EscalationPolicyInputSchema, Operations.of(policies)),
    _kind("services", ServiceInputSchema, _SERVICES),
    _kind("alert_rules", AlertRuleInputSchema, Operations.of(rules)),
    _kind("heartbeats", HeartbeatInputSchema, Operations.of(heartbeats)),
    _kind(
        "status_pages",
        StatusPageInputSchema,
        Operations.of(pages),
        # A page's password is not read back, and its domain and styles are for admins alone.
        without=("password", "custom_domain", "custom_css"),
    ),
    _kind("maintenance_windows", MaintenanceWindowInputSchema, _WINDOWS),
)
