"""Sessions of operators at a browser: who they are now, and what they did."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert

from app.models.members import RevokedToken, User
from app.operations import audit
from app.platform.errors import Forbidden
from app.platform.transaction import transaction


def signed_in(user_id: UUID, email: str) -> None:
    """Write down that an operator signed in. Raises Forbidden for somebody who is none."""
    with transaction() as tx:
        if not tx.session.scalar(select(User.is_operator).where(User.id == user_id)):
            raise Forbidden("this is for operators of this server")
        audit.record_of_person(tx, "operator.login", user_id, email, None)


def operator(user_id: UUID, epoch: int, session_id: UUID) -> str | None:
    """Return the e-mail address behind a session; None when it has ended or is no operator's."""
    with transaction() as tx:
        result: str | None = tx.session.scalar(
            select(User.email).where(
                User.id == user_id,
                User.token_epoch == epoch,
                User.is_operator,
                ~exists(select(RevokedToken.jti).where(RevokedToken.jti == session_id)),
            )
        )
    return result


def record(endpoint: str, path: str) -> None:
    """Write down what an operator does with queues and jobs."""
    with transaction() as tx:
        audit.record(
            tx,
            f"operator.{endpoint.rpartition('.')[2]}",
            organization_id=None,
            resource_type="path",
            resource_id=path,
        )


def end(session_id: UUID, expires_at: datetime) -> None:
    """End a session at once."""
    with transaction() as tx:
        tx.session.execute(
            insert(RevokedToken)
            .values(jti=session_id, expires_at=expires_at)
            .on_conflict_do_nothing()
        )
