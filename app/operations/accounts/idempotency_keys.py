"""First answers to POSTs, kept for a day so that a repeated request gets them again.

A claim is a row before the request is carried out. The first write of the request marks the row in
its own transaction: after a kill we know whether carrying it out again would do it twice.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g, has_app_context
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, Invalid
from app.platform.extensions import db
from app.platform.transaction import transaction

# Longer than any request takes: one that is still open then was killed.
_ABANDONED_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Key:
    """The key of one caller in one organization, and what it was first sent with."""

    organization_id: UUID
    caller_id: UUID
    key: str
    fingerprint: str

    def values(self) -> dict[str, Any]:
        """Return what names the row."""
        return {"org": self.organization_id, "caller": self.caller_id, "key": self.key}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was first given."""

    status: int
    content_type: str
    body: str


_CLAIM = text("""
    INSERT INTO idempotency_keys (organization_id, caller_id, key, fingerprint, has_written)
    VALUES (:org, :caller, :key, :fingerprint, false) ON CONFLICT DO NOTHING RETURNING 1
""")
_LOOK = text("""
    SELECT fingerprint, has_written, status_code, answer,
        created_at < now() - interval '24 hours' AS is_expired,
        created_at < now() - :abandoned * interval '1 second' AS is_old
    FROM idempotency_keys
    WHERE organization_id = :org AND caller_id = :caller AND key = :key FOR UPDATE
""")
_TAKE_OVER = text("""
    UPDATE idempotency_keys SET fingerprint = :fingerprint, has_written = false,
        status_code = NULL, answer = NULL, created_at = now()
    WHERE organization_id = :org AND caller_id = :caller AND key = :key
""")
# Only where this transaction has written something: reading is no deed.
_WRITTEN = text("""
    UPDATE idempotency_keys SET has_written = true
    WHERE organization_id = :org AND caller_id = :caller AND key = :key
      AND NOT has_written AND pg_current_xact_id_if_assigned() IS NOT NULL
""")
_KEEP = text("""
    UPDATE idempotency_keys SET status_code = :status, answer = CAST(:answer AS jsonb)
    WHERE organization_id = :org AND caller_id = :caller AND key = :key
""")
_RELEASE = text("""
    DELETE FROM idempotency_keys
    WHERE organization_id = :org AND caller_id = :caller AND key = :key AND status_code IS NULL
""")


def claim(key: Key) -> Answer | bool:
    """Claim a key: True when the request is to be carried out now, its answer when it was before.

    False while another request with the key is under way. Raises Invalid when the key was sent with
    another request, Conflict when the first one was carried out but its answer is lost.
    """
    values = key.values() | {"fingerprint": key.fingerprint, "abandoned": _ABANDONED_SECONDS}
    with transaction() as tx:
        if tx.session.execute(_CLAIM, values).one_or_none():
            return True
        row = tx.session.execute(_LOOK, values).one_or_none()
        if row is None:
            return False  # released between the two statements
        if row.is_expired:
            tx.session.execute(_TAKE_OVER, values)
            return True
        if row.fingerprint != key.fingerprint:
            raise Invalid("this Idempotency-Key was sent with another request before")
        if row.status_code is not None:
            stored = runtime().vault.unseal(row.answer["body"])
            return Answer(row.status_code, row.answer["content_type"], stored)
        if not row.is_old:
            return False
        if row.has_written:
            raise Conflict("this request was carried out already, but its answer is lost")
        tx.session.execute(_TAKE_OVER, values)
        return True


def keep(key: Key, answer: Answer) -> None:
    """Keep the answer to a claimed key; sealed, for it may hold a new key or token."""
    sealed = {"content_type": answer.content_type, "body": runtime().vault.seal(answer.body)}
    with transaction() as tx:
        values = {"status": answer.status, "answer": json.dumps(sealed)}
        tx.session.execute(_KEEP, key.values() | values)


def release(key: Key) -> None:
    """Give a claimed key back: the request failed, and may be carried out again."""
    with transaction() as tx:
        tx.session.execute(_RELEASE, key.values())


@event.listens_for(db.session, "before_commit")
def _mark(session: Session) -> None:
    key: Key | None = g.get("idempotency_key") if has_app_context() else None
    if key is not None:
        session.flush()
        session.execute(_WRITTEN, key.values())
