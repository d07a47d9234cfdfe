"""Errors that a caller should hear of: one class per HTTP answer.

Operations raise these; `app/api/error_handlers.py` answers them as `{"error": "<sentence>"}`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class AppError(Exception):
    """A refusal with a sentence for people."""

    status = 500

    def __init__(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields


class InvalidCode(StrEnum):
    """Rule that a refused value breaks; all but the first are what no JSON schema can say."""

    INVALID = "invalid"
    CONFLICTING_FIELDS = "conflicting_fields"
    LIMIT_REACHED = "limit_reached"
    MALFORMED = "malformed"
    NOT_ALLOWED = "not_allowed"
    TOO_LARGE = "too_large"
    UNCONFIRMED = "unconfirmed"
    UNFIT_CONFIG = "unfit_config"
    UNKNOWN_REFERENCE = "unknown_reference"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    UNSTORABLE_TEXT = "unstorable_text"
    WEAK_PASSWORD = "weak_password"  # noqa: S105
    WRONG_CREDENTIAL = "wrong_credential"
    WRONG_TIME = "wrong_time"


class Fault(str):
    """Sentence on a value that the schema allows, with the code of the rule that it breaks."""

    code: InvalidCode

    def __new__(cls, code: InvalidCode, sentence: str) -> "Fault":
        """Return the sentence, which is a text like any other, with its code."""
        made = super().__new__(cls, sentence)
        made.code = code
        return made


def coded(messages: Any, code: InvalidCode) -> Any:
    """Return nested faults, each sentence with a code; those that have one keep it."""
    if isinstance(messages, Mapping):
        return {name: coded(inner, code) for name, inner in messages.items()}
    if isinstance(messages, list):
        return [coded(inner, code) for inner in messages]
    return messages if isinstance(messages, Fault) else Fault(code, str(messages))


def first_fault(messages: Any) -> tuple[list[str], str]:
    """Return the path to the first field of nested faults, and its sentence."""
    path: list[str] = []
    while isinstance(messages, Mapping) and messages:
        name, messages = next(iter(messages.items()))
        path.append(str(name))
    if isinstance(messages, list):
        messages = messages[0] if messages else "is not acceptable"
    return path, messages if isinstance(messages, str) else str(messages)


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
    """422: a value is not acceptable; `fields` names which, `code` the rule of the first."""

    status = 422

    def __init__(self, message: str, fields: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, fields)
        first = message if isinstance(message, Fault) else first_fault(fields or {})[1]
        self.code = first.code if isinstance(first, Fault) else InvalidCode.INVALID

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
