"""Errors that a caller should hear of: one class per HTTP answer.

Operations raise these; `app/api/error_handlers.py` answers them as `{"error": "<sentence>"}`.
"""

from collections.abc import Mapping
from typing import Any


class AppError(Exception):
    """A refusal with a sentence for people."""

    status = 500

    def __init__(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


def first_fault(messages: Any) -> tuple[list[str], str]:
    """Return the path to the first field of nested faults, and its sentence."""
    path: list[str] = []
    while isinstance(messages, Mapping) and messages:
        name, messages = next(iter(messages.items()))
        path.append(str(name))
    if isinstance(messages, list):
        messages = messages[0] if messages else "is not acceptable"
    return path, str(messages)


class BadRequest(AppError):
    """400: what was sent cannot be read at all."""

    status = 400


class Unauthorized(AppError):
    """401: nobody is signed in. The body is fixed by the contract."""

    status = 401

    def __init__(self, message: str = "unauthorized") -> None:
        super().__init__(message)


class Forbidden(AppError):
    """403: the role, the key's scope or the plan does not allow it."""

    status = 403


class NotFound(AppError):
    """404: no such object, or one of another organization; the caller cannot tell which."""

    status = 404

    def __init__(self, message: str = "not found") -> None:
        super().__init__(message)


class Conflict(AppError):
    """409: the object is not in a state that allows it."""

    status = 409


class Invalid(AppError):
    """422: a value is not acceptable; `fields` names which."""

    status = 422

    @classmethod
    def of(cls, faults: Mapping[str, Any]) -> "Invalid":
        """Return the refusal of nested faults, its sentence that of the first."""
        path, sentence = first_fault(faults)
        return cls(f"{'.'.join(path)}: {sentence}", faults)


class UpgradeRequired(AppError):
    """426: the other end speaks no version of the protocol that we do."""

    status = 426


class TooManyRequests(AppError):
    """429: come back after `retry_after_seconds`."""

    status = 429

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(AppError):
    """503: the database is away; nothing was stored."""

    status = 503
    retry_after_seconds = 2


class ConfigError(Exception):
    """A setting that stops the start, explained in one sentence."""
