"""Views that only read, answered from the standby where there is one."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import Flask, Response, g, request

from app.platform.bootstrap import runtime
from app.platform.transaction import DATABASE_AWAY, StatementRefusal, refusal
from app.security.access import READS, principal

View = TypeVar("View", bound=Callable[..., Any])


def from_standby(view: View) -> View:
    """Let the standby of DATABASE_READ_URL answer a view whose operations only read.

    It stands innermost. Where the standby gives up on the way, the primary answers.
    """

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> Any:
        standby, caller = runtime().standby, principal()
        if standby is None or not standby.may_answer(caller.user_id, caller.organization_id):
            return view(*args, **kwargs)
        # Views take things out of their query; the primary is asked with all of it.
        spare = [dict(one) if isinstance(one, dict) else one for one in args]
        try:
            with standby.reading():
                return view(*spare, **kwargs)
        except DATABASE_AWAY as error:
            why = refusal(error)
            if why is StatementRefusal.STATEMENT_TIMEOUT:
                raise  # it would take as long on the primary
            if why is None:
                standby.leave_alone(str(error).strip().partition("\n")[0])
        return view(*args, **kwargs)

    answer.reads_standby = True  # type: ignore[attr-defined]
    return cast(View, answer)


def install(app: Flask) -> None:
    """Have whoever changes something read what they wrote: from the primary, for a while."""
    app.after_request(_note_deed)


def note_write(*ids: UUID) -> None:
    """Have these people and organizations read the primary for a while."""
    standby = runtime().standby
    if standby is not None:
        standby.note_writes(*ids)


def _note_deed(response: Response) -> Response:
    caller = g.get("principal")
    if caller is not None and request.method not in READS:
        note_write(caller.user_id, caller.organization_id)
    return response
