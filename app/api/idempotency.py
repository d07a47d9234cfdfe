"""`Idempotency-Key`: a POST that is sent again gets the first answer and is not done twice."""

import hashlib
import logging
import re
from typing import Any

from flask import Flask, Response, g, request

from app.api.http import invalid, reply
from app.api.polling import wait_for
from app.operations.accounts import idempotency_keys
from app.operations.accounts.idempotency_keys import Answer, Key
from app.platform.errors import Unavailable
from app.platform.transaction import DATABASE_AWAY

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
_FORM = re.compile(r"[\x21-\x7e]{1,255}")
_PATIENCE_SECONDS = 10.0
_TOO_MANY = 429  # says nothing about the request: it was not looked at


def install(app: Flask) -> None:
    """Honour the header on every POST of a caller; to be installed behind the check of access."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> Response | None:
    caller, written = g.get("principal"), request.headers.get(HEADER)
    if caller is None or written is None or request.method != "POST":
        return None
    if not _FORM.fullmatch(written):
        raise invalid({HEADER: ["Must be 1 to 255 visible ASCII characters."]})
    whose = caller.token_id if caller.kind == "api_key" else caller.user_id
    key = Key(caller.organization_id, whose, written, _fingerprint())
    found: Any = idempotency_keys.claim(key)
    if found is False:
        try:
            found = wait_for(lambda: idempotency_keys.claim(key) or None, _PATIENCE_SECONDS)
        except Unavailable:
            under_way = reply({"error": "a request with this Idempotency-Key is under way"}, 409)
            under_way.headers["Retry-After"] = "1"  # unlike other conflicts it ends by itself
            return under_way
    if found is True:
        g.idempotency_key = key
        return None
    answer = Response(found.body, found.status)
    if found.content_type:
        answer.headers["Content-Type"] = found.content_type
    else:
        del answer.headers["Content-Type"]
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _fingerprint() -> str:
    parts = (request.path.encode(), request.query_string, request.get_data(cache=True))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _end(response: Response) -> Response:
    key: Key | None = g.pop("idempotency_key", None)
    if key is None:
        return response
    try:
        if response.status_code >= 500 or response.status_code == _TOO_MANY:
            idempotency_keys.release(key)
        else:
            kind = response.headers.get("Content-Type", "")
            body = response.get_data(as_text=True)
            idempotency_keys.keep(key, Answer(response.status_code, kind, body))
    except DATABASE_AWAY as error:
        log.error("an answer could not be kept", extra={"why": str(error)[:200]})
    return response
