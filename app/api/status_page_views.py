"""/status/{slug}: pages as visitors get them, where the short way in front of Flask left them."""

from typing import Any, cast
from uuid import UUID

from flask import Flask, Response, redirect, request

from app.api.http import Blueprint
from app.api.status_page_visitors import (
    EVERY_TYPE,
    HTML,
    JSON,
    documented,
    page_store,
    send,
    visible,
)
from app.operations.status_pages import pages
from app.pages.status import html, responses
from app.pages.status.middleware import (
    HOST_ROOT,
    PREFIX,
    PageMiddleware,
    asset,
    not_found,
)
from app.pages.status.snapshot import Snapshot
from app.pages.status.store import PageStore
from app.platform.cooperative import offload
from app.platform.crypto import ABSENT_PASSWORD_HASH, verify_password
from app.platform.errors import TooManyRequests
from app.schemas.status_page_views import OpenFormSchema
from app.security import page_cookies
from app.security.access import client_address, principal, public, requires
from app.security.limits import Guard, count_hash
from app.security.page_cookies import MemberSession

bp = Blueprint(
    "status_page_access",
    __name__,
    url_prefix="/status-pages",
    description="Ways into pages that are not for everybody.",
)
root_bp = Blueprint("root_status_pages", __name__, description="Status pages.")

_GUARD = Guard("page", per_pair=10, per_address=50)
_NO_STORE = {"Cache-Control": "no-store", "Content-Security-Policy": responses.CONTENT_SECURITY}
_WRONG = "There is no such page, or the password is wrong."


def _install(app: Flask) -> None:
    config = app.extensions["runtime"].config
    store = app.extensions["pages"] = PageStore(config.state_dir / "pages")
    store.read_files()
    app.wsgi_app = PageMiddleware(app.wsgi_app, config, store)  # type: ignore[method-assign]


root_bp.record_once(lambda state: _install(state.app))


@root_bp.get("/status/<slug>")
@public
@documented(root_bp, "The page; with `.json` behind the slug, all of it.", HTML, JSON)
def page(slug: str) -> Response:
    """Show a status page

    How everything is, incidents, maintenance, and ninety days of each service; complete without a
    script. Answers come from memory and bear an `ETag`. A page for some people only is answered
    like one that does not exist until it was opened.
    """
    if slug.endswith(".json"):
        return _respond(slug.removesuffix(".json"), "page.json")
    return _respond(slug, "")


@root_bp.get("/status/<slug>/<path:rest>")
@public
@documented(root_bp, "HTML, JSON, a feed or a calendar.", *EVERY_TYPE)
def part(slug: str, rest: str) -> Response:
    """Show a part of a status page

    `summary.json`, `status.json`, `components.json`, `incidents.json`,
    `incidents/unresolved.json`, `scheduled-maintenances.json` with `/upcoming.json` and
    `/active.json` (in the form of Statuspage, also where its tools look, under `api/v2/`),
    `feed.atom`, `feed.rss`, `maintenance.ics`, `history?month=2026-11&page=2`, `incidents/{id}`
    and `incidents/{id}/2` with its earlier updates, `maintenance/{id}`, `services/{key}`, `embed`,
    `embed.js`. Lists hold the latest fifty, and as much of what was said as there is room for.
    """
    if slug == "assets":
        return send(asset(rest) or not_found())
    if not rest:
        return redirect(f"{PREFIX}{slug}", 301)  # type: ignore[return-value]
    return _respond(slug, rest)


def _respond(slug: str, rest: str) -> Response:
    store = page_store()
    answer = _found(store, slug, rest)
    if answer is None:
        # Also for a page that is there and not to be seen: nobody can tell it by the time it takes.
        store.look_for_missing()
        answer = _found(store, slug, rest)
    return answer or send(not_found())


def _found(store: PageStore, slug: str, rest: str) -> Response | None:
    found = visible(store, slug)
    if found is not None:
        root = "" if _host_slug() else f"{PREFIX}{slug}"
        away = responses.on_domain(found, responses.quoted(rest), _query()) if root else None
        if away is not None:
            return send(away)
        rendered = store.find(found, rest, request.args, root)
        return send(rendered) if rendered is not None else None
    moved = store.of_old_slug(slug)
    if moved is not None and moved.is_open and store.of_slug(slug) is None:
        tail = f"/{responses.quoted(rest)}" if rest else ""
        address = responses.with_query(f"{PREFIX}{moved.slug}{tail}", _query())
        return send(responses.moved(address, moved.made_at))
    return None


def _query() -> str:
    """Return the query as WSGI has it: each byte is a character (PEP 3333)."""
    return str(request.environ.get("QUERY_STRING", ""))


def _host_slug() -> str:
    """Return the slug of the page whose own host was asked; empty on the host of all."""
    return str(request.environ.get(HOST_ROOT, ""))


@root_bp.get("/status/open")
@public
@documented(root_bp, "A form.")
def open_form() -> Response:
    """Show the form that opens a page with its password"""
    return _form("", None, 200)


@root_bp.post("/status/open")
@public
@root_bp.accepts(OpenFormSchema, location="form")
@documented(root_bp, "The page.", refusals=(403, 404, 422, 429))
def open_page(data: dict[str, Any]) -> Response:
    """Open a page with its password

    Leads to the page, with a cookie for that page only, good for twelve hours. On a host of its own
    it is the page of that host, whatever the form says.
    """
    slug, password = _host_slug() or data["page"].strip().lower(), data["password"]
    try:
        count_hash(f"page {slug}", client_address())
        _GUARD.take(slug, client_address())
    except TooManyRequests as error:
        answer = _form(slug, "Too many tries. Please wait a while.", 429)
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    found = page_store().of_slug(slug)
    stored = found.data["guard"]["password_hash"] if found and found.page["is_public"] else None
    is_right = offload(verify_password, stored or ABSENT_PASSWORD_HASH, password)
    if found is None or stored is None or not is_right:
        return _form(slug, _WRONG, 403)
    _GUARD.give_back(slug, client_address())
    return _opened(found, None)


@bp.get("/<uuid:page_id>/open")
@requires("status_pages:read")
@bp.returns(None, 303, description="Leads to the page.")
def open_as_member(page_id: UUID) -> Response:
    """Open a members-only page in this browser

    Leads to the page, with a cookie for it that counts for twelve hours, and only while the session
    lasts and the person is a member. An API key gets no cookie: it is shown to the page itself.
    """
    stored = pages.read(principal().organization_id, page_id)
    found = page_store().of_slug(stored["slug"])
    if found is None:
        return cast(Response, redirect(stored["url"], 303))
    caller = principal()
    if caller.token_expires_at is None or not caller.is_session:
        return cast(Response, redirect(stored["url"], 303))
    session = MemberSession(caller.user_id, caller.epoch, caller.token_id, caller.token_expires_at)
    return _opened(found, session)


def _opened(page: Snapshot, session: MemberSession | None) -> Response:
    path = "/" if _host_slug() else f"{PREFIX}{page.slug}"
    answer = cast(Response, redirect(path, 303))
    page_cookies.set_on(answer, page.guard, session, path)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _form(slug: str, problem: str | None, status: int) -> Response:
    body = html.plain("open", slug=slug[:60], problem=problem, asks_name=not _host_slug())
    return Response(body, status, _NO_STORE, mimetype="text/html")
