"""Push addresses of other products, as their jobs call them: what their query says of a run.

Sources: Uptime Kuma push monitors (`status=up|down`, `msg`); Cronitor's Telemetry API
(`state=run|complete|fail|ok`, `message`, `status_code`); Gatus external endpoints
(`success=true|false`, `error`); Sentry's cron check-ins (`status=in_progress|ok|error`); Dead Man's
Snitch (`s=` an exit status, `m`); Oh Dear and Cronhub (`/starting`, `/finished`, `/failed`).
"""

from collections.abc import Mapping

from app.domain.heartbeats.states import PingKind

MAX_EXIT_STATUS = 255
PATHS: Mapping[str, PingKind] = {
    **{kind.value: kind for kind in PingKind if kind is not PingKind.SUCCESS},
    "run": PingKind.START,
    "starting": PingKind.START,
    "complete": PingKind.SUCCESS,
    "finish": PingKind.SUCCESS,
    "finished": PingKind.SUCCESS,
    "failed": PingKind.FAIL,
}
_FAILED = ("down", "fail", "failed", "failure", "error", "critical")
_STARTED = ("run", "running", "start", "started", "in_progress")
_FALSE = ("false", "0", "no")
_EXIT_STATUSES = ("s", "exit_status", "exit_code")
_NOTES = ("msg", "message", "m", "error")


def kind_of_query(query: Mapping[str, str]) -> tuple[PingKind, int | None]:
    """Return what a query says, and the exit status if it names one; a success without a word.

    Only a clear word is a failure: whatever else is written is no reason to wake somebody.
    """
    named = (_number(query.get(name)) for name in _EXIT_STATUSES)
    exit_status = next((number for number in named if number is not None), None)
    for name in ("status", "state"):
        word = query.get(name, "").strip().lower()
        if word in _FAILED:
            return PingKind.FAIL, _number(query.get("status_code")) or exit_status
        if word in _STARTED:
            return PingKind.START, None
    if query.get("success", "").strip().lower() in _FALSE:
        return PingKind.FAIL, exit_status
    if exit_status:
        return PingKind.FAIL, exit_status
    return PingKind.SUCCESS, exit_status


def note_of_query(query: Mapping[str, str]) -> str:
    """Return the text that a query brings in place of a body; empty without one."""
    return next((query[name] for name in _NOTES if query.get(name)), "")


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 3:
        return None
    return int(text) if int(text) <= MAX_EXIT_STATUS else None
