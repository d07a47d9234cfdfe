"""/profile/2fa and /auth/login/2fa: the second factor."""

from typing import Any

from app.api.auth import begin_session
from app.api.http import Blueprint
from app.operations.accounts import auth, two_factor
from app.operations.accounts.auth import Credentials
from app.platform.errors import Invalid, Unauthorized
from app.schemas.auth import TokenSchema
from app.schemas.two_factor import CodeSchema, RecoveryCodesSchema, SecondStepSchema, SetupSchema
from app.security import challenges
from app.security.access import client_address, principal, public, requires
from app.security.limits import Guard

bp = Blueprint("two_factor", __name__, description="The second factor of signing in.")
_GUARD = Guard("second factor", per_pair=5, per_address=50, hot=20)


class _Guarded:
    """Block that counts a code which turns out wrong, and no other."""

    def __enter__(self) -> None:
        _GUARD.take(principal().email, client_address())

    def __exit__(self, kind: object, error: object, _: object) -> None:
        if not isinstance(error, Invalid):
            _GUARD.give_back(principal().email, client_address())


@bp.post("/profile/2fa/setup")
@requires("profile:write")
@bp.returns(SetupSchema)
def setup() -> dict[str, str]:
    """Set up a second factor

    Makes a key for an authenticator app; it counts once a code of it is sent to `enable`.
    """
    return two_factor.setup(principal().user_id)


@bp.post("/profile/2fa/enable")
@requires("profile:write")
@bp.accepts(CodeSchema)
@bp.returns(RecoveryCodesSchema)
def enable(data: dict[str, Any]) -> dict[str, list[str]]:
    """Enable the second factor

    Returns ten recovery codes, which are shown this once.
    """
    with _Guarded():
        codes = two_factor.enable(principal().user_id, principal().organization_id, data["code"])
    return {"recovery_codes": codes}


@bp.post("/profile/2fa/recovery-codes")
@requires("profile:write")
@bp.accepts(CodeSchema)
@bp.returns(RecoveryCodesSchema)
def renew_codes(data: dict[str, Any]) -> dict[str, list[str]]:
    """Replace the recovery codes

    The old ones end at once.
    """
    with _Guarded():
        codes = two_factor.renew_codes(
            principal().user_id, principal().organization_id, data["code"]
        )
    return {"recovery_codes": codes}


@bp.post("/profile/2fa/disable")
@requires("profile:write")
@bp.accepts(CodeSchema)
@bp.returns(None, 204)
def disable(data: dict[str, Any]) -> None:
    """Disable the second factor

    Takes a code or a recovery code.
    """
    with _Guarded():
        two_factor.disable(principal().user_id, principal().organization_id, data["code"])


@bp.post("/auth/login/2fa")
@public
@bp.accepts(SecondStepSchema)
@bp.returns(TokenSchema)
def login(data: dict[str, Any]) -> dict[str, Any]:
    """Sign in: the second step

    Takes the challenge of `POST /auth/login`, within five minutes, and a code that was not used
    before, or a recovery code.
    """
    return begin_session(check_second_step(data["challenge"], data["code"]))


def check_second_step(challenge: str, code: str) -> Credentials:
    """Return the account of a challenge whose code is right.

    Raises Unauthorized for a wrong or an old one, TooManyRequests after too many of them.
    """
    user_id, epoch = challenges.read(challenge)
    account = auth.account_at_home(user_id)
    if account is None or account.token_epoch != epoch:
        raise Unauthorized
    check_code(account, code)
    return account


def check_code(account: Credentials, code: str) -> None:
    """Let somebody pass whose password was right and whose code is too.

    Raises Unauthorized for a wrong code, TooManyRequests after too many of them.
    """
    _GUARD.take(account.email, client_address())
    if not two_factor.is_right(account.user_id, account.token_epoch, code):
        auth.failed(account, "auth.two_factor_failed")
        raise Unauthorized
    _GUARD.give_back(account.email, client_address())
