"""Cookies that open one restricted status page for twelve hours.

A cookie is signed and bound to the page and its password; of a member it names their session, which
is asked for with every request.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import UUID

from flask import Response, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.platform.bootstrap import runtime
from app.platform.clock import utcnow

LIFETIME_SECONDS = 12 * 3600
_NAME = "alertifypro_page"


@dataclass(frozen=True, slots=True)
class MemberSession:
    """Session in which a member opened a page."""

    user_id: UUID
    epoch: int
    token_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visitor that a page was opened for at a time; one without a session knew its password."""

    opened_at: datetime
    session: MemberSession | None = None


def read(guard: str) -> Visitor | None:
    """Return whom the cookie of a page lets in; None without one, or when its session expired."""
    try:
        found, opened_at = _serializer().loads(
            request.cookies.get(_NAME, ""), max_age=LIFETIME_SECONDS, return_timestamp=True
        )
    except BadSignature:
        return None
    match found:
        case [its_guard, ""] if its_guard == guard:
            return Visitor(opened_at)
        case [its_guard, user_id, epoch, token_id, expires_at] if its_guard == guard:
            ends_at = datetime.fromtimestamp(expires_at, UTC)
            session = MemberSession(UUID(user_id), epoch, UUID(token_id), ends_at)
            return Visitor(opened_at, session) if utcnow() < ends_at else None
    return None


def set_on(answer: Response, guard: str, session: MemberSession | None, path: str) -> None:
    """Let a visitor in, on the path of one page; a member for as long as their session lasts."""
    content: list[str | int] = [guard, ""]
    if session is not None:
        ends_at = int(session.expires_at.timestamp())
        content = [guard, str(session.user_id), session.epoch, str(session.token_id), ends_at]
    answer.set_cookie(
        _NAME,
        _serializer().dumps(content),
        max_age=LIFETIME_SECONDS,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=urlsplit(runtime().config.base_url).scheme == "https",
    )


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().config.jwt_secret, salt="status-page")
