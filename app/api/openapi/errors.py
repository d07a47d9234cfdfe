"""The failures that operations may answer with, as components of the OpenAPI document."""

from typing import Any

REQUEST_ID = {
    "description": "The id of this request in our log; `X-Request-Id` of the request if sent.",
    "schema": {"type": "string"},
}
_RETRY_AFTER = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0}}

# A status, the name of its component, what it means, and an example sentence.
ERRORS = {
    "400": ("Unreadable", "The body is not JSON.", "the body is not JSON (line 1, column 5)"),
    "401": ("Unauthorized", "Nobody is signed in.", "unauthorized"),
    "403": (
        "Forbidden",
        "Role, scope or plan do not allow it.",
        "the free plan allows at most 5 services",
    ),
    "404": ("NotFound", "No such object, or not one of this organization.", "not found"),
    "405": ("WrongMethod", "This address does not take this method.", "GET is not possible here"),
    "409": ("Conflict", "The state of the object does not allow it.", "this slug is taken"),
    "413": ("TooLarge", "The body is larger than 1 MiB.", "the body is larger than 1 MiB"),
    "415": (
        "WrongMediaType",
        "The body is not declared as JSON.",
        "the body must be sent as application/json",
    ),
    "422": ("Invalid", "A value is not acceptable.", "name: Missing data for required field."),
    "429": ("TooManyRequests", "Come back after `Retry-After` seconds.", "too many requests"),
    "500": ("Broken", "Our fault; the log has it.", "something broke on our side"),
    "503": (
        "Unavailable",
        "A server we need is away; come back after `Retry-After` seconds.",
        "the database is not available at the moment; please try again",
    ),
}


def components() -> dict[str, Any]:
    """Return a response component for each failure, by its name."""
    return {
        name: _response(status, meaning, sentence)
        for status, (name, meaning, sentence) in ERRORS.items()
    }


def reference(status: str) -> dict[str, str]:
    """Return the reference to the component of a status."""
    return {"$ref": f"#/components/responses/{ERRORS[status][0]}"}


def as_text(status: str, kind: str) -> dict[str, Any]:
    """Return the answer of a status for a path that speaks another media type than JSON.

    What is refused before the path has its say is JSON as everywhere.
    """
    _, meaning, sentence = ERRORS[status]
    content = {kind: {"schema": {"type": "string"}, "example": sentence}}
    content |= _response(status, meaning, sentence)["content"]
    return {"description": meaning, "content": content}


def _response(status: str, meaning: str, sentence: str) -> dict[str, Any]:
    example: dict[str, Any] = {"error": sentence}
    if status == "422":
        field, _, message = sentence.partition(": ")
        example["fields"] = {field: [message]}
    headers = {"X-Request-Id": REQUEST_ID}
    if status in ("429", "503"):
        headers["Retry-After"] = _RETRY_AFTER
    schema = {"$ref": "#/components/schemas/Error"}
    return {
        "description": meaning,
        "headers": headers,
        "content": {"application/json": {"schema": schema, "example": example}},
    }
