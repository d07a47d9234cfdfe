"""/auth: register, sign in and out, change the organization of a session."""

from typing import Any
from uuid import UUID

from app import __version__
from app.api import standby_reads
from app.api.http import Blueprint, invalid
from app.domain.accounts.client_addresses import group, is_loopback
from app.domain.accounts.passwords import is_common
from app.operations.accounts import auth
from app.operations.accounts.auth import Credentials
from app.platform.bootstrap import runtime
from app.platform.cooperative import offload
from app.platform.crypto import ABSENT_PASSWORD_HASH, hash_password, verify_password
from app.platform.errors import Fault, InvalidCode, NotFound, TooManyRequests, Unauthorized
from app.schemas.auth import (
    AuthOptionsSchema,
    LoginAnswerSchema,
    LoginSchema,
    RegisteredSchema,
    RegisterSchema,
    SwitchSchema,
    TokenSchema,
)
from app.security import challenges, limits
from app.security.access import (
    client_address,
    issue_token,
    note_session,
    principal,
    public,
    read_token,
    requires,
)
from app.security.limits import Guard

bp = Blueprint("auth", __name__, url_prefix="/auth", description="Accounts and sessions.")
_SIGN_IN = Guard("sign-in")
_NEW_ACCOUNTS, _AN_HOUR = 30, 3600


def refuse_common_password(field: str, password: str, *own: str) -> None:
    """Raise Invalid for a password that is guessed first."""
    if is_common(password, *own):
        raise invalid(
            {
                field: [
                    Fault(
                        InvalidCode.WEAK_PASSWORD,
                        "Too common: it is among the passwords that are guessed first.",
                    )
                ]
            }
        )


@bp.post("/register")
@public
@bp.accepts(RegisterSchema)
@bp.returns(RegisteredSchema, 201)
def register(data: dict[str, Any]) -> dict[str, Any]:
    """Create an account

    Creates the user and an organization that they own, on the free plan; with the token of an
    invitation, a member of that organization. The first account of a server is its operator's.
    Without an invitation an address makes 30 accounts an hour, one of this machine as many as it
    likes; beyond that it is 429.
    """
    email, password = data["email"], data["password"]
    invitation = data.get("invitation_token") or None
    refuse_common_password("password", password, email, email.partition("@")[0])
    mode = runtime().config.registration
    auth.check_registration(mode, invited=invitation is not None)  # before the work of hashing
    if not invitation:
        _count_account(client_address())
    password_hash = offload(hash_password, password)
    user_id, org_id = auth.register(email, password_hash, data["full_name"], mode, invitation)
    limits.remember(email, client_address())
    return {"message": "registered successfully", "user_id": user_id, "org_id": org_id}


@bp.post("/login")
@public
@bp.accepts(LoginSchema)
@bp.returns(LoginAnswerSchema)
def login(data: dict[str, Any]) -> dict[str, Any]:
    """Sign in

    A wrong password and an unknown e-mail address get the same answer in the same time. Too many
    wrong tries are 429; an address where the account signed in before is not held up by tries from
    elsewhere. With a second factor the answer is a challenge for `POST /auth/login/2fa`.
    """
    account = check_password(data["email"], data["password"])
    if account.two_factor:
        return second_step(account)
    return begin_session(account)


def _count_account(address: str) -> None:
    """Count a new account of an address. Scripts that run beside the server may make many."""
    if is_loopback(address):
        return
    if not limits.is_within("registrations", group(address), _NEW_ACCOUNTS, _AN_HOUR):
        raise TooManyRequests("too many new accounts from this address; please wait", _AN_HOUR)


def check_password(email: str, password: str) -> Credentials:
    """Return the account of an e-mail address and its password.

    Raises Unauthorized for wrong ones, TooManyRequests after too many of them.
    """
    limits.count_hash(email, client_address())
    _SIGN_IN.take(email, client_address())
    account = auth.find_account(email)
    password_hash = account.password_hash if account else ABSENT_PASSWORD_HASH
    is_right = offload(verify_password, password_hash, password)
    if account is None or not is_right:
        if account is not None:
            auth.failed(account)
        else:
            auth.failed_without_account()
        raise Unauthorized
    _SIGN_IN.give_back(email, client_address())
    return account


def second_step(account: Credentials) -> dict[str, Any]:
    """Return the demand for a second factor."""
    challenge = challenges.issue(account.user_id, account.token_epoch)
    return {"two_factor_required": True, "challenge": challenge}


def begin_session(account: Credentials) -> dict[str, Any]:
    """Return a token for somebody who has shown who they are, in the organization they joined
    first."""
    organization_id = auth.signed_in(account, runtime().config.registration)
    limits.remember(account.email, client_address())
    return _session(account, organization_id)


@bp.get("/options")
@public
@bp.returns(AuthOptionsSchema)
def options() -> dict[str, Any]:
    """Read how to sign in here

    What the first page of a browser needs to know before anybody is signed in.
    """
    config = runtime().config
    return auth.options(config.registration) | {
        "mail_configured": bool(config.smtp_url),
        "version": __version__,
    }


@bp.post("/logout")
@requires("session:write")
@bp.returns(None, 204)
def logout() -> None:
    """Sign out

    Ends the token of this request at once.
    """
    auth.end_token(principal().user_id, principal().token_id, principal().token_expires_at)


@bp.post("/logout-all")
@requires("session:write")
@bp.returns(None, 204)
def logout_all() -> None:
    """Sign out everywhere

    Ends every token of the caller at once.
    """
    auth.end_all_tokens(principal().user_id)


@bp.post("/switch")
@requires("session:write")
@bp.accepts(SwitchSchema)
@bp.returns(TokenSchema)
def switch(data: dict[str, Any]) -> dict[str, Any]:
    """Change the organization

    Returns a token for another organization of the caller; the present one stays valid.
    """
    return session_in(principal().user_id, data["org_id"])


def session_in(user_id: UUID, organization_id: UUID) -> dict[str, Any]:
    """Return a token for somebody in an organization of theirs. Raises NotFound for another."""
    account = auth.account(user_id, organization_id)
    if account is None:
        raise NotFound
    return _session(account, organization_id)


def _session(account: Credentials, organization_id: UUID) -> dict[str, Any]:
    standby_reads.note_write(account.user_id, organization_id)  # its account may be seconds old
    token = issue_token(account.user_id, organization_id, account.email, account.token_epoch)
    note_session(read_token(token))
    return {"token": token, "user_id": account.user_id, "org_id": organization_id}
