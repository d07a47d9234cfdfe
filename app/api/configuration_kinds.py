"""The kinds of objects that a configuration file holds, bound to their schemas and operations."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson
from marshmallow import Schema, ValidationError

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
Listed = Callable[..., tuple[Any, ...]]


def _plain(value: Any) -> Any:
    """Return an answer as the API writes it."""
    return orjson.loads(orjson.dumps(value, option=orjson.OPT_UTC_Z))


def _all(listed: Callable[..., Any]) -> Callable[[UUID], list[dict[str, Any]]]:
    """Return how to read every object of a list."""

    def read(organization_id: UUID) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = None
        while True:
            rows, after, *_ = listed(organization_id, limit=_PAGE, after=after)
            found += _plain(rows)
            if after is None:
                return found

    return read


def _unfiltered(listed: Listed) -> Listed:
    return lambda organization_id, **page: listed(organization_id, {}, **page)


def _load(schema: type[Schema]) -> Callable[[Mapping[str, Any], bool], dict[str, Any]]:
    whole, part = schema(), schema(partial=True)

    def load(data: Mapping[str, Any], partial: bool) -> dict[str, Any]:
        try:
            found: dict[str, Any] = (part if partial else whole).load(data)
        except ValidationError as error:
            raise invalid(error.messages) from None
        return found

    return load


def _kind(
    name: str,
    schema: type[Schema],
    listed: Listed,
    create: Callable[..., Any],
    update: Callable[..., Any],
    delete: Callable[..., Any],
    *,
    without: tuple[str, ...] = (),
) -> ObjectKind:
    return ObjectKind(
        name=name,
        fields=tuple(f for f in schema().fields if f not in ("organization_id", *without)),
        listed=_all(listed),
        load=_load(schema),
        create=lambda organization_id, data: _plain(create(organization_id, data)),
        update=lambda organization_id, id, changes: _plain(update(organization_id, id, changes)),
        delete=delete,
    )


def _create_page(organization_id: UUID, data: dict[str, Any]) -> Any:
    return pages.create(organization_id, data, None)


def _update_page(organization_id: UUID, id: UUID, changes: dict[str, Any]) -> Any:
    return pages.update(organization_id, id, changes, password_hash=None)


KINDS = (
    _kind(
        "notification_channels",
        NotificationChannelInputSchema,
        _unfiltered(channels.listed),
        channels.create,
        channels.update,
        channels.delete,
    ),
    _kind(
        "on_call_schedules",
        OnCallScheduleInputSchema,
        on_call_schedules.listed,
        on_call_schedules.create,
        on_call_schedules.update,
        on_call_schedules.delete,
    ),
    _kind(
        "escalation_policies",
        EscalationPolicyInputSchema,
        policies.listed,
        policies.create,
        policies.update,
        policies.delete,
    ),
    _kind(
        "services",
        ServiceInputSchema,
        _unfiltered(service_queries.listed),
        services.create,
        services.update,
        lambda organization_id, id: services.delete(organization_id, [id]),
    ),
    _kind(
        "alert_rules",
        AlertRuleInputSchema,
        _unfiltered(rules.listed),
        rules.create,
        rules.update,
        rules.delete,
    ),
    _kind(
        "heartbeats",
        HeartbeatInputSchema,
        _unfiltered(heartbeats.listed),
        heartbeats.create,
        heartbeats.update,
        heartbeats.delete,
    ),
    # A page's password is not read back, and its domain and styles are for admins alone.
    _kind(
        "status_pages",
        StatusPageInputSchema,
        pages.listed,
        _create_page,
        _update_page,
        pages.delete,
        without=("password", "custom_domain", "custom_css"),
    ),
    _kind(
        "maintenance_windows",
        MaintenanceWindowInputSchema,
        windows.listed,
        windows.create_from_file,
        windows.update,
        windows.delete,
    ),
)
