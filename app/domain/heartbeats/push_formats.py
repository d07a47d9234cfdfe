"""Push addresses of other products, as their jobs call them: what their query says of a run.

Sources: Uptime Kuma push monitors (`status=up|down`, `msg`); Cronitor's Telemetry API
(`state=run|complete|fail|ok`, `message`, `status_code`); Gatus external endpoints
(`success=true|false`, `error`); Sentry's cron check-ins (`status=in_progress|ok|error`); Dead Man's
Snitch (`s=` nothing or 0 is a success, anything else a failure; `m`); Oh Dear (`/finished` with
`exit_code`) and Cronhub (`/starting`, `/finished`, `/failed`).

The same fields in a body count where the body says that it is a form or JSON, as Sentry's check-ins
with a `monitor_config` are sent, and where the query names none of them.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

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
_FAILED = frozenset(
    (
        *("down", "fail", "failed", "failing", "failure", "error"),
        *("critical", "unhealthy", "ko", "nok"),
        # What schedulers call a run that did not end well: GitHub (`job.status`), GitLab
        # (`CI_JOB_STATUS`), Jenkins (`currentBuild.result`), systemd (`$SERVICE_RESULT`).
        *("cancelled", "canceled", "aborted", "timeout", "timed_out", "crashed"),
        *("exit-code", "signal", "core-dump", "watchdog", "oom-kill", "start-limit-hit"),
    )
)
_STARTED = ("run", "running", "start", "started", "in_progress")
_FALSE = ("false", "0", "no")
_EXIT_STATUSES = ("s", "exit_status", "exit_code")
_NUMBER = re.compile(r"-?[0-9]{1,10}", re.ASCII)  # of Windows too: 3221225477, or -1
_SAYING = frozenset(("status", "state", "success", "status_code", *_EXIT_STATUSES))
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
# A form in its written shape: curl sends any log under that type if it is told no other.
_WRITTEN_FORM = re.compile(rb"[\w.~*-]+=[\w.~*+%-]*(?:&[\w.~*-]+=[\w.~*+%-]*)*", re.ASCII)
_NOTES = ("msg", "message", "m", "error")


def kind_of_exit_status(word: str) -> tuple[PingKind, int | None] | None:
    """Return what an exit status says, and the status if it is one of 0–255; None for a word.

    Windows has others, such as 3221225477 and -1: whatever is not 0 is a failure.
    """
    if not _NUMBER.fullmatch(word):
        return None
    number = int(word)
    kind = PingKind.FAIL if number else PingKind.SUCCESS
    return kind, number if 0 <= number <= MAX_EXIT_STATUS else None


def kind_of_query(query: Mapping[str, str]) -> tuple[PingKind, int | None]:
    """Return what a query says, and the exit status if it names one; a success without a word.

    Only a clear word is a failure: whatever else is written is no reason to wake somebody.
    """
    words = [word for name in _EXIT_STATUSES if (word := query.get(name, "").strip())]
    numbers = [int(word) for word in words if _NUMBER.fullmatch(word)]
    worst_first = sorted(numbers, key=lambda number: number == 0)
    exit_status = next((n for n in worst_first if 0 <= n <= MAX_EXIT_STATUS), None)
    for name in ("status", "state"):
        word = query.get(name, "").strip().lower()
        if word in _FAILED:
            return PingKind.FAIL, _status_code(query) or exit_status
        if word in _STARTED:
            return PingKind.START, None
    if query.get("success", "").strip().lower() in _FALSE:
        return PingKind.FAIL, exit_status
    if any(numbers) or (query.get("s", "").strip() and not _NUMBER.fullmatch(query["s"].strip())):
        return PingKind.FAIL, exit_status or None
    return PingKind.SUCCESS, exit_status


def with_body(query: Mapping[str, str], content_type: str, body: bytes) -> Mapping[str, str]:
    """Return a query, and what the body says of the run in its place if the query says nothing.

    A form counts only as a whole: a line of output that has a `status=` in it is none.
    """
    if not body or not _SAYING.isdisjoint(query):
        return query
    kind = content_type.partition(";")[0].strip().lower()
    said: Mapping[str, str] = {}
    if kind == _FORM and _WRITTEN_FORM.fullmatch(body):
        said = dict(reversed(parse_qsl(body.decode("ascii"))))  # the first of a name counts
    elif kind == _JSON:
        said = _words_of(body)
    return {**query, **{name: said[name] for name in _SAYING & said.keys()}}


def _words_of(body: bytes) -> Mapping[str, str]:
    """Return the plain values of a JSON object as a query would have them; empty for all else."""
    try:
        # Not `strict_json`: what a job has printed into another field must not hide the word.
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    plain = {name: value for name, value in found.items() if isinstance(value, str | int)}
    return {name: str(value) for name, value in plain.items()}


def note_of_query(query: Mapping[str, str]) -> str:
    """Return the text that a query brings in place of a body; empty without one."""
    return next((query[name] for name in _NOTES if query.get(name)), "")


def _status_code(query: Mapping[str, str]) -> int | None:
    word = query.get("status_code", "").strip()
    found = int(word) if _NUMBER.fullmatch(word) else 0
    return found if 0 < found <= MAX_EXIT_STATUS else None
