"""/auth/forgot-password and /auth/reset-password."""

import time
from typing import Any

from app.api.auth import refuse_common_password
from app.api.http import Blueprint
from app.domain.accounts.client_addresses import group
from app.operations.accounts import password_reset
from app.platform.clock import monotonic
from app.platform.cooperative import offload
from app.platform.crypto import hash_password
from app.schemas.password_reset import ForgotSchema, ResetSchema
from app.security import limits
from app.security.access import client_address, public

bp = Blueprint("password_reset", __name__, url_prefix="/auth", description="Forgotten passwords.")

# Longer than either way takes, so that the time of the answer tells nothing; where a server is so
# busy that one takes longer, its answer waits for the end of another such while.
_ANSWER_SECONDS = 0.25
_AN_HOUR = 3600
_MAILS_AN_HOUR = 5
_REQUESTS_AN_HOUR = 50


@bp.post("/forgot-password")
@public
@bp.accepts(ForgotSchema)
@bp.returns(None, 202)
def forgot(data: dict[str, Any]) -> dict[str, str]:
    """Ask for a new password

    Whoever has an account with this address gets a link by mail, good once and for an hour. The
    answer is the same for every address, and takes the same time.
    """
    began = monotonic()
    email, place = data["email"], group(client_address())
    if limits.is_within("reset requests", place, _REQUESTS_AN_HOUR, _AN_HOUR) and limits.is_within(
        "reset mails", email, _MAILS_AN_HOUR, _AN_HOUR
    ):
        password_reset.send_link(email)
    time.sleep(_ANSWER_SECONDS - (monotonic() - began) % _ANSWER_SECONDS)
    return {"message": "if there is an account with this address, a link is on its way"}


@bp.post("/reset-password")
@public
@bp.accepts(ResetSchema)
@bp.returns(None, 204)
def reset(data: dict[str, Any]) -> None:
    """Set a new password

    Takes the token of the link. Ends every session of the account.
    """
    email = password_reset.email_of(data["token"])
    refuse_common_password("password", data["password"], email, email.partition("@")[0])
    password_reset.reset(data["token"], offload(hash_password, data["password"]))
    limits.remember(email, client_address())  # whoever reads the mail is no stranger here
