"""Sessions of a person: which are signed in, and ending them."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Interval, cast, delete, exists, select
from sqlalchemy.dialects.postgresql import insert

from app.models.members import Membership, RevokedToken, User, UserSession
from app.operations import audit
from app.platform.bootstrap import runtime
from app.platform.errors import NotFound
from app.platform.transaction import Transaction, transaction
from app.security import actor

_MOST = 100
# A token ends with the membership it was made for (security/principals.py).
_A_SECOND = cast("1 second", Interval)
_IS_REVOKED = exists(select(RevokedToken.jti).where(RevokedToken.jti == UserSession.token_id))
_IS_MEMBER = exists(
    select(Membership.id).where(
        Membership.user_id == UserSession.user_id,
        Membership.organization_id == UserSession.organization_id,
        Membership.created_at < UserSession.created_at + _A_SECOND,
    )
)


def listed(user_id: UUID, present: UUID) -> list[dict[str, Any]]:
    """Return the sessions of a user that count, `present` first, then those that were used last."""
    with transaction() as tx:
        rows = tx.session.scalars(
            select(UserSession)
            .join(User, User.id == UserSession.user_id)
            .where(
                UserSession.user_id == user_id,
                UserSession.token_epoch == User.token_epoch,
                UserSession.expires_at > tx.now(),
                _IS_MEMBER,
                ~_IS_REVOKED,
            )
            .order_by((UserSession.token_id == present).desc(), UserSession.last_seen_at.desc())
            .limit(_MOST)
        )
        return [
            {
                "id": row.token_id,
                "is_present": row.token_id == present,
                "created_at": row.created_at,
                "last_seen_at": row.last_seen_at,
                "expires_at": row.expires_at,
                "address": row.address,
                "user_agent": row.user_agent,
            }
            for row in rows
        ]


def end(user_id: UUID, session_id: UUID) -> None:
    """End a session of a user at once. Raises NotFound for one that is not theirs, or has ended."""
    with transaction() as tx:
        if not _end(tx, user_id, UserSession.token_id == session_id):
            raise NotFound
        _record(tx, user_id, "auth.session_ended")


def end_others(user_id: UUID, present: UUID) -> None:
    """End every session of a user at once but the present one."""
    with transaction() as tx:
        if _end(tx, user_id, UserSession.token_id != present):
            _record(tx, user_id, "auth.other_sessions_ended")


def _end(tx: Transaction, user_id: UUID, which: ColumnElement[bool]) -> bool:
    """Revoke the tokens of these sessions; return whether there were any."""
    ended = tx.session.execute(
        delete(UserSession)
        .where(UserSession.user_id == user_id, which, ~_IS_REVOKED)
        .returning(UserSession.token_id, UserSession.expires_at)
    ).all()
    if not ended:
        return False
    tokens = [{"jti": row.token_id, "expires_at": row.expires_at} for row in ended]
    tx.session.execute(insert(RevokedToken).values(tokens).on_conflict_do_nothing())
    tx.after_commit(runtime().feed.access_changed, user_id)
    return True


def _record(tx: Transaction, user_id: UUID, event: str) -> None:
    who = actor.present()
    audit.record_of_person(tx, event, user_id, who.email or "", who.organization_id)
