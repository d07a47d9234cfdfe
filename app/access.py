"""Who is calling, what they may do, and the rows of their organization: the one place for access.

One hook authenticates every request before its view runs, so protection does not depend on the
order of decorators. A view is either `@public` or says what it `@requires`; `seal` refuses to start
an application that has a view which says neither.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

from flask import Flask, current_app, g, request
from flask_jwt_extended import create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import PyJWTError
from sqlalchemy import Select, select, text

from app import logs
from app.domain import permissions
from app.domain.permissions import Role, Scope
from app.errors import Forbidden, NotFound, Unauthorized
from app.extensions import db
from app.models.base import OrganizationOwned
from app.models.members import Membership

View = TypeVar("View", bound=Callable[..., Any])
Row = TypeVar("Row", bound=OrganizationOwned)

_PUBLIC = "public"
# What reading a token may raise; the library parses the claims before it checks the signature,
# hence also what hostile JSON provokes.
_BAD_TOKEN = (
    JWTExtendedException,
    PyJWTError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody signed in, and the organization they speak for in this request."""

    kind: str  # "session" or "api_key"
    user_id: UUID
    email: str
    organization_id: UUID
    role: Role
    is_operator: bool
    token_id: UUID
    token_expires_at: datetime
    scopes: frozenset[Scope] | None = None  # None: a session, all that the role may do

    def may(self, permission: str) -> bool:
        """Say whether role and scopes allow a permission."""
        if not permissions.is_allowed(self.role, permission):
            return False
        return self.scopes is None or permissions.is_in_scope(self.scopes, permission)


def public(view: View) -> View:
    """Mark a view that needs no sign-in."""
    view.access = _PUBLIC  # type: ignore[attr-defined]
    return view


def requires(permission: str) -> Callable[[View], View]:
    """Mark a view with the permission it needs. Raises ValueError for an unknown permission."""
    if not permissions.is_known(permission):
        raise ValueError(f"no permission is called {permission}")

    def mark(view: View) -> View:
        view.access = permission  # type: ignore[attr-defined]
        return view

    return mark


def access_of(app: Flask, endpoint: str) -> str | None:
    """Return what a view's mark says: a permission, "public", or None where there is no mark."""
    mark: str | None = getattr(app.view_functions[endpoint], "access", None)
    return mark


def seal(app: Flask) -> None:
    """Refuse to start with a view that is neither public nor protected. Raises RuntimeError."""
    unmarked = [
        rule.rule for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None
    ]
    if unmarked:
        raise RuntimeError(f"these paths say neither @public nor @requires: {unmarked}")


def check_access() -> None:
    """Let the request pass or raise Unauthorized, Forbidden or NotFound; runs before every view."""
    if request.endpoint is None:
        return  # no such path or method: answered so to everybody
    permission = access_of(current_app, request.endpoint)
    if permission == _PUBLIC:
        return
    if permission is None:
        raise Unauthorized
    found = g.caller = authenticate(_bearer_token(), slug=_chosen_slug())
    logs.bind(user_id=str(found.user_id), organization_id=str(found.organization_id))
    if not found.may(permission):
        least = permissions.least_role(permission)
        raise Forbidden(
            f"this needs the role {least} or higher, and you are {found.role}"
            if not permissions.is_allowed(found.role, permission)
            else "the scopes of this API key do not allow this"
        )


def caller() -> Caller:
    """Return who is calling. Raises Unauthorized in a request without a caller."""
    found: Caller | None = g.get("caller")
    if found is None:
        raise Unauthorized
    return found


_CALLER = text("""
    SELECT u.email, u.token_epoch, u.is_operator, chosen.organization_id, chosen.role,
        EXISTS (SELECT FROM revoked_tokens WHERE jti = :jti) AS revoked,
        EXISTS (
            SELECT FROM memberships WHERE user_id = u.id AND organization_id = :tenant_id
        ) AS still_member
    FROM users u
    LEFT JOIN LATERAL (
        SELECT m.organization_id, m.role FROM memberships m
        JOIN organizations o ON o.id = m.organization_id
        WHERE m.user_id = u.id
          AND CASE WHEN CAST(:slug AS text) IS NULL THEN o.id = :tenant_id ELSE o.slug = :slug END
    ) chosen ON true
    WHERE u.id = :user_id
""")


def authenticate(token: str, *, slug: str | None = None) -> Caller:
    """Return the caller a token stands for, by one query.

    `slug` selects another organization of the same person. Raises Unauthorized for a token that is
    forged, expired, signed out, of an earlier epoch, or of somebody who is no longer a member;
    NotFound for a slug of an organization they are not a member of.
    """
    try:
        claims = decode_token(token)
        ids = {name: UUID(claims[name]) for name in ("user_id", "tenant_id", "jti")}
        epoch, expires_at = int(claims["epoch"]), datetime.fromtimestamp(claims["exp"], UTC)
    except _BAD_TOKEN:
        raise Unauthorized from None
    if claims["type"] != "access":
        raise Unauthorized
    row = db.session.execute(_CALLER, {**ids, "slug": slug}).one_or_none()
    if row is None or row.revoked or row.token_epoch != epoch or not row.still_member:
        raise Unauthorized
    role = permissions.role_named(row.role or "")
    if role is None:
        raise NotFound
    return Caller(
        kind="session",
        user_id=ids["user_id"],
        email=row.email,
        organization_id=row.organization_id,
        role=role,
        is_operator=row.is_operator,
        token_id=ids["jti"],
        token_expires_at=expires_at,
    )


def issue_token(user_id: UUID, organization_id: UUID, email: str, epoch: int) -> str:
    """Return a token of 72 hours for a user in one of their organizations."""
    claims = {"tenant_id": str(organization_id), "email": email, "epoch": epoch}
    token: str = create_access_token(identity=str(user_id), additional_claims=claims)
    return token


def _bearer_token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return token.strip()


def _chosen_slug() -> str | None:
    """Return what `?org=` asks for; a repeated or disguised one matches no organization."""
    names = [name for name in request.args if name.partition("[")[0].strip().lower() == "org"]
    if not names:
        return None
    values = request.args.getlist("org")
    return values[0] if names == ["org"] and len(values) == 1 else ""


def caller_in(organization_id: UUID) -> Caller | None:
    """Return the caller as they are in another organization, None where they are not a member."""
    found = caller()
    name = db.session.scalar(
        select(Membership.role).where(
            Membership.user_id == found.user_id, Membership.organization_id == organization_id
        )
    )
    role = permissions.role_named(name or "")
    return None if role is None else replace(found, organization_id=organization_id, role=role)


def scoped(model: type[Row]) -> Select[Row]:
    """Return a select of the model's rows in the caller's organization."""
    return select(model).where(model.organization_id == caller().organization_id)


def find(model: type[Row], id: UUID) -> Row:
    """Return a row of the caller's organization. Raises NotFound for any other id."""
    found = db.session.scalar(scoped(model).where(model.id == id))
    if found is None:
        raise NotFound
    return found
