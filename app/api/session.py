"""/session: signing in with a browser, whose token no script ever sees."""

from typing import Any

from flask import Response

from app.api.auth import begin_session, check_password, second_step
from app.api.http import Blueprint, reply
from app.api.two_factor import check_second_step
from app.domain.accounts import permissions
from app.operations.accounts import auth, profile
from app.platform.errors import AppError, Forbidden
from app.schemas.auth import LoginSchema
from app.schemas.session import BegunSessionSchema, SessionSchema
from app.schemas.two_factor import SecondStepSchema
from app.security import access, session_cookie
from app.security.access import actor_of, authenticate, principal, public, requires
from app.security.actor import act_as

bp = Blueprint("session", __name__, url_prefix="/session", description="Signing in by browser.")


@bp.get("")
@requires("profile:read")
@bp.returns(SessionSchema)
def read() -> dict[str, Any]:
    """Read who is signed in

    All that a page needs to begin: the person, their organizations, and what they may do in the
    one of this request.
    """
    found = principal()
    person = profile.read(found.user_id)
    names = ("email", "full_name", "timezone", "preferences", "is_operator", "two_factor_enabled")
    return {name: person[name] for name in names} | {
        "user_id": found.user_id,
        "expires_at": found.token_expires_at,
        "org_id": found.organization_id,
        "role": found.role.value,
        "organizations": [
            own
            for own in profile.organizations(found.user_id)
            if found.scopes is None or own["id"] == found.organization_id
        ],
        "permissions": {
            name: {"allowed": found.may(name), "least_role": permissions.least_role(name).value}
            for name in permissions.names()
        },
    }


@bp.post("")
@public
@bp.accepts(LoginSchema)
@bp.returns(BegunSessionSchema)
def create(data: dict[str, Any]) -> Any:
    """Sign in with a browser

    As `POST /auth/login`, but the token goes into a cookie that scripts cannot read (HttpOnly,
    SameSite=Strict, for 72 hours) and that counts for requests of this server's own pages only.
    With a second factor the answer is a challenge for `POST /session/2fa`.
    """
    _refuse_strangers()
    account = check_password(data["email"], data["password"])
    return second_step(account) if account.two_factor else _begun(begin_session(account))


@bp.post("/2fa")
@public
@bp.accepts(SecondStepSchema)
@bp.returns(BegunSessionSchema)
def confirm(data: dict[str, Any]) -> Any:
    """Sign in with a browser: the second step

    Takes the challenge of `POST /session`, within five minutes, and a code that was not used
    before, or a recovery code.
    """
    _refuse_strangers()
    return _begun(begin_session(check_second_step(data["challenge"], data["code"])))


@bp.delete("")
@public
@bp.returns(None, 204)
def delete() -> Response:
    """Sign out of a browser

    Ends the session at once and takes the cookie away; without a session it does only the latter.
    """
    _refuse_strangers()
    try:
        found = authenticate(access.request_token())
    except AppError:
        found = None
    if found is not None and found.kind == "session":
        act_as(actor_of(found))
        auth.end_token(found.user_id, found.token_id, found.token_expires_at)
    answer = reply(None, 204)
    session_cookie.remove(answer)
    return answer


def _begun(session: dict[str, Any]) -> Response:
    answer = reply({"user_id": session["user_id"], "org_id": session["org_id"]})
    session_cookie.put(answer, session["token"])
    return answer


def _refuse_strangers() -> None:
    if session_cookie.is_from_another_page():
        raise Forbidden("this can only be done from the pages of this server")
