"""Access: who is calling, what they may do, and the rows of their organization, in one place.

One hook authenticates every request before its view runs, so protection does not depend on the
order of decorators. A view is either `@public` or says what it `@requires`; `seal` refuses to start
an application that has a view which says neither.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, current_app, g, request
from sqlalchemy import Select, select

from app.domain.accounts import permissions
from app.domain.accounts.plans import request_limits
from app.models.base import OrganizationOwned
from app.models.members import Membership
from app.platform import logs
from app.platform.errors import Forbidden, NotFound, Unauthorized
from app.platform.extensions import db
from app.security import limits, session_cookie
from app.security.actor import Actor, act_as
from app.security.principals import (
    Principal,
    Token,
    authenticate,
    issue_token,
    note_use,
    read_token,
)

__all__ = ["Principal", "authenticate", "issue_token", "read_token"]

View = TypeVar("View", bound=Callable[..., Any])
Owned = TypeVar("Owned", bound=OrganizationOwned)

_PUBLIC = "public"
_OPERATORS = "operators"
_GUARDED = "guarded: "
READS = ("GET", "HEAD", "OPTIONS")


def public(view: View) -> View:
    """Mark a view that needs no sign-in."""
    view.access = _PUBLIC  # type: ignore[attr-defined]
    return view


def operators_only(view: View) -> View:
    """Mark a view that is for operators of this server, signed in with a session."""
    view.access = _OPERATORS  # type: ignore[attr-defined]
    return view


def guarded_by(app: Flask, endpoint: str, guard: str) -> None:
    """Mark a view that a guard of its own protects, which `add_guard` names."""
    app.extensions.setdefault("guarded", {})[endpoint] = f"{_GUARDED}{guard}"


def add_guard(app: Flask, name: str, guard: Callable[[], Any]) -> None:
    """Add a guard: it returns None to let a request pass, or the answer that it gets instead."""
    app.extensions.setdefault("guards", {})[f"{_GUARDED}{name}"] = guard


def requires(permission: str) -> Callable[[View], View]:
    """Mark a view with the permission it needs. Raises ValueError for an unknown permission."""
    if not permissions.is_known(permission):
        raise ValueError(f"no permission is called {permission}")

    def mark(view: View) -> View:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> str | None:
    """Return what a view's mark says: a permission, "public", "operators", "guarded: …", or None
    where there is no mark."""
    guarded: dict[str, str] = app.extensions.get("guarded", {})
    return guarded.get(endpoint) or getattr(app.view_functions[endpoint], "access", None)


def seal(app: Flask) -> None:
    """Refuse to start with a view that is neither public nor protected. Raises RuntimeError."""
    unmarked = [
        rule.rule for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None
    ]
    if unmarked:
        raise RuntimeError(f"these paths say neither @public nor @requires: {unmarked}")


def budget(name: str, per_minute: int) -> Callable[[View], View]:
    """Give an organization a budget for a view that costs much; views of a name share it.

    The description of the view says so; it stands innermost, below what reads that. A public view
    calls `spend` itself, once it knows whose object it shows.
    """

    def give(view: View) -> View:
        view.budget = (name, per_minute)  # type: ignore[attr-defined]
        told = f"At most {per_minute} a minute for each organization; beyond that it is 429."
        view.__doc__ = f"{(view.__doc__ or '').rstrip()}\n\n    {told}\n    "
        return view

    return give


def spend(organization_id: UUID) -> None:
    """Count this request against an organization's budget, if its view has one.

    Raises TooManyRequests.
    """
    costly = getattr(current_app.view_functions[request.endpoint or ""], "budget", None)
    if costly is not None:
        name, per_minute = costly
        limits.count_costly(name, str(organization_id), per_minute)


def check_access() -> Any:
    """Let the request pass, or return the answer of a view's own guard; runs before every view.

    Raises Unauthorized, Forbidden, NotFound or TooManyRequests.
    """
    if request.endpoint is None:
        return None  # no such path or method: answered so to everybody
    permission = access_of(current_app, request.endpoint)
    if permission == _PUBLIC:
        return None
    if permission is None:
        raise Unauthorized
    if permission.startswith(_GUARDED):
        return current_app.extensions["guards"][permission]()
    found = g.principal = authenticate(request_token(), slug=chosen_slug())
    logs.bind(user_id=str(found.user_id), organization_id=str(found.organization_id))
    interactive = found.kind == "session"
    whose = found.user_id if interactive else found.token_id
    limits.count_request(
        f"{found.kind}:{whose}", *request_limits(found.plan, interactive=interactive)
    )
    note_session(found.unnoted)
    if permission == _OPERATORS:
        if not found.is_operator:
            raise Forbidden("this is for operators of this server")
    else:
        check_permission(found, permission)
    spend(found.organization_id)
    if request.method not in READS:
        act_as(actor_of(found))
    return None


def check_again() -> None:
    """Ask anew for the caller of a request that takes long.

    Raises Unauthorized, NotFound or Forbidden where they may no longer do what they asked for.
    """
    permission = access_of(current_app, request.endpoint or "") or ""
    found = authenticate(request_token(), slug=chosen_slug())
    if permission == _OPERATORS and not found.is_operator:
        raise Forbidden("this is for operators of this server")
    if permissions.is_known(permission):
        check_permission(found, permission)


def refuse(permission: str) -> None:
    """Raise Forbidden: say which role a permission needs, or that the key's scopes lack it."""
    _refuse(principal(), permission)


def check_permission(found: Principal, permission: str) -> None:
    """Raise Forbidden where somebody's role or the scopes of their key do not allow it."""
    if not found.may(permission):
        _refuse(found, permission)


def _refuse(found: Principal, permission: str) -> None:
    least = permissions.least_role(permission)
    raise Forbidden(
        f"this needs the role {least} or higher, and you are {found.role}"
        if not permissions.is_allowed(found.role, permission)
        else "the scopes of this API key do not allow this"
    )


def actor_of(found: Principal) -> Actor:
    """Return a caller as the audit log names them."""
    return Actor(
        kind="user" if found.kind == "session" else "api_key",
        id=found.user_id if found.kind == "session" else found.token_id,
        email=found.email,
        address=client_address(),
        organization_id=found.organization_id,
    )


def note_session(token: Token | None) -> None:
    """Write down from where and with what this request uses a session; None where that is known."""
    if token is not None:
        agent = request.headers.get("User-Agent", "").replace("\0", "")
        note_use(token, client_address(), agent)


def client_address() -> str:
    """Return the address this request comes from, proxies of ours left out."""
    result: str = g.client_address
    return result


def principal() -> Principal:
    """Return who is calling. Raises Unauthorized in a request without a caller."""
    result: Principal | None = g.get("principal")
    if result is None:
        raise Unauthorized
    return result


def request_token() -> str:
    """Return the token of this request: of `Authorization`, else of a browser's session.

    Raises Unauthorized when there is none, Forbidden for a cookie that another site sent along.
    """
    if "Authorization" in request.headers:
        scheme, _, token = request.headers["Authorization"].partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthorized
        return token.strip()
    result = session_cookie.token()
    if result is None:
        raise Unauthorized
    return result


def chosen_slug() -> str | None:
    """Return what `?org=` asks for; a repeated or disguised one matches no organization."""
    names = [name for name in request.args if name.partition("[")[0].strip().lower() == "org"]
    if not names:
        return None
    values = request.args.getlist("org")
    return values[0] if names == ["org"] and len(values) == 1 else ""


def principal_in(organization_id: UUID) -> Principal | None:
    """Return the caller as they are in another organization, None where they are not a member.

    An API key is for one organization, whatever else its maker belongs to.
    """
    found = principal()
    if found.scopes is not None and organization_id != found.organization_id:
        return None
    name = db.session.scalar(
        select(Membership.role).where(
            Membership.user_id == found.user_id, Membership.organization_id == organization_id
        )
    )
    role = permissions.role_named(name or "")
    return None if role is None else replace(found, organization_id=organization_id, role=role)


def scoped(model: type[Owned]) -> Select[Owned]:
    """Return a select of the model's rows in the caller's organization."""
    return select(model).where(model.organization_id == principal().organization_id)


def find(model: type[Owned], id: UUID) -> Owned:
    """Return a row of the caller's organization. Raises NotFound for any other id."""
    result = db.session.scalar(scoped(model).where(model.id == id))
    if result is None:
        raise NotFound
    return result
