"""/alerts/act/{signed}: act on one alert from a message, without signing in."""

from collections.abc import Callable
from typing import Any, cast

from flask import Response, request

from app.api.http import Blueprint, View, reply
from app.domain.accounts.permissions import is_allowed, role_named
from app.operations.alerts import lifecycle
from app.operations.alerts import queries as alert_queries
from app.operations.notifications import deliveries
from app.pages import alert_action
from app.platform.errors import Conflict, NotFound
from app.platform.events import timestamp
from app.schemas.base import ErrorSchema
from app.security import alert_links
from app.security.access import public
from app.security.alert_links import AlertAction
from app.security.link_errors import BadLink, ExpiredLink

bp = Blueprint(
    "alert_actions",
    __name__,
    url_prefix="/alerts/act",
    description="Act on an alert from a message, without signing in.",
)

SNOOZE_MINUTES = 60
_BUTTONS = {"acknowledge": "Acknowledge", "snooze": "Snooze for 1 hour"}
_DONE = {"acknowledge": "Acknowledged.", "snooze": "Snoozed for 1 hour."}
_HTML: dict[str, Any] = {"content_type": "text/html"}
_PAGE = {"type": "string"}
_READS_ONLY = "Your role in this organization may only read. Ask an admin for a higher one."
# Browsers get a page with the sentence, programs get it as JSON like everywhere.
_FAILURES = {
    403: ("Whom the link was sent to may only read.", "your role may only read"),
    404: ("Not a link of ours, or the alert is gone.", "this link is not valid"),
    409: ("The alert is resolved already.", "this alert is resolved"),
    410: ("The link has expired.", "this link has expired"),
}


def _fails_with(*statuses: int) -> Callable[[View], View]:
    """Describe the failures of a view, in both their forms."""
    responses = {
        status: {
            "description": _FAILURES[status][0],
            "content": {
                "text/html": {"schema": _PAGE},
                "application/json": {
                    "schema": ErrorSchema,
                    "example": {"error": _FAILURES[status][1]},
                },
            },
        }
        for status in statuses
    }
    return cast(Callable[[View], View], bp.doc(responses=responses))


@bp.get("/<signed>")
@public
@bp.returns(_PAGE, description="The alert, its state, and a button.", **_HTML)
@_fails_with(404, 410)
def show(signed: str) -> Response:
    """Open a link from a message

    Shows a page with a button; opening it changes nothing. A link names one alert and one action,
    and is good for seven days.
    """
    try:
        link = alert_links.read(signed)
        return _page(link, _alert_of(link))
    except (BadLink, NotFound) as error:
        return _no_alert(error)


@bp.post("/<signed>")
@public
@bp.returns(_PAGE, description="Done: the alert and its state now.", **_HTML)
@_fails_with(403, 404, 409, 410)
def act(signed: str) -> Response:
    """Act by a link from a message

    What the button of the page does. Acting twice is fine. A person needs the role that it takes
    when signed in.
    """
    try:
        link = alert_links.read(signed)
        alert = _alert_of(link)
        if not _may_act(alert):
            return _refusal(403, "Your role may only read", _READS_ONLY, alert)
        done = _act(link, alert["organization_id"])
        alert = _alert_of(link)
    except (BadLink, NotFound) as error:
        return _no_alert(error)
    if not done:
        return _refusal(409, "This alert is resolved", "There is nothing left to do.", alert)
    return alert_action.render(alert["title"], sentence=_DONE[link.action], alert=alert)


def _alert_of(link: AlertAction) -> dict[str, Any]:
    return alert_queries.read_for_link(link.alert_id, link.recipient, link.signed_at)


def _may_act(alert: dict[str, Any]) -> bool:
    """Say whether whom the link was sent to may still act; a channel is no person."""
    role = role_named(alert["role"] or "")
    return role is None or is_allowed(role, "alerts:act")


def _act(link: AlertAction, organization_id: Any) -> bool:
    """Do what a link allows; False when the alert is resolved already."""
    actor = f"link sent to {deliveries.recipient_name(organization_id, link.recipient)}"
    try:
        if link.action == "snooze":
            lifecycle.snooze(organization_id, link.alert_id, actor=actor, minutes=SNOOZE_MINUTES)
        else:
            lifecycle.acknowledge(organization_id, link.alert_id, actor=actor)
    except Conflict:
        return False
    return True


def _page(link: AlertAction, alert: dict[str, Any]) -> Response:
    sentence: str | None = None
    button: str | None = _BUTTONS[link.action]
    if alert["status"] == "resolved":
        sentence, button = "This alert is resolved; there is nothing left to do.", None
    elif alert["status"] == "acknowledged" and link.action == "acknowledge":
        by, at = alert["acknowledged_by"], alert["acknowledged_at"]
        sentence, button = f"Acknowledged by {by} at {timestamp(at)}.", None
    elif not _may_act(alert):
        sentence, button = _READS_ONLY, None
    return alert_action.render(alert["title"], sentence=sentence, alert=alert, button=button)


def _no_alert(error: BadLink | NotFound) -> Response:
    if isinstance(error, ExpiredLink):
        more = "It was good for seven days. Sign in to see the alert."
        return _refusal(410, "This link has expired", more)
    if isinstance(error, BadLink):
        more = "It may have been cut off on its way: copy the whole address from the message."
        return _refusal(404, "This link is not valid", more)
    more = "Since the message was sent it was deleted, or you have left its organization."
    return _refusal(404, "This alert does not exist any more", more)


def _refusal(status: int, heading: str, more: str, alert: Any = None) -> Response:
    kinds = request.accept_mimetypes
    if kinds.best_match(("application/json", "text/html")) != "text/html":
        return reply({"error": heading[:1].lower() + heading[1:]}, status)
    return alert_action.render(heading, status=status, sentence=more, alert=alert)
