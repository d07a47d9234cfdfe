"""Texts of heartbeat alerts."""

import re
from datetime import datetime

from app.domain import charsets
from app.domain.heartbeats.states import HeartbeatStatus
from app.domain.messages.text import clean, moment

MAX_OUTPUT = 1_000
_ESCAPES = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")  # colours and the like: ECMA-48, CSI


def message(
    status: HeartbeatStatus,
    reason: str | None,
    last_ping_at: datetime | None,
    expected_at: datetime | None,
    output: str = "",
) -> str:
    """Return the message: what happened, and for a silent job when it was last heard of.

    `output` is what a job that failed had to say, in the body of its ping.
    """
    said = _sentence(reason or status.value)
    if status is HeartbeatStatus.FAILED:
        return f"{said}\n{output}" if output else said
    last = (
        "No ping has ever come" if last_ping_at is None else f"The last came {moment(last_ping_at)}"
    )
    if expected_at is None:
        return f"{said} {last}."
    return f"{said} {last}; the next was expected {moment(expected_at)}."


def shown(body: bytes | None) -> str:
    """Return the beginning of a ping's body as it is shown: text without control characters."""
    return clean(_ESCAPES.sub("", charsets.text(body or b"")), MAX_OUTPUT)


def recovery(status: HeartbeatStatus, reason: str | None) -> str:
    """Return what the timeline says when an alert is over."""
    if status is HeartbeatStatus.PAUSED:
        return "the heartbeat was paused"
    return reason or "a ping came"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
