"""/alerts: what fired, and what people do about it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.http import PAGE_HEADERS
from app.api.optional_bodies import LenientBlueprint
from app.api.standby_reads import from_standby
from app.operations.alerts import lifecycle, notify, snoozes
from app.operations.alerts import queries as alert_queries
from app.operations.alerts.abandonment import API_KEY
from app.operations.notifications import deliveries
from app.schemas.alerts import (
    AlertDetailSchema,
    AlertFilterSchema,
    AlertSchema,
    CommentSchema,
    NoteSchema,
    SnoozeSchema,
    WhomToTellSchema,
)
from app.schemas.base import PageSchema
from app.schemas.deliveries import DeliverySchema
from app.security.access import budget, principal, requires

bp = LenientBlueprint(
    "alerts",
    __name__,
    url_prefix="/alerts",
    description="What fired, and what people do about it.",
)


def actor() -> str:
    """Return whom the timeline names: a person, or the API key that stands for them."""
    found = principal()
    return found.email if found.kind == "session" else found.email + API_KEY


def _act(action: Callable[..., object], alert_id: UUID, **details: Any) -> dict[str, Any]:
    """Carry out an action on an alert in the name of the caller, and return the alert."""
    organization_id = principal().organization_id
    action(organization_id, alert_id, actor=actor(), **details)
    return alert_queries.read(organization_id, alert_id)


@bp.get("")
@requires("alerts:read")
@bp.accepts(AlertFilterSchema, location="query")
@bp.returns(AlertSchema(many=True), headers=PAGE_HEADERS)
@from_standby
def index(query: dict[str, Any]) -> Response:
    """List alerts

    Newest first; active ones, firing or acknowledged, unless `status` says otherwise.
    """
    limit, after = pagination.take_page(query)
    return pagination.response(
        *alert_queries.listed(principal().organization_id, query, limit=limit, after=after)
    )


@bp.get("/<uuid:alert_id>")
@requires("alerts:read")
@bp.returns(AlertDetailSchema)
def read(alert_id: UUID) -> dict[str, Any]:
    """Read an alert

    With its timeline, oldest first.
    """
    return alert_queries.read(principal().organization_id, alert_id)


@bp.post("/<uuid:alert_id>/acknowledge")
@requires("alerts:act")
@bp.accepts(NoteSchema, required=False)
@bp.returns(AlertDetailSchema)
def acknowledge(data: dict[str, Any], alert_id: UUID) -> dict[str, Any]:
    """Acknowledge an alert

    Stops its escalation and its reminders. Acknowledging twice changes nothing; a resolved alert is
    409. The body may be left out.
    """
    return _act(lifecycle.acknowledge, alert_id, note=data.get("note"))


@bp.put("/<uuid:alert_id>/acknowledge")
@requires("alerts:act")
@bp.accepts(NoteSchema, required=False)
@bp.returns(AlertDetailSchema)
def put_acknowledgement(changes: dict[str, Any], alert_id: UUID) -> dict[str, Any]:
    """Acknowledge an alert by PUT

    The same as POST.
    """
    return _act(lifecycle.acknowledge, alert_id, note=changes.get("note"))


@bp.post("/<uuid:alert_id>/resolve")
@requires("alerts:act")
@bp.accepts(NoteSchema, required=False)
@bp.returns(AlertDetailSchema)
def resolve(data: dict[str, Any], alert_id: UUID) -> dict[str, Any]:
    """Resolve an alert by hand

    While what the rule asks for goes on, it fires anew only after that has been false once.
    Resolving twice changes nothing. The body may be left out.
    """
    return _act(lifecycle.resolve, alert_id, note=data.get("note"))


@bp.post("/<uuid:alert_id>/snooze")
@requires("alerts:act")
@bp.accepts(SnoozeSchema)
@bp.returns(AlertDetailSchema)
def snooze(data: dict[str, Any], alert_id: UUID) -> dict[str, Any]:
    """Snooze an alert

    No message and no escalation for so many minutes, at most a week. A resolved alert is 409.
    """
    return _act(lifecycle.snooze, alert_id, minutes=data["minutes"])


@bp.delete("/<uuid:alert_id>/snooze")
@requires("alerts:act")
@bp.returns(AlertDetailSchema)
def end_snooze(alert_id: UUID) -> dict[str, Any]:
    """End a snooze

    What still fires is told again at once, and its escalation goes on with the distances it had. An
    alert that is not snoozed stays as it is; a resolved one is 409.
    """
    return _act(snoozes.end, alert_id)


@bp.post("/<uuid:alert_id>/notify")
@requires("alerts:act")
@bp.accepts(WhomToTellSchema, example={"channel_id": "7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90"})
@bp.returns(AlertDetailSchema, 202)
@budget("messages by hand", 60)
def notify_now(data: dict[str, Any], alert_id: UUID) -> dict[str, Any]:
    """Tell somebody of an alert now

    A channel, or a member by all their contacts, whatever severity, quiet hours, delays or a snooze
    would hold back. A resolved alert, or a channel that is switched off, is 409.
    """
    return _act(notify.notify, alert_id, **data)


@bp.post("/<uuid:alert_id>/comments")
@requires("alerts:act")
@bp.accepts(CommentSchema)
@bp.returns(AlertDetailSchema, 201)
def comment(data: dict[str, Any], alert_id: UUID) -> dict[str, Any]:
    """Comment on an alert

    Answers the alert with the comment on its timeline.
    """
    return _act(lifecycle.comment, alert_id, text=data["text"])


@bp.get("/<uuid:alert_id>/notifications")
@requires("alerts:read")
@bp.accepts(PageSchema, location="query")
@bp.returns(DeliverySchema(many=True), headers=PAGE_HEADERS)
@from_standby
def notifications(query: dict[str, Any], alert_id: UUID) -> Response:
    """List the messages about an alert

    Newest first, each with every try to deliver it. What the receiver said is shown to admins.
    """
    limit, after = pagination.take_page(query)
    return pagination.response(
        *deliveries.of_alert(
            principal().organization_id,
            alert_id,
            with_answers=principal().may("deliveries:read_answers"),
            limit=limit,
            after=after,
        )
    )
