"""The routes that resources have alike: list, create, read, change (PATCH and PUT) and delete."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema

from app.api import pagination
from app.api.http import PAGE_HEADERS, Blueprint
from app.api.standby_reads import from_standby
from app.schemas.base import PageSchema
from app.security.access import principal, requires

_PATCH = "Changes the given fields and leaves the others."
_PUT = "The same as PATCH; fields that only the server sets may be sent along and are ignored."


def organization_of_caller() -> UUID:
    """Return whose rows the caller may reach: the first argument of most operations."""
    return principal().organization_id


@dataclass(frozen=True)
class Operations:
    """The use cases of a resource. Each takes the owner first, and raises the AppErrors it means.

    `listed(owner, [query,] limit=, after=)` returns rows, the position to go on from, their number;
    `create(owner, data)`, `read(owner, id)` and `update(owner, id, changes)` return one row;
    `delete(owner, id)` returns nothing.
    """

    listed: Callable[..., Any]
    create: Callable[..., dict[str, Any]]
    read: Callable[..., dict[str, Any]]
    update: Callable[..., dict[str, Any]]
    delete: Callable[..., None]

    @classmethod
    def of(cls, module: ModuleType) -> "Operations":
        """Return the five functions of these names in a module of operations."""
        return cls(module.listed, module.create, module.read, module.update, module.delete)


@dataclass(frozen=True)
class Resource:
    """Routes of a resource: their operations, schemas and the sentences that describe them."""

    noun: str  # with its article, for the titles: "a team"
    plural: str
    permission: str  # `teams` for teams:read and teams:write
    id_name: str  # of the path parameter
    answer: type[Schema]
    body: type[Schema]
    change: Schema  # ready: what PATCH takes
    replacement: Schema | None  # ready: what PUT takes, None for resources without it
    operations: Operations
    filter: type[PageSchema] = PageSchema
    created: type[Schema] | None = None  # where creating answers more than reading does
    owner: Callable[[], Any] = organization_of_caller
    # More than the usual sentence, by route: list, create, read, change, delete.
    notes: Mapping[str, str] = field(default_factory=dict)
    # Other words than the usual title, by route.
    titles: Mapping[str, str] = field(default_factory=dict)
    ordered: str = "Newest first."  # how a list begins its sentence
    patch: str = "change"  # the name of the route that changes, a part of its operation's id

    def title(self, route: str, usual: str) -> str:
        """Return the words of a route's title."""
        return self.titles.get(route, f"{usual} {self.plural if route == 'list' else self.noun}")


def add_routes(bp: Blueprint, resource: Resource) -> None:
    """Add the six routes of a resource to its blueprint, named index, create, read, change, …."""
    _add_collection(bp, resource)
    _add_item(bp, resource)


def _add_collection(bp: Blueprint, resource: Resource) -> None:
    operations, owner = resource.operations, resource.owner
    has_filters = bool(resource.filter().fields.keys() - PageSchema().fields.keys())
    listed = f"{resource.ordered} {resource.notes.get('list', '')}".strip()

    @bp.get("")
    @requires(f"{resource.permission}:read")
    @bp.accepts(resource.filter, location="query")
    @bp.returns(resource.answer(many=True), headers=PAGE_HEADERS)
    @_described("index", resource.title("list", "List"), listed)
    @from_standby
    def index(query: dict[str, Any]) -> Response:
        limit, after = pagination.take_page(query)
        filters = (query,) if has_filters else ()
        return pagination.response(*operations.listed(owner(), *filters, limit=limit, after=after))

    @bp.post("")
    @requires(f"{resource.permission}:write")
    @bp.accepts(resource.body)
    @bp.returns(resource.created or resource.answer, 201)
    @_described("create", resource.title("create", "Create"), resource.notes.get("create"))
    def create(data: dict[str, Any]) -> dict[str, Any]:
        return operations.create(owner(), data)


def _add_item(bp: Blueprint, resource: Resource) -> None:
    operations, owner, notes = resource.operations, resource.owner, resource.notes
    path, id_name = f"/<uuid:{resource.id_name}>", resource.id_name

    @bp.get(path)
    @requires(f"{resource.permission}:read")
    @bp.returns(resource.answer)
    @_described("read", resource.title("read", "Read"), notes.get("read"))
    def read(**ids: UUID) -> dict[str, Any]:
        return operations.read(owner(), ids[id_name])

    @bp.patch(path)
    @requires(f"{resource.permission}:write")
    @bp.accepts(resource.change)
    @bp.returns(resource.answer)
    @_described(resource.patch, resource.title("change", "Change"), notes.get("change", _PATCH))
    def change(changes: dict[str, Any], **ids: UUID) -> dict[str, Any]:
        return operations.update(owner(), ids[id_name], changes)

    if resource.replacement is not None:

        @bp.put(path)
        @requires(f"{resource.permission}:write")
        @bp.accepts(resource.replacement)
        @bp.returns(resource.answer)
        @_described("replace", f"Change {resource.noun} that was read before", _PUT)
        def replace(changes: dict[str, Any], **ids: UUID) -> dict[str, Any]:
            return operations.update(owner(), ids[id_name], changes)

    @bp.delete(path)
    @requires(f"{resource.permission}:write")
    @bp.returns(None, 204)
    @_described("delete", resource.title("delete", "Delete"), notes.get("delete"))
    def delete(**ids: UUID) -> None:
        operations.delete(owner(), ids[id_name])


def _described(name: str, title: str, text: str | None) -> Callable[[Any], Any]:
    """Decorate a view with the name of its endpoint and its words in the OpenAPI document."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        view.__name__ = name
        view.__doc__ = f"{title}\n\n{text}" if text else title
        return view

    return decorate
