"""The second factor of a person: a key in an authenticator app, and recovery codes on paper."""

import base64
import secrets
from uuid import UUID

from pyotp import random_base32

from app.domain.accounts.totp import matching_step, normal, qr_code, setup_uri
from app.models.members import User
from app.operations import audit
from app.operations.rows import refused
from app.platform.bootstrap import runtime
from app.platform.crypto import digest
from app.platform.errors import Conflict, Forbidden, InvalidCode, NotFound
from app.platform.transaction import Transaction, transaction

ISSUER = "AlertifyPro"
RECOVERY_CODES = 10
_CODE_BYTES = 10  # 80 bits: a leaked hash of it cannot be searched


def setup(user_id: UUID) -> dict[str, str]:
    """Make a new key and return `{secret, uri, qr_code}`; it counts once it is enabled.

    Raises Conflict while a second factor is enabled.
    """
    secret = random_base32()
    with transaction() as tx:
        user = _lock(tx, user_id)
        if user.totp_enabled_at is not None:
            raise Conflict("a second factor is enabled already; disable it first")
        user.totp_key, user.totp_last_step = runtime().vault.seal(secret), None
        uri = setup_uri(secret, user.email, ISSUER)
    return {"secret": secret, "uri": uri, "qr_code": qr_code(uri)}


def enable(user_id: UUID, organization_id: UUID, code: str) -> list[str]:
    """Switch the second factor on by a first code, and return the recovery codes.

    Raises Conflict without a key or when it is on already, Invalid for a wrong code.
    """
    with transaction() as tx:
        user = _lock(tx, user_id)
        if user.totp_key is None or user.totp_enabled_at is not None:
            raise Conflict("there is no second factor to enable; set one up first")
        if not _takes_code(tx, user, code):
            raise refused(
                "code", InvalidCode.WRONG_CREDENTIAL, "This code is wrong or was used already."
            )
        user.totp_enabled_at = tx.now()
        codes = _new_codes(user)
        audit.record_of_person(tx, "auth.two_factor_enabled", user_id, user.email, organization_id)
    return codes


def renew_codes(user_id: UUID, organization_id: UUID, code: str) -> list[str]:
    """Replace the recovery codes and return the new ones. Raises as `disable`."""
    with transaction() as tx:
        user = _lock(tx, user_id)
        _demand(tx, user, code)
        codes = _new_codes(user)
        audit.record_of_person(
            tx, "auth.recovery_codes_renewed", user_id, user.email, organization_id
        )
    return codes


def disable(user_id: UUID, organization_id: UUID, code: str) -> None:
    """Switch the second factor off by a code or a recovery code.

    Raises Conflict when there is none, Invalid for a wrong code.
    """
    with transaction() as tx:
        user = _lock(tx, user_id)
        _demand(tx, user, code)
        _clear(user)
        audit.record_of_person(tx, "auth.two_factor_disabled", user_id, user.email, organization_id)


def take_away(user_id: UUID) -> None:
    """Switch somebody's second factor off without a code, for an operator. Raises NotFound."""
    with transaction() as tx:
        user = _lock(tx, user_id)
        _clear(user)
        audit.record(
            tx,
            "auth.two_factor_disabled",
            organization_id=None,
            resource_type="user",
            resource_id=user_id,
            resource_name=user.email,
        )


def is_right(user_id: UUID, epoch: int, code: str) -> bool:
    """Say whether a code completes a sign-in that began in an epoch; it is used up by that."""
    with transaction() as tx:
        user = tx.session.get(User, user_id, with_for_update={"key_share": True})
        result = (
            user is not None
            and user.token_epoch == epoch
            and user.totp_enabled_at is not None
            and (_takes_code(tx, user, code) or _takes_recovery_code(user, code))
        )
    return result


def _lock(tx: Transaction, user_id: UUID) -> User:
    user = tx.session.get(User, user_id, with_for_update={"key_share": True})
    if user is None:
        raise NotFound
    return user


def _demand(tx: Transaction, user: User, code: str) -> None:
    if user.totp_enabled_at is None:
        raise Conflict("there is no second factor")
    if not _takes_code(tx, user, code) and not _takes_recovery_code(user, code):
        raise refused(
            "code", InvalidCode.WRONG_CREDENTIAL, "This code is wrong or was used already."
        )


def _takes_code(tx: Transaction, user: User, code: str) -> bool:
    if user.totp_key is None:
        raise Forbidden("there is no second factor")
    key = runtime().vault.unseal(user.totp_key)
    step = matching_step(key, normal(code), tx.now(), user.totp_last_step)
    if step is None:
        return False
    user.totp_last_step = step
    return True


def _takes_recovery_code(user: User, code: str) -> bool:
    used = digest(normal(code))
    if used not in user.recovery_code_hashes:
        return False
    user.recovery_code_hashes = [kept for kept in user.recovery_code_hashes if kept != used]
    return True


def _new_codes(user: User) -> list[str]:
    codes = []
    for _ in range(RECOVERY_CODES):
        letters = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()
        codes.append("-".join(letters[at : at + 4] for at in range(0, len(letters), 4)))
    user.recovery_code_hashes = [digest(normal(code)) for code in codes]
    return codes


def _clear(user: User) -> None:
    user.totp_key = user.totp_enabled_at = user.totp_last_step = None
    user.recovery_code_hashes = []
