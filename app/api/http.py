"""Requests as they are read and answers as they are written: strict JSON, pages with links."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import flask
import flask_smorest
import orjson
from flask import Response, request
from marshmallow import Schema, ValidationError, fields
from webargs.flaskparser import FlaskParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from app.api.bodies import body_of
from app.domain import strict_json
from app.platform.bootstrap import runtime
from app.platform.errors import Fault, Invalid, InvalidCode, first_fault
from app.platform.events import timestamp

_OF_EVERY_QUERY = ("org", "fields")
_LONG, _ALIKE = 40, 0.75  # of names: none of ours is so long; how much alike a misspelt one is
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

View = TypeVar("View", bound=Callable[..., Any])


class StrictParser(FlaskParser):
    """Parser that reads JSON bodies strictly and refuses bad values in the one error shape."""

    def _raw_load_json(self, req: flask.Request) -> Any:
        return json_of(req)

    def load_querystring(self, req: flask.Request, schema: Schema) -> Any:
        """Return the query. Raises Invalid for a name that a caller with an account has misspelt,
        and for one with two values.

        A filter that is left aside answers another list than was asked for. What is like no name of
        ours says nothing; nor does it in addresses for strangers, who pass them on with more.
        """
        if "principal" in flask.g:
            _refuse_misspelt(req.args, schema)
            _refuse_repeated(req.args, schema)
        return super().load_querystring(req, schema)

    def handle_error(
        self, error: ValidationError, req: flask.Request, schema: Schema, **_: Any
    ) -> NoReturn:
        """Raise Invalid in place of webargs' own answer."""
        messages = error.messages
        if isinstance(messages, dict) and len(messages) == 1:
            messages = next(iter(messages.values()))  # webargs' name of the place: json, query
        raise invalid(messages) from None


def _refuse_misspelt(names: Iterable[str], schema: Schema) -> None:
    known = {field.data_key or name for name, field in schema.load_fields.items()}
    for name in names:
        if name in known or name in _OF_EVERY_QUERY or len(name) > _LONG:
            continue
        for near in get_close_matches(name.lower(), sorted(known), 1, _ALIKE):
            raise invalid({name: [f"There is no such parameter. Did you mean {near}?"]})


def _refuse_repeated(given: MultiDict[str, str], schema: Schema) -> None:
    """Raise Invalid for a parameter of which one value alone would count."""
    for field_name, field in schema.load_fields.items():
        name = field.data_key or field_name
        if len(set(given.getlist(name))) > 1 and not isinstance(field, fields.List):
            raise invalid({name: ["Given with more than one value; give one."]})


def json_of(req: flask.Request) -> Any:
    """Return the JSON value of a body. Raises 400, 413 or 415, Invalid for what is unacceptable."""
    body = body_of(req)
    if body and req.mimetype != "application/json":
        raise UnsupportedMediaType("the body must be sent as application/json")
    if not body:
        raise BadRequest("the body is empty; a JSON object is expected")
    try:
        return strict_json.parse(body)
    except strict_json.UnreadableJson as error:
        raise BadRequest(str(error)) from None
    except strict_json.UnacceptableValue as error:
        raise unacceptable(error) from None


def unacceptable(value: strict_json.UnacceptableValue) -> Invalid:
    """Return the 422 for a value that can be read and not be stored."""
    fault = Fault(InvalidCode.UNSTORABLE_TEXT, value.message)
    return invalid(_nest(value.path, [fault]))


def invalid(messages: Any) -> Invalid:
    """Return the 422 for marshmallow's messages: the first one as a sentence, all as `fields`."""
    if not isinstance(messages, dict):
        messages = {"body": messages}
    if "_schema" in messages:
        messages = {"body": messages["_schema"]}
    names, message = first_fault(messages)
    # Further in, `value` is the library's word for what a key of an object stands for.
    path = ".".join([*names[:1], *(name for name in names[1:] if name not in ("value", "_schema"))])
    return Invalid(f"{path[:100]}: {message}", messages)


def _nest(path: tuple[str | int, ...], messages: Any) -> Any:
    for name in reversed(path or ("body",)):
        messages = {str(name): messages}
    return messages


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]
    """A resource: its routes, and their description in the OpenAPI document."""

    ARGUMENTS_PARSER = StrictParser()

    def route(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Decorate a view with its path and methods."""
        return cast(Callable[[View], View], super().route(rule, **options))

    def get(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Decorate a view that answers GET."""
        return self.route(rule, methods=["GET"], **options)

    def post(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Decorate a view that answers POST."""
        return self.route(rule, methods=["POST"], **options)

    def put(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Decorate a view that answers PUT."""
        return self.route(rule, methods=["PUT"], **options)

    def patch(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Decorate a view that answers PATCH."""
        return self.route(rule, methods=["PATCH"], **options)

    def delete(self, rule: str, **options: Any) -> Callable[[View], View]:
        """Decorate a view that answers DELETE."""
        return self.route(rule, methods=["DELETE"], **options)

    def accepts(
        self, schema: Any, *, location: str = "json", **described: Any
    ) -> Callable[[View], View]:
        """Decorate a view that gets the validated body (or query) as its first argument."""
        # One instance for all requests: webargs would make one of a class for each of them.
        ready = schema() if isinstance(schema, type) else schema
        arguments = self.arguments(ready, location=location, **described)
        return cast(Callable[[View], View], arguments)

    def returns(self, schema: Any, status: int = 200, **described: Any) -> Callable[[View], View]:
        """Decorate a view that returns plain JSON data; the schema describes it."""
        described.setdefault("description", _DESCRIPTIONS.get(status, "Done."))
        document = self.response(status, schema, **described)
        item_fields = _fields_of(schema)

        def decorate(view: View) -> View:
            @wraps(view)
            def answer(*args: Any, **kwargs: Any) -> Response:
                flask.g.item_fields = item_fields
                found = view(*args, **kwargs)
                return found if isinstance(found, Response) else reply(found, status)

            return cast(View, document(answer))

        return decorate

    def documents(self, **described: Any) -> Callable[[View], View]:
        """Decorate a view with parts of its description that nothing else says."""
        return cast(Callable[[View], View], self.doc(**described))

    def describes(self, status: int, schema: Any, **described: Any) -> Callable[[View], View]:
        """Decorate a view that may give another answer, built by the view itself."""
        alternative = self.alt_response(status, schema=schema, **described)
        return cast(Callable[[View], View], alternative)


def _fields_of(schema: Any) -> frozenset[str]:
    """Return the names in an item of a list as they are answered."""
    if not isinstance(schema, Schema):
        return frozenset()
    return frozenset(field.data_key or name for name, field in schema.dump_fields.items())


# The headers of a list, for `returns(..., headers=PAGE_HEADERS)`.
PAGE_HEADERS = {
    "Link": {
        "description": 'The next page, with `rel="next"`; missing on the last one.',
        "schema": {"type": "string"},
    },
    "X-Total-Count": {
        "description": "How many match in all, where counting is cheap.",
        "schema": {"type": "integer", "minimum": 0},
    },
}
_DESCRIPTIONS = {200: "Done.", 201: "Created.", 202: "Accepted.", 204: "Done; there is no body."}


def reply(data: Any, status: int = 200) -> Response:
    """Return data as a JSON answer; an empty one for 204."""
    if status == 204:
        answer = Response(status=204)
        del answer.headers["Content-Type"]
        return answer
    try:
        body = orjson.dumps(data, option=orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:  # a number of more than 64 bits in somebody's JSON
        body = json.dumps(data, separators=(",", ":"), default=_plain).encode()
    return Response(body, status=status, mimetype="application/json")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def page(items: list[Any], next_cursor: str | None, total: int | None = None) -> Response:
    """Return one page of a list, with the link to the next one and the number of all."""
    answer = reply(_narrowed(items))
    if next_cursor is not None:
        query = request.args.to_dict(flat=False) | {"cursor": [next_cursor]}
        address = f"{_own_address()}{request.path}?{urlencode(query, doseq=True)}"
        answer.headers["Link"] = f'<{address}>; rel="next"'
    if total is not None:
        answer.headers["X-Total-Count"] = str(total)
    return answer


def _narrowed(items: list[Any]) -> list[Any]:
    """Return items with the fields that `?fields=` asks for. Raises Invalid for an unknown one."""
    written = request.args.get("fields")
    if written is None:
        return items
    names = dict.fromkeys(written.split(","))
    unknown = [name for name in names if name not in flask.g.item_fields]
    if unknown:
        raise invalid({"fields": [f"There is no field {unknown[0]}."]})
    return [{name: item[name] for name in names if name in item} for item in items]


def _own_address() -> str:
    """Return scheme and host as the caller knows them; TLS may end before this process."""
    configured = runtime().config.base_url
    if urlsplit(configured).netloc == request.host:
        return configured
    return request.host_url.rstrip("/")


def write_cursor(at: datetime, key: str) -> str:
    """Return the position after a row: microseconds since 1970, and the row's key."""
    return f"{(at - _EPOCH) // _MICROSECOND}.{key}"


def read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    """Return the position a cursor stands for, None without one. Raises Invalid for a wrong one."""
    if cursor is None:
        return None
    written, _, key = cursor.partition(".")
    if not (written.isascii() and written.isdecimal() and len(written) <= 17 and key):
        raise invalid({"cursor": ["Not one that this list gave."]})
    return _EPOCH + int(written) * _MICROSECOND, key
