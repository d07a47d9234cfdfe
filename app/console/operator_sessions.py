"""Signing in to the pages for operators: a cookie of our own, for browsers that send no token.

The cookie is signed, for /ops only, out of reach of scripts, and never sent along by other sites
(SameSite=Strict); a request that changes something must also come from our own pages. It is checked
against the database on every request, like a token.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Flask, Response, g, redirect, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from app.api.auth import check_password
from app.api.two_factor import check_code
from app.operations.accounts import operator_sessions
from app.operations.accounts.auth import Credentials
from app.pages.styled import StyledPage
from app.platform.bootstrap import runtime
from app.platform.clock import utcnow
from app.platform.errors import AppError, Forbidden, Unauthorized
from app.security import limits, session_cookie
from app.security.access import add_guard, client_address, guarded_by, public
from app.security.actor import person

GUARD = "operator session"
HOME = "/ops/rq/"
SIGN_IN = "/ops/sign-in"
_COOKIE = "alertifypro_operator"
_LIFETIME = timedelta(hours=8)
_PAGE = StyledPage(Path(__file__).with_name("operator_sign_in.html"))

bp = Blueprint("operator_sessions", __name__, url_prefix="/ops")


def install(app: Flask) -> None:
    """Add the sign-in, and the guard of every view that `guarded_by` hands over to it."""
    app.register_blueprint(bp)
    add_guard(app, GUARD, _check)
    guarded_by(app, "operator_sessions.sign_out", GUARD)


@bp.get("/sign-in")
@public
def show() -> Response:
    """Show the form."""
    return _form(200)


@bp.post("/sign-in")
@public
def sign_in() -> Any:
    """Check e-mail address, password and code, and set the cookie."""
    check_origin()
    email = request.form.get("email", "").strip().lower()[:254]
    try:
        account = check_password(email, request.form.get("password", "")[:1024])
        if account.two_factor:
            check_code(account, request.form.get("code", "")[:40])
        operator_sessions.signed_in(account.user_id, account.email)
    except AppError as error:
        return _form(error.status, error, email)
    limits.remember(account.email, client_address())
    answer = redirect(HOME, 303)
    answer.set_cookie(
        _COOKIE,
        _sealed(account),
        max_age=_LIFETIME,
        path="/ops",
        httponly=True,
        samesite="Strict",
        secure=request.is_secure or runtime().config.base_url.startswith("https:"),
    )
    return answer


@bp.post("/sign-out")
def sign_out() -> Any:
    """End the session."""
    session_id: UUID = g.operator_session
    operator_sessions.end(session_id, utcnow() + _LIFETIME)
    answer = redirect(SIGN_IN, 303)
    answer.delete_cookie(_COOKIE, path="/ops")
    return answer


def _sealed(account: Credentials) -> str:
    return _serializer().dumps([str(account.user_id), account.token_epoch, str(uuid4())])


def _check() -> Any:
    """Let an operator pass; send a reader to the form. Raises Unauthorized or Forbidden."""
    try:
        user_id, epoch, session_id = _serializer().loads(
            request.cookies.get(_COOKIE, ""), max_age=int(_LIFETIME.total_seconds())
        )
        g.operator_session = UUID(session_id)
        email = operator_sessions.operator(UUID(user_id), int(epoch), g.operator_session)
    except (BadSignature, ValueError, TypeError):
        email = None
    if email is None:
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            return redirect(SIGN_IN, 303)
        raise Unauthorized
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        check_origin()
        g.actor = person(UUID(user_id), email)
        operator_sessions.record(request.endpoint or "", request.path)
    return None


def check_origin() -> None:
    """Raise Forbidden unless a page of ours sent the request."""
    if not session_cookie.is_from_our_page():
        raise Forbidden("this can only be done from the pages of this server")


def _form(status: int, error: AppError | None = None, email: str = "") -> Response:
    sentence = None
    if isinstance(error, Unauthorized):
        sentence = "That is not right: check e-mail address, password and code."
    elif error is not None:
        sentence = f"{error.message[:1].upper()}{error.message[1:]}."
    answer = _PAGE.render(status, sentence=sentence, email=email)
    # With less, browsers send `Origin: null` with the form, and it is not known for ours.
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().config.jwt_secret, salt="operator-session")
