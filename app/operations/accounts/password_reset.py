"""Forgotten passwords: a link by mail, good once and for an hour."""

import hmac
import logging
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from app.models.members import Membership, User
from app.operations import audit
from app.operations.notifications import system_mail
from app.operations.rows import refused
from app.platform.bootstrap import runtime
from app.platform.crypto import digest, random_key
from app.platform.errors import Invalid, InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction

log = logging.getLogger(__name__)

LIFETIME = timedelta(hours=1)
_ID_DIGITS = 32


def send_link(email: str) -> None:
    """Mail a link to whoever has this address; nothing happens when nobody has it."""
    with transaction() as tx:
        user = tx.session.scalar(
            select(User).where(User.email == email).with_for_update(key_share=True)
        )
        home = _home(tx, user.id) if user else None
        if user is None or home is None:
            return
        if not system_mail.is_possible():
            log.warning(
                "no mail server: a password reset cannot be sent;"
                " `flask --app wsgi accounts reset-link` makes a link",
                extra={"user_id": str(user.id)},
            )
            return
        link = _new_link(tx, user)
        system_mail.enqueue_mail(
            tx,
            home,
            email,
            "Reset your password",
            f"Somebody, probably you, wants to reset your password on AlertifyPro.\n\n{link}\n\n"
            "The link is good once, and for an hour. If it was not you, do nothing.",
        )
        audit.record_of_person(tx, "auth.password_reset_requested", user.id, email, home)


def link_for(email: str) -> str:
    """Return a link for an operator to pass on. Raises NotFound without an account."""
    with transaction() as tx:
        user = tx.session.scalar(
            select(User).where(User.email == email).with_for_update(key_share=True)
        )
        if user is None:
            raise NotFound(f"nobody has an account with the address {email}")
        link = _new_link(tx, user)
        audit.record(
            tx,
            "auth.password_reset_requested",
            organization_id=_home(tx, user.id),
            resource_type="user",
            resource_id=user.id,
            resource_name=email,
        )
    return link


def email_of(token: str) -> str:
    """Return whose password a token resets. Raises Invalid for one that is used, old or forged."""
    with transaction() as tx:
        email = _owner(tx, token).email
    return email


def reset(token: str, password_hash: str) -> str:
    """Set a new password, end every session, and return the e-mail address. Raises Invalid."""
    with transaction() as tx:
        user = _owner(tx, token)
        user.password_hash, user.token_epoch = password_hash, user.token_epoch + 1
        user.password_reset_hash = user.password_reset_expires_at = None
        email = user.email
        tx.after_commit(runtime().feed.access_changed, user.id)
        audit.record_of_person(tx, "auth.password_reset", user.id, email, _home(tx, user.id))
    return email


def _new_link(tx: Transaction, user: User) -> str:
    # The token names its user, so that the stored hash needs no index and no search.
    token = f"{user.id.hex}{random_key()}"
    user.password_reset_hash = digest(token)
    user.password_reset_expires_at = tx.now() + LIFETIME
    # Behind the #, which browsers keep to themselves, so that no log of a server holds it.
    return f"{runtime().config.base_url}/reset-password#token={token}"


def _owner(tx: Transaction, token: str) -> User:
    user = None
    try:
        user = tx.session.get(
            User, UUID(hex=token[:_ID_DIGITS]), with_for_update={"key_share": True}
        )
    except ValueError:
        raise _not_valid() from None
    if (
        user is None
        or user.password_reset_hash is None
        or user.password_reset_expires_at is None
        or user.password_reset_expires_at <= tx.now()
        or not hmac.compare_digest(user.password_reset_hash, digest(token))
    ):
        raise _not_valid()
    return user


def _not_valid() -> Invalid:
    return refused(
        "token",
        InvalidCode.WRONG_CREDENTIAL,
        "This link was used, has expired, or is not complete.",
    )


def _home(tx: Transaction, user_id: UUID) -> UUID | None:
    return tx.session.scalar(
        select(Membership.organization_id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.created_at, Membership.id)
        .limit(1)
    )
