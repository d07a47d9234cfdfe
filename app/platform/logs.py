"""Structured log lines, one JSON object each (or text), with request or job ids and no secrets."""

import logging
import re
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog

# What hides the secrets that the work at hand carries.
_hide: ContextVar[Callable[[str], str]] = ContextVar("hide", default=str)

bind = structlog.contextvars.bind_contextvars
clear = structlog.contextvars.clear_contextvars

# Paths that end with a key, or with a signed link: whoever has the address has what it is for.
_PATHS = (
    "heartbeat|ping|alerts/act|on-call/calendars|status/subscriptions|monthly/leave|practice/target"
)
# What must never reach a log: bearer tokens, passwords in URLs, keys and signed links in queries.
_SECRETS = (
    (re.compile(r"(?i)\b(bearer\s+)[A-Za-z0-9._~+/=-]+"), r"\1[hidden]"),
    (
        re.compile(r"(?i)([?&](?:token|ticket|key|code|challenge|signature)=)[^&\s\"']+"),
        r"\1[hidden]",
    ),
    (re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,30}://[^/\s:@]*:)[^@/\s]+@"), r"\1[hidden]@"),
    (re.compile(r"\b(W[KL]_)[A-Za-z0-9_-]+"), r"\1[hidden]"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"), "[hidden token]"),
    (re.compile(rf"(/(?:{_PATHS})/)[^/?\s\"']+"), r"\1[hidden]"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Return text with secrets hidden and control characters escaped."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


@contextmanager
def hiding(hide: Callable[[str], str]) -> Iterator[None]:
    """Let `hide` take the secrets out of every line that the work inside logs, traces included."""
    before = _hide.set(hide)
    try:
        yield
    finally:
        _hide.reset(before)


def _clean_event(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    hide = _hide.get()
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = clean(hide(value))
    return event


def configure(*, log_format: str, level: str) -> None:
    """Send every log line of this process to standard error, in one form."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        _clean_event,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("rq", "rq.worker", "rq_scheduler", "werkzeug", "urllib3", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
