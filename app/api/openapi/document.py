"""The OpenAPI document: what smorest collects from the routes, completed in one place."""

import json
from collections.abc import Iterator
from typing import Any

import flask_smorest
from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin
from werkzeug.routing import Rule

from app import __version__
from app.api.openapi import errors as openapi_errors
from app.api.openapi import requests, services
from app.api.openapi.examples import add_examples
from app.api.openapi.refusals import add_refusals
from app.api.openapi.shared_document import SharedDocument
from app.api.openapi.variants import split_actions
from app.checks import CHECK_TYPES
from app.platform.bootstrap import Runtime
from app.schemas.base import ErrorSchema
from app.schemas.organization import SLUG_PATTERN
from app.security import access, session_cookie

_DESCRIPTION = """
Uptime monitoring that runs on your own machines.

Sign in with `POST /api/v1/auth/login` and send the token as `Authorization: Bearer <token>`.
Times are RFC 3339 in UTC. Lists are JSON arrays; `Link` with `rel="next"` leads to the next page.
Every failure is `{"error": "<sentence>"}`, on every path; 422 adds `fields` and a `code`: `invalid`
where the schema says what is wrong, else a rule that no schema can say, of those that the operation
lists (`x-refusals`). An id of another organization is answered
like one that does not exist. Unknown fields in a body are refused, and so are parameters like one
that there is: without its filter a list would be another one than was asked for.

Somebody who belongs to several organizations acts in the one that their token names, or in the one
that `?org=<slug>` names, on every path and on the live feed; `GET /api/v1/profile/organizations`
lists them.

Programs send an API key, `WK_…`, in the place of the token; `POST /api/v1/api-keys` makes one.

A `POST` with a header `Idempotency-Key` (1 to 255 visible ASCII characters) can be sent again
safely: for 24 hours the first answer is repeated, with `Idempotency-Replayed: true`. The same key
with another request is 422; while the first request is still under way it is 409 with
`Retry-After`.

Every answer to a caller says where they stand: `X-RateLimit-Limit`, `X-RateLimit-Remaining`,
`X-RateLimit-Reset` (Unix seconds, when the whole limit is free again), `X-RateLimit-Window` (60).
Beyond the limit there is a reserve for bursts, then 429 with `Retry-After`.
"""
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_WRITES = ("put", "post", "patch", "delete")
# Pages for people, not for programs; addresses in messages lead to the last two.
_INTERNAL = ("/api/v1/docs/", "/api/v1/alerts/act/", "/status/subscriptions/")
# What speaks as Healthchecks does, and what people open in a browser.
_OTHER_TYPES = {"/ping/": "text/plain", "/status/": "text/html"}
_LICENSE = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}

_LIVE_FEED = {
    "summary": "Follow the live feed",
    "description": "A WebSocket. Frames are `{type, seq, at, data}`: `hello` first, `ping` every 20"
    " seconds, and events such as `check_result`, `service.status_changed` and `alert.fired`. Send"
    ' `{"subscribe": {"types": [], "service_ids": []}}` to narrow it.'
    " With `?since_seq=` the frames since then come again; `hello` says `resumed: false` when some"
    " may be missing: results of checks are published only while somebody listens.",
    "operationId": "live_feed",
    "tags": ["Ws tickets"],
    "security": [{}, {"token": []}, {"session": []}],
    "parameters": [
        {
            "in": "query",
            "name": name,
            "description": description,
            "schema": {"type": kind},
            "required": False,
        }
        for name, kind, description in (
            ("token", "string", "A token; a header or a ticket keeps it out of the address."),
            ("ticket", "string", "From `POST /api/v1/ws-tickets`."),
            ("org", "string", "Slug of another organization of the caller."),
            ("since_seq", "integer", "The last `seq` seen: what is kept since then is sent again."),
        )
    ],
    "responses": {
        "101": {"description": "The feed begins."},
        "default": openapi_errors.reference("500"),
        **{
            status: openapi_errors.reference(status)
            for status in ("400", "401", "403", "404", "422", "503")
        },
    },
}
_ORG = {
    "in": "query",
    "name": "org",
    "description": "Slug of another organization of the caller, to act in that one.",
    "schema": {"type": "string", "pattern": SLUG_PATTERN, "maxLength": 60},
    "required": False,
}


class Api(flask_smorest.Api):  # type: ignore[misc]
    """Collector of the routes; errors are answered by `error_handlers`, not by smorest."""

    DEFAULT_ERROR_RESPONSE_NAME = None
    ERROR_SCHEMA = ErrorSchema

    def __init__(self, app: Flask) -> None:
        spec = {
            "title": "AlertifyPro",
            "version": __version__,
            "openapi_version": "3.1.0",
            "info": {"description": _DESCRIPTION.strip(), "license": _LICENSE},
            "servers": [{"url": "/", "description": "This server"}],
        }
        super().__init__(app, spec_kwargs=spec)
        self._blueprints: list[flask_smorest.Blueprint] = []
        app.extensions["openapi"] = SharedDocument(self, app)

    def _register_error_handlers(self) -> None:
        """Leave errors to the one handler."""

    def register_blueprint(
        self, blp: flask_smorest.Blueprint, *, parameters: None = None, **options: Any
    ) -> None:
        """Add the routes of a blueprint to the application; `make` describes them."""
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blp.name] = self
        self._app.register_blueprint(blp, **options)
        self._blueprints.append(blp)

    def make(self, app: Flask) -> bytes:
        """Return the document, once every route is known."""
        self._init_spec(**self._spec_kwargs)
        self.ma_plugin.converter.add_attribute_function(requests.key_rule)
        for blueprint in self._blueprints:
            name = blueprint.name
            blueprint.register_views_in_doc(self, app, self.spec, name=name, parameters=None)
            self.spec.tag({"name": name, "description": blueprint.description})
        for kind, check_type in CHECK_TYPES.items():
            self.spec.components.schema(services.config_name(kind), schema=check_type.config_schema)
        document = self.spec.to_dict()
        for (schema, *_), name in self.ma_plugin.converter.refs.items():
            document["components"]["schemas"][name] |= getattr(schema, "json_rule", {})
        _drop_internal(document)
        _drop_unused(document)
        _complete_components(document, app.extensions["runtime"])
        for rule, method, operation in _operations(app, document):
            _complete(operation, rule, method, is_public=_is_public(app, rule))
        document["paths"]["/api/v1/ws"] = {"get": _LIVE_FEED}
        requests.narrow(document)
        add_refusals(document)
        add_examples(document)
        self._init_spec(**self._spec_kwargs)  # what the document was made of is not needed again
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _is_public(app: Flask, rule: Rule) -> bool:
    return access.access_of(app, rule.endpoint) == "public"


def _drop_internal(document: dict[str, Any]) -> None:
    document["paths"] = {
        path: item for path, item in document["paths"].items() if not path.startswith(_INTERNAL)
    }
    # Blueprints outside of the API's prefix share the tag of the one inside, where there is one.
    tags: dict[str, str] = {}
    for tag in sorted(document["tags"], key=lambda tag: str(tag["name"]).startswith("root_")):
        name = _title(tag["name"].removeprefix("root_"))
        tags[name] = tags.get(name) or tag["description"] or f"{name}."
    used = {
        _title(tag.removeprefix("root_"))
        for item in document["paths"].values()
        for operation in item.values()
        if isinstance(operation, dict)
        for tag in operation["tags"]
    }
    document["tags"] = [{"name": name, "description": tags[name]} for name in sorted(used)]


def _drop_unused(document: dict[str, Any]) -> None:
    """Leave out the schemas of what is no part of the document; each may have named others."""
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document)
        kept = (*(services.config_name(kind) for kind, _ in CHECK_TYPES.items()), "Error")
        unused = [
            name
            for name in schemas
            if name not in kept and f'"#/components/schemas/{name}"' not in text
        ]
        if not unused:
            return
        for name in unused:
            del schemas[name]


def _title(name: str) -> str:
    """Return the name of a blueprint as people read it."""
    return name.replace("_", " ").capitalize()


def _complete_components(document: dict[str, Any], runtime: Runtime) -> None:
    components = document["components"]
    components["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "From `POST /api/v1/auth/login`, valid for 72 hours; or an API key.",
        },
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": session_cookie.NAME,
            "description": "Of a browser, from `POST /api/v1/session`: counts for requests of this"
            " server's own pages only.",
        },
    }
    document["security"] = [{"token": []}, {"session": []}]
    components["responses"] = openapi_errors.components()
    schemas = components["schemas"]
    services.discriminate(schemas, runtime.config.min_check_interval_seconds)
    split_actions(schemas)


def _operations(app: Flask, document: dict[str, Any]) -> Iterator[tuple[Rule, str, dict[str, Any]]]:
    for rule in app.url_map.iter_rules():
        item = document["paths"].get(FlaskPlugin.flaskpath2openapi(rule.rule), {})
        for method in _METHODS:
            if method in item and method.upper() in (rule.methods or ()):
                yield rule, method, item[method]


def _complete(operation: dict[str, Any], rule: Rule, method: str, *, is_public: bool) -> None:
    name = rule.endpoint.replace(".", "_")
    operation["operationId"] = f"{name}_{method}" if method == "put" else name
    operation["tags"] = [_title(tag.removeprefix("root_")) for tag in operation["tags"]]
    statuses = ["400", "404", "405", "422", "429", "500", "503"]
    if is_public:
        operation["security"] = []
        statuses += ["401", "403"] if method in _WRITES else []
    else:
        operation.setdefault("parameters", []).append(_ORG)
        statuses += ["401", "403"]
    if method in _WRITES:
        statuses += ["409"]
    statuses += ["413", "415"] if "requestBody" in operation else ["413"]
    responses = operation["responses"]
    others = [kind for path, kind in _OTHER_TYPES.items() if rule.rule.startswith(path)]
    for status in sorted(statuses):
        if status not in responses or "$ref" in responses[status]:
            responses[status] = (
                openapi_errors.as_text(status, *others)
                if others
                else openapi_errors.reference(status)
            )
    if not any(status.startswith("2") for status in responses):
        responses["default"] = openapi_errors.reference("500")
    for answer in responses.values():
        if "$ref" not in answer:
            answer.setdefault("headers", {})["X-Request-Id"] = openapi_errors.REQUEST_ID
    operation["responses"] = dict(sorted(responses.items()))
