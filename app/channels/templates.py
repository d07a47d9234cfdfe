"""Templates of users, compiled and rendered where they can be ended.

A template is a program of a stranger. The language is small
(`app/domain/messages/template_language.py`), but the one operation nobody thought of would stop
everybody in the process that runs it: so none is ever compiled or rendered here, only in children
with limits (`_template_child.py`) that answer many orders each and are killed when they do not.
"""

import asyncio
import hashlib
import json
import os
import select
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

from app.channels._template_child import LENGTH
from app.domain.messages.messages import sample
from app.domain.messages.templates import variables_of, with_usual_text, with_words
from app.domain.messages.types import Links, Message
from app.platform.clock import monotonic, utcnow

WALL_SECONDS = 10.0  # its CPU time ends a template long before; this is for a child that hangs
MAX_ANSWER_BYTES = 256 * 1024
AT_ONCE = 4
_PUT_ASIDE_SECONDS = 600.0
_PUT_ASIDE_MOST = 10_000
_TOO_COSTLY = "it takes too long or too much memory"
_CHILD = Path(__file__).with_name("_template_child.py")
_SAMPLE_ORGANIZATION = {"id": str(UUID(int=0)), "name": "Example"}
_EXAMPLE = "https://status.example.com/alerts/1"


class TooCostlyError(Exception):
    """The template reached a limit, and its process was ended."""


class _Child:
    """One process that answers one order at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(  # noqa: S603  our own file
            [sys.executable, "-I", str(_CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": "/nonexistent", "HOME": "/nonexistent"},
            bufsize=0,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._into, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        for pipe in (self._into, self._out):
            os.set_blocking(pipe, False)

    def answer(self, order: bytes) -> Any:
        """Return the answer to an order. Raises TooCostlyError when the child has ended."""
        end = monotonic() + WALL_SECONDS
        try:
            self._write(LENGTH.pack(len(order)) + order, end)
            (size,) = LENGTH.unpack(self._read(LENGTH.size, end))
            if size > MAX_ANSWER_BYTES:
                raise TooCostlyError
            return json.loads(self._read(size, end))
        except OSError:
            raise TooCostlyError from None

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                pipe.close() if pipe else None

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def _write(self, data: bytes, end: float) -> None:
        while data:
            _wait(self._into, select.POLLOUT, end)
            data = data[os.write(self._into, data) :]

    def _read(self, size: int, end: float) -> bytes:
        pieces = b""
        while len(pieces) < size:
            _wait(self._out, select.POLLIN, end)
            piece = os.read(self._out, size - len(pieces))
            if not piece:
                raise TooCostlyError
            pieces += piece
        return pieces


def _wait(pipe: int, event: int, end: float) -> None:
    poll = select.poll()  # looked up here: a cooperative server replaces it
    poll.register(pipe, event)
    if not poll.poll(max(0.0, end - monotonic()) * 1000):
        raise TooCostlyError


class _Pool:
    """The children of this process, and the templates that ended one."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._idle: list[_Child] = []
        self._room = threading.BoundedSemaphore(AT_ONCE)
        self._turns: dict[str, threading.Lock] = {}
        self._put_aside: dict[bytes, float] = {}

    def answer(self, order: Mapping[str, Any], whose: str) -> Any:
        """Return the answer to an order of an organization: one at a time of each.

        Raises TooCostlyError; then the same template is not tried again for ten minutes.
        """
        template = json.dumps(order["template"], sort_keys=True).encode()
        digest = hashlib.sha256(template).digest()
        if self._put_aside.get(digest, 0.0) > monotonic():
            raise TooCostlyError
        turn = self._turns.setdefault(whose, threading.Lock())
        with turn, self._room, self._child() as child:
            try:
                return child.answer(json.dumps(order, default=str).encode())
            except TooCostlyError:
                if len(self._put_aside) >= _PUT_ASIDE_MOST:
                    self._put_aside.clear()
                self._put_aside[digest] = monotonic() + _PUT_ASIDE_SECONDS
                raise

    @contextmanager
    def _child(self) -> Iterator[_Child]:
        child = self._idle.pop() if self._idle else _Child()
        if not child.is_alive:
            child.end()
            child = _Child()
        try:
            yield child
        except BaseException:
            child.end()
            raise
        self._idle.append(child)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().end()


_pool: _Pool | None = None
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, defaultdict[str, asyncio.Lock]] = (
    WeakKeyDictionary()
)
_threads = ThreadPoolExecutor(AT_ONCE, "templates")


def _the_pool() -> _Pool:
    global _pool
    if _pool is None or _pool.pid != os.getpid():  # a forked process has pipes that are another's
        _pool = _Pool()
    return _pool


def close() -> None:
    """End the idle children of this process."""
    if _pool is not None:
        _pool.close()


def validate_template(template: Mapping[str, Any], whose: str = "") -> dict[str, list[str]]:
    """Return what is wrong with `subject` and `body`, by field; empty when both can be used.

    `whose` is the organization. A template is tried on a test message: what takes too long there
    is refused.
    """
    variables = variables_of(_example())
    problems: dict[str, list[str]] = {}
    for field in ("subject", "body"):
        if not template.get(field):
            continue
        order = {
            "validate": True,
            "template": {field: template[field]},
            "variables": variables,
        }
        try:
            problems |= _the_pool().answer(order, whose)["problems"]
        except TooCostlyError:
            problems[field] = [f"{_TOO_COSTLY.capitalize()}."]
    return problems


def preview_template(template: Mapping[str, Any], whose: str = "") -> dict[str, str]:
    """Return `subject` and `body` of a test message in the words of a template that is valid.

    What the template leaves out has the usual words. `whose` is the organization.
    """
    message = _example()
    answer: dict[str, Any] = {"words": ["", ""]}
    if template.get("subject") or template.get("body"):
        order = {
            "validate": False,
            "template": dict(template),
            "variables": variables_of(message),
        }
        with suppress(TooCostlyError):
            answer = _the_pool().answer(order, whose)
    if "words" in answer:
        message = with_words(message, *answer["words"])
    return {"subject": message.title, "body": message.text}


def _example() -> Message:
    links = Links(view=_EXAMPLE, acknowledge=_EXAMPLE, snooze=_EXAMPLE)
    message = sample(id="del_0", at=utcnow(), organization=_SAMPLE_ORGANIZATION, links=links)
    return replace(message, data={**message.data, "service": {"name": "Example service"}})


async def apply_template(message: Message, template: Mapping[str, Any] | None) -> Message:
    """Return the message in the words of a template.

    A broken template loses no page: the usual text stays, and a last line says what is wrong.
    """
    if not template or not (template.get("subject") or template.get("body")):
        return message
    order = {"validate": False, "template": dict(template), "variables": variables_of(message)}
    loop, whose = asyncio.get_running_loop(), message.organization.id
    turns = _turns.setdefault(loop, defaultdict(asyncio.Lock))
    try:
        # Taken before a thread is: one organization never waits in more than one of them.
        async with turns[whose]:
            answer = await loop.run_in_executor(_threads, _the_pool().answer, order, whose)
    except TooCostlyError:
        return with_usual_text(message, _TOO_COSTLY)
    if "words" not in answer:
        return with_usual_text(message, answer["error"])
    subject, body = answer["words"]
    return with_words(message, subject, body)
