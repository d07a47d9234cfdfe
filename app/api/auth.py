"""/auth: register, sign in and out, change the organization of a session."""

from typing import Any

from app.access import caller, issue_token, public, requires
from app.api.http import Blueprint, invalid
from app.bootstrap import runtime
from app.crypto import ABSENT_PASSWORD_HASH, hash_password, verify_password
from app.domain.passwords import is_common
from app.errors import Forbidden, NotFound, Unauthorized
from app.offload import offload
from app.operations import auth
from app.operations.auth import Account
from app.schemas.auth import (
    LoginSchema,
    RegisteredSchema,
    RegisterSchema,
    SwitchSchema,
    TokenSchema,
)

bp = Blueprint("auth", __name__, url_prefix="/auth", description="Accounts and sessions.")


def refuse_common_password(field: str, password: str, *own: str) -> None:
    """Raise Invalid for a password that is guessed first."""
    if is_common(password, *own):
        raise invalid({field: ["Too common: it is among the passwords that are guessed first."]})


@bp.post("/register")
@public
@bp.accepts(RegisterSchema)
@bp.returns(RegisteredSchema, 201)
def register(given: dict[str, Any]) -> dict[str, Any]:
    """Create an account

    Creates the user and an organization that they own, on the free plan. The first account of a
    server is its operator's.
    """
    email, password = given["email"], given["password"]
    refuse_common_password("password", password, email, email.partition("@")[0])
    mode = runtime().config.registration
    auth.check_registration(mode)  # before the work of hashing
    password_hash = offload(hash_password, password)
    user_id, org_id = auth.register(email, password_hash, given["full_name"], mode)
    return {"message": "registered successfully", "user_id": user_id, "org_id": org_id}


@bp.post("/login")
@public
@bp.accepts(LoginSchema)
@bp.returns(TokenSchema)
def login(given: dict[str, Any]) -> dict[str, Any]:
    """Sign in

    A wrong password and an unknown e-mail address get the same answer in the same time.
    """
    account = auth.find_account(given["email"].strip().lower())
    password_hash = account.password_hash if account else ABSENT_PASSWORD_HASH
    if not offload(verify_password, password_hash, given["password"]) or account is None:
        raise Unauthorized
    return _session(account)


@bp.post("/logout")
@requires("session:write")
@bp.returns(None, 204)
def logout() -> None:
    """Sign out

    Ends the token of this request at once.
    """
    auth.end_token(caller().token_id, caller().token_expires_at)


@bp.post("/logout-all")
@requires("session:write")
@bp.returns(None, 204)
def logout_all() -> None:
    """Sign out everywhere

    Ends every token of the caller at once.
    """
    auth.end_all_tokens(caller().user_id)


@bp.post("/switch")
@requires("session:write")
@bp.accepts(SwitchSchema)
@bp.returns(TokenSchema)
def switch(given: dict[str, Any]) -> dict[str, Any]:
    """Change the organization

    Returns a token for another organization of the caller; the present one stays valid.
    """
    account = auth.account(caller().user_id, given["org_id"])
    if account is None:
        raise NotFound
    return _session(account)


def _session(account: Account) -> dict[str, Any]:
    if account.organization_id is None:
        raise Forbidden("you are not a member of any organization")
    token = issue_token(
        account.user_id, account.organization_id, account.email, account.token_epoch
    )
    return {"token": token, "user_id": account.user_id, "org_id": account.organization_id}
