"""/status/{slug}/subscribe and /status/subscriptions/{signed}: what subscribers do themselves."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Response, request
from marshmallow import ValidationError

from app.api.http import Blueprint, reply
from app.api.status_page_visitors import documented, page_store, send, visible
from app.channels.fields import Address
from app.domain.accounts.client_addresses import group
from app.domain.status_pages import branding
from app.domain.status_pages.languages import sentence
from app.domain.status_pages.types import Wants, Way
from app.operations.status_pages import subscriptions
from app.operations.status_pages.subscriptions import Subscription
from app.pages.status import html, responses
from app.pages.status.middleware import HOST_ROOT, PREFIX, not_found
from app.pages.status.snapshot import Snapshot
from app.pages.status.view import View as PageView
from app.platform.clock import monotonic
from app.platform.errors import Invalid
from app.schemas.status_page_subscribers import ManageFormSchema, MessageSchema, SubscribeFormSchema
from app.security.access import client_address, public
from app.security.limits import is_within
from app.security.link_errors import BadLink, ExpiredLink
from app.security.subscription_links import read

root_bp = Blueprint("root_status_page_subscriptions", __name__, description="Subscribe.")

_GONE_SERVICES = "gone"  # in place of a key: what was chosen and is not on the page any more
_ANSWER_SECONDS = 0.25
_AN_HOUR_SECONDS, _TRIES_AN_HOUR = 3600, 10
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": responses.CONTENT_SECURITY,
    "X-Robots-Tag": "noindex",
}
_GONE, _EXPIRED = ("gone", "unsubscribe_title"), ("expired", "expired_title")
_FORM = {
    "required": True,
    "description": "As a form, or as JSON.",
    "content": {
        kind: {"schema": SubscribeFormSchema, "example": {"email": "jo@example.com"}}
        for kind in ("application/json", "application/x-www-form-urlencoded")
    },
}

_accepted = root_bp.describes(202, MessageSchema, description="The same to a program.")


@root_bp.get("/status/<slug>/subscribe")
@public
@documented(root_bp, "A form.")
def show_form(slug: str) -> Response:
    """Show the form with which somebody subscribes to a page"""
    page = _page(slug)
    return send(not_found()) if page is None else _form(page)


@root_bp.post("/status/<slug>/subscribe")
@public
@documented(root_bp, "What happens next.", refusals=(404, 422, 429), requestBody=_FORM)
@_accepted
def subscribe(slug: str) -> Response:
    """Subscribe to a page

    Always the same answer, whoever is known already: a message asks to confirm, with a link that is
    good for 24 hours. A webhook confirms by answering with the `challenge` that it gets. Ten tries
    an hour for each client address, three messages a day for each that is written to.
    """
    until = monotonic() + _ANSWER_SECONDS
    page = _page(slug)
    if page is None:
        return send(not_found())
    is_json = request.is_json
    try:
        data: dict[str, Any] = root_bp.ARGUMENTS_PARSER.parse(
            SubscribeFormSchema(), request, location="json" if is_json else "form"
        )
        way, address = _whom(data)
    except Invalid as error:
        if is_json:
            raise
        return _form(page, problem=_say(page, "wrong_address"), status=error.status)
    if not is_within("subscribe", group(client_address()), _TRIES_AN_HOUR, _AN_HOUR_SECONDS):
        if is_json:
            return reply({"error": "too many tries; please wait"}, 429)
        return _form(page, problem=_say(page, "too_many"), status=429)
    if not data["homepage"]:  # people do not see this field; programs fill it in
        try:
            _require_shown(page, data["service_ids"])
            subscriptions.subscribe(
                page.id, way, address, Wants(data["wants"]), data["service_ids"]
            )
        except Invalid as error:
            if is_json:
                raise
            return _form(page, problem=_say(page, "unknown_service"), status=error.status)
    # Whoever is known already takes less work: nobody is to tell it by the time.
    time.sleep(max(0.0, until - monotonic()))
    if is_json:
        return reply({"message": sentence("en", "subscribed")}, 202)
    return _form(page, done=True)


@root_bp.get("/status/subscriptions/<signed>")
@public
@documented(root_bp, "A page with a button.", refusals=(404, 410))
def show(signed: str) -> Response:
    """Open a subscriber's link

    Shows a page with a button; opening it changes nothing.
    """
    try:
        link = read(signed)
    except ExpiredLink:
        return _notice(*_EXPIRED, 410)
    except BadLink:
        return send(not_found())
    found = subscriptions.read(link.subscriber_id)
    if found is None:
        return _notice(*_GONE, 200)
    asks = link.is_confirmation and not found.is_confirmed
    return _own(found, asks=asks, note_key="confirmed" if link.is_confirmation and not asks else "")


@root_bp.post("/status/subscriptions/<signed>")
@public
@root_bp.accepts(ManageFormSchema, location="form")
@documented(root_bp, "What is so now.", refusals=(404, 410, 422))
def act(data: dict[str, Any], signed: str) -> Response:
    """Act by a subscriber's link

    `action` is `confirm`, `save` or `unsubscribe`; a mail program that posts
    `List-Unsubscribe=One-Click` (RFC 8058) ends the subscription, without a cookie and at once.
    """
    try:
        link = read(signed)
    except ExpiredLink:
        return _notice(*_EXPIRED, 410)
    except BadLink:
        return send(not_found())
    if data["one_click"] or data["action"] == "unsubscribe":
        found = subscriptions.read(link.subscriber_id)
        subscriptions.end(link.subscriber_id)
        return _notice("unsubscribed" if found else "gone", "unsubscribe_title", 200)
    note_key = ""
    if data["action"] == "confirm" and link.is_confirmation:
        subscriptions.confirm(link.subscriber_id)
        note_key = "confirmed"
    elif data["action"] == "save" and not link.is_confirmation:
        note_key = _save(link.subscriber_id, data)
    found = subscriptions.read(link.subscriber_id)
    return _notice(*_GONE, 200) if found is None else _own(found, asks=False, note_key=note_key)


def _save(subscriber_id: UUID, data: dict[str, Any]) -> str:
    """Change what somebody is told of, and return the key of what to say of it."""
    found = subscriptions.read(subscriber_id)
    snapshot = page_store().of_slug(found.slug) if found else None
    if snapshot is None:
        return ""
    shown = snapshot.data["services"]
    chosen = [key for key in data["service_ids"] if key != _GONE_SERVICES]
    if any(key not in shown for key in chosen):
        return "unknown_service"
    kept_unless = shown if _GONE_SERVICES in data["service_ids"] else None
    try:
        subscriptions.change(subscriber_id, Wants(data["wants"]), chosen, kept_unless=kept_unless)
    except Invalid:
        return "unknown_service"
    return "saved"


def _require_shown(page: "_Page", keys: Sequence[str]) -> None:
    """Raise Invalid for a key of no service that a page shows."""
    for key in keys:
        if page.snapshot.service(key) is None:
            raise subscriptions.unknown_service(key)


class _Page:
    """A page that a visitor may see, and where it stands."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        root = "" if request.environ.get(HOST_ROOT) else f"{PREFIX}{snapshot.slug}"
        self.view = PageView(snapshot, page_store().freshness(snapshot), root)
        self.id = snapshot.database_id


def _page(slug: str) -> _Page | None:
    found = visible(page_store(), slug)
    return _Page(found) if found is not None and found.page["allow_subscribe"] else None


def _whom(data: dict[str, Any]) -> tuple[Way, str]:
    """Return way and address that somebody has given. Raises Invalid."""
    try:
        if data["email"]:
            return Way.EMAIL, str(Address().deserialize(data["email"].strip()))
        url = data["webhook_url"].strip()
        branding.check_link(url)
    except (ValidationError, ValueError):
        raise Invalid("this is no address that we can write to") from None
    if not url.startswith("https://") and not url.startswith("http://"):
        raise Invalid("an e-mail address or the address of a webhook is needed")
    return Way.WEBHOOK if data["way"] == Way.EMAIL else Way(data["way"]), url


def _form(
    page: _Page, *, problem: str | None = None, done: bool = False, status: int = 200
) -> Response:
    body = html.render(
        "subscribe", page.view, problem=problem, done=done, wants="everything", chosen=()
    )
    return Response(body, status, _HEADERS, mimetype="text/html")


def _say(page: _Page, key: str) -> str:
    return sentence(page.snapshot.language, key)


def _own(found: Subscription, *, asks: bool, note_key: str) -> Response:
    snapshot = page_store().of_slug(found.slug)
    if snapshot is None:
        return _notice(*_GONE, 200)
    page = _Page(snapshot)
    shown = snapshot.data["services"]
    has_gone = found.has_deleted or any(key not in shown for key in found.service_keys)
    title = _say(page, "confirm_title" if asks or note_key == "confirmed" else "unsubscribe_title")
    body = html.render(
        "subscription",
        page.view,
        subscription=found,
        asks=asks,
        title=title,
        note=_say(page, note_key) if note_key else None,
        wants=found.wants,
        chosen=(*found.service_keys, *([_GONE_SERVICES] if has_gone else [])),
    )
    return Response(body, 200, _HEADERS, mimetype="text/html")


def _notice(key: str, title_key: str, status: int) -> Response:
    body = html.plain("gone", title=sentence("en", title_key), text=sentence("en", key))
    return Response(body, status, _HEADERS, mimetype="text/html")
