"""/notification-channels: where messages go."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api import pagination
from app.api.crud import Operations, ResourceRoutes, add_routes
from app.api.http import PAGE_HEADERS, Blueprint
from app.api.polling import wait_for
from app.api.standby_reads import from_standby
from app.channels import CHANNEL_TYPES
from app.channels.templates import preview_template
from app.operations.notifications import channels as notification_channels
from app.operations.notifications import deliveries, message_tests
from app.schemas.base import PageSchema
from app.schemas.deliveries import DeliverySchema
from app.schemas.json_schemas import json_schema
from app.schemas.notification_channels import (
    ChannelTypeSchema,
    NotificationChannelChangeSchema,
    NotificationChannelFilterSchema,
    NotificationChannelInputSchema,
    NotificationChannelReplacementSchema,
    NotificationChannelSchema,
    TemplatePreviewInputSchema,
    TemplatePreviewSchema,
    TestOutcomeSchema,
)
from app.security.access import budget, principal, requires

bp = Blueprint(
    "notification_channels",
    __name__,
    url_prefix="/notification-channels",
    description="Where messages go.",
)

# A send has 30 seconds; the rest is for a worker to begin it.
TEST_SECONDS = 35


@bp.get("/types")
@requires("notification_channels:read")
@bp.returns(ChannelTypeSchema(many=True))
def types() -> list[dict[str, Any]]:
    """List the types of channels

    Each with the JSON schema of its `config`, in alphabetical order. The personal ones may be
    contact methods of a person.
    """
    return [
        {
            "type": kind,
            "description": channel_type.description,
            "is_personal": channel_type.personal,
            "config_schema": json_schema(channel_type.config_schema),
        }
        for kind, channel_type in CHANNEL_TYPES.items()
    ]


@bp.post("/preview")
@requires("notification_channels:write")
@bp.accepts(TemplatePreviewInputSchema)
@bp.returns(TemplatePreviewSchema)
def preview(data: dict[str, Any]) -> dict[str, str]:
    """Try a template

    Answers the test message in its words; nothing is saved or sent. What the template leaves out
    has the usual words.
    """
    return preview_template(data["template"], str(principal().organization_id))


add_routes(
    bp,
    ResourceRoutes(
        noun="a notification channel",
        plural="notification channels",
        permission="notification_channels",
        id_name="channel_id",
        answer=NotificationChannelSchema,
        body=NotificationChannelInputSchema,
        change=NotificationChannelChangeSchema(partial=True),
        replacement=NotificationChannelReplacementSchema(partial=True),
        filter=NotificationChannelFilterSchema,
        operations=Operations.of(notification_channels),
        notes={
            "list": "Secrets are answered as `********`.",
            "create": "Its `config` is validated by its type, as `GET /notification-channels/types`"
            " describes it.",
            "change": "Changes the given fields and leaves the others; `config` is replaced as a "
            "whole. A new config\nclears earlier failures. What waits for a channel that is "
            "switched off goes to its fallback\nor the owners, unless somebody has heard; one that "
            "listens to more hears of what fires.",
            "delete": "Not while an alert rule, a heartbeat, an escalation policy or the fallback "
            "of another channel\nnames it (409 says which, as its usages do). What it was told "
            "stays on record.",
        },
    ),
)


@bp.post("/<uuid:channel_id>/test")
@requires("notification_channels:write")
@bp.returns(TestOutcomeSchema)
@budget("test messages", 20)
def test(channel_id: UUID) -> dict[str, Any]:
    """Send a test message

    Sends one now, once, and waits for the outcome, at most 35 seconds; 503 means that no worker
    answered.
    """
    notification_id = message_tests.send_to_channel(principal().organization_id, channel_id)
    return wait_for(lambda: message_tests.outcome(notification_id), TEST_SECONDS)


@bp.get("/<uuid:channel_id>/deliveries")
@requires("notification_channels:read")
@bp.accepts(PageSchema, location="query")
@bp.returns(DeliverySchema(many=True), headers=PAGE_HEADERS)
@from_standby
def list_deliveries(query: dict[str, Any], channel_id: UUID) -> Response:
    """List the messages to a channel

    Newest first, each with every try to deliver it. What the receiver said is shown to admins.
    """
    limit, after = pagination.take_page(query)
    return pagination.response(
        *deliveries.of_channel(
            principal().organization_id,
            channel_id,
            with_answers=principal().may("deliveries:read_answers"),
            limit=limit,
            after=after,
        )
    )
