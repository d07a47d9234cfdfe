"""Principals that tokens and API keys stand for, looked up by one query on every request.

Roles, memberships and revocations are never remembered: what an admin changes counts on the next
request.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
from flask_jwt_extended import create_access_token
from jwt.types import Options
from psycopg.rows import namedtuple_row

from app.domain.accounts import permissions
from app.domain.accounts.permissions import Role, Scope
from app.domain.accounts.plans import Plan, plan_of
from app.platform.bootstrap import runtime
from app.platform.crypto import digest
from app.platform.errors import NotFound, Unauthorized
from app.platform.extensions import db
from app.platform.transaction import Transaction, transaction

KEY_PREFIX = "WK_"
# What reading a token may raise; the library parses the header before it checks the signature,
# hence also what hostile JSON provokes.
_BAD_TOKEN = (
    jwt.PyJWTError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    RecursionError,
    OverflowError,
    OSError,
)
_SIGNED_CLAIMS: Options = {"verify_aud": False}  # which is for nobody else


@dataclass(frozen=True, slots=True)
class Token:
    """Token of a session, as it was issued."""

    id: UUID
    user_id: UUID
    organization_id: UUID
    epoch: int
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Principal of a request: a person or an API key, with the organization they act in."""

    kind: str  # "session" or "api_key"
    user_id: UUID
    email: str
    organization_id: UUID
    role: Role
    is_operator: bool
    token_id: UUID  # of the session's token, or of the API key
    token_expires_at: datetime | None
    plan: Plan
    scopes: frozenset[Scope] | None = None  # None: a session, all that the role may do
    unnoted: Token | None = None  # of a session whose use was not noted within the last minute
    epoch: int = 0  # of the session's token: it ends when that of its user is raised

    @property
    def is_session(self) -> bool:
        """Whether a person has signed in, and no API key speaks for them."""
        return self.kind == "session"

    @property
    def key_id(self) -> UUID | None:
        """The API key that was sent; None in a session."""
        return None if self.is_session else self.token_id

    @property
    def key_expires_at(self) -> datetime | None:
        """When the API key that was sent expires; None for never, and in a session."""
        return None if self.is_session else self.token_expires_at

    def may(self, permission: str) -> bool:
        """Say whether role and scopes allow a permission."""
        if not permissions.is_allowed(self.role, permission):
            return False
        return self.scopes is None or permissions.is_in_scope(self.scopes, permission)


_PLANS = "(SELECT value FROM instance_settings WHERE name = 'plans') AS plans"
_SESSION = f"""
    SELECT u.email, u.token_epoch, u.is_operator, chosen.organization_id, chosen.role,
        chosen.plan_type, {_PLANS},
        EXISTS (SELECT FROM revoked_tokens WHERE jti = %(jti)s) AS revoked,
        NOT EXISTS (
            SELECT FROM user_sessions
            WHERE token_id = %(jti)s AND last_seen_at > now() - interval '1 minute'
        ) AS use_is_news,
        EXISTS (
            SELECT FROM memberships WHERE user_id = u.id AND organization_id = %(tenant_id)s
              -- A token ends with the membership it was made for, also if they come again.
              AND created_at < %(issued_at)s + interval '1 second'
        ) AS still_member
    FROM users u
    LEFT JOIN LATERAL (
        SELECT m.organization_id, m.role, o.plan_type FROM memberships m
        JOIN organizations o ON o.id = m.organization_id
        WHERE m.user_id = u.id
          AND CASE WHEN CAST(%(slug)s AS text) IS NULL
                   THEN o.id = %(tenant_id)s ELSE o.slug = %(slug)s END
    ) chosen ON true
    WHERE u.id = %(user_id)s
"""  # noqa: S608  a constant
# A key lives by its maker's membership: it shrinks with their role and ends with their removal.
_API_KEY = f"""
    SELECT k.id, k.scopes, k.expires_at, k.created_by, k.organization_id, u.email, m.role, o.slug,
        o.plan_type, {_PLANS},
        k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute' AS use_is_news
    FROM api_keys k
    JOIN users u ON u.id = k.created_by
    JOIN memberships m ON m.user_id = k.created_by AND m.organization_id = k.organization_id
    JOIN organizations o ON o.id = k.organization_id
    WHERE k.key_hash = %(hash)s AND (k.expires_at IS NULL OR k.expires_at > now())
"""  # noqa: S608  a constant
# Never waits: of many requests at once the first one writes, and the others have said the same.
_USED = """
    UPDATE api_keys SET last_used_at = now()
    WHERE id = (SELECT id FROM api_keys WHERE id = %(id)s FOR NO KEY UPDATE SKIP LOCKED)
"""
# Locked, as whoever deletes the organization at this moment takes the row with it.
_NOTE = """
    INSERT INTO user_sessions (token_id, user_id, organization_id, token_epoch, created_at,
        last_seen_at, expires_at, address, user_agent)
    SELECT %(id)s, %(user_id)s, o.id, %(epoch)s, %(issued_at)s, now(), %(expires_at)s, %(address)s,
        %(user_agent)s
    FROM organizations o WHERE o.id = %(organization_id)s FOR KEY SHARE
    ON CONFLICT (token_id) DO UPDATE SET last_seen_at = excluded.last_seen_at,
        address = excluded.address, user_agent = excluded.user_agent
    WHERE user_sessions.last_seen_at < now() - interval '1 minute'
"""
_LONGEST_AGENT = 400  # characters; those of browsers have half as many


def authenticate(token: str, *, slug: str | None = None) -> Principal:
    """Return the principal a token or an API key stands for.

    `slug` selects another organization of the same person. Raises Unauthorized for what is forged,
    expired, ended, of an earlier epoch, or of somebody who is no longer a member; NotFound for the
    slug of an organization they are not a member of.
    """
    return _of_key(token, slug) if token.startswith(KEY_PREFIX) else _of_session(token, slug)


def read_token(token: str) -> Token:
    """Return what a token of a session says. Raises Unauthorized for what is forged or expired."""
    try:
        # At once: `decode_token` parses a token three times, a tenth of a small request.
        claims = jwt.decode(
            token, runtime().config.jwt_secret, algorithms=["HS256"], options=_SIGNED_CLAIMS
        )
        result = Token(
            id=UUID(claims["jti"]),
            user_id=UUID(claims["user_id"]),
            organization_id=UUID(claims["tenant_id"]),
            epoch=int(claims["epoch"]),
            issued_at=datetime.fromtimestamp(float(claims["iat"]), UTC),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        )
    except _BAD_TOKEN:
        raise Unauthorized from None
    if claims.get("type", "access") != "access":
        raise Unauthorized
    return result


def _of_session(token: str, slug: str | None) -> Principal:
    found = read_token(token)
    values = {
        "user_id": found.user_id,
        "tenant_id": found.organization_id,
        "jti": found.id,
        "issued_at": found.issued_at,
        "slug": slug,
    }
    row = _one(_SESSION, values)
    if row is None or row.revoked or row.token_epoch != found.epoch or not row.still_member:
        raise Unauthorized
    role = permissions.role_named(row.role or "")
    if role is None:
        raise NotFound
    return Principal(
        kind="session",
        user_id=found.user_id,
        email=row.email,
        organization_id=row.organization_id,
        role=role,
        is_operator=row.is_operator,
        token_id=found.id,
        token_expires_at=found.expires_at,
        plan=plan_of(row.plan_type, row.plans),
        unnoted=found if row.use_is_news else None,
        epoch=found.epoch,
    )


def note_use(token: Token, address: str, user_agent: str) -> None:
    """Write down that a token is used, from where and with what, for the list of its owner."""
    with transaction() as tx:
        values = asdict(token) | {"address": address, "user_agent": user_agent[:_LONGEST_AGENT]}
        tx.driver.execute(_NOTE, values)


def _of_key(key: str, slug: str | None) -> Principal:
    row = _one(_API_KEY, {"hash": digest(key)})
    role = permissions.role_named(row.role) if row else None
    if row is None or role is None:
        raise Unauthorized
    if slug is not None and slug != row.slug:
        raise NotFound  # a key is for one organization, also when its maker has several
    if row.use_is_news:
        with transaction() as tx:
            tx.driver.execute(_USED, {"id": row.id})
    return Principal(
        kind="api_key",
        user_id=row.created_by,
        email=row.email,
        organization_id=row.organization_id,
        role=role,
        is_operator=False,
        token_id=row.id,
        token_expires_at=row.expires_at,
        plan=plan_of(row.plan_type, row.plans),
        scopes=frozenset(map(Scope, row.scopes)),
    )


def _one(statement: str, values: dict[str, Any]) -> Any:
    """Return the row of a statement, None without one, on the connection of this request."""
    cursor = Transaction(db.session()).driver.cursor(row_factory=namedtuple_row)
    return cursor.execute(statement, values).fetchone()


def issue_token(user_id: UUID, organization_id: UUID, email: str, epoch: int) -> str:
    """Return a token of 72 hours for a user in one of their organizations."""
    claims = {"tenant_id": str(organization_id), "email": email, "epoch": epoch}
    token: str = create_access_token(identity=str(user_id), additional_claims=claims)
    return token
