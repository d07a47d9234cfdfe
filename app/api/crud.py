"""The routes that resources have alike: list, create, read, change (PATCH and PUT) and delete.

A resource has the routes for which it has use cases.
"""

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
from app.schemas.usages import UsagesSchema
from app.security.access import principal, requires

_PATCH = "Changes the given fields and leaves the others."
_PUT = "The same as PATCH; fields that only the server sets may be sent along and are ignored."


def organization_of_caller() -> UUID:
    """Return whose rows the caller may reach: the first argument of most operations."""
    return principal().organization_id


def _absent(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("the resource has no such use case")


@dataclass(frozen=True)
class Operations:
    """The use cases of a resource. Each takes the owner first, and raises the AppErrors it means.

    `listed(owner, [query,] limit=, after=)` returns rows, the position to go on from, their number,
    and `listed(owner)` all rows where the list has no pages; `create(owner, data)`,
    `read(owner, id)` and `update(owner, id, changes)` return one row; `delete(owner, id)` returns
    nothing; `used_by(owner, id)` names what keeps a row from being deleted.
    """

    listed: Callable[..., Any] = _absent
    create: Callable[..., dict[str, Any]] = _absent
    read: Callable[..., dict[str, Any]] = _absent
    update: Callable[..., dict[str, Any]] = _absent
    delete: Callable[..., None] = _absent
    used_by: Callable[..., list[str]] = _absent

    @classmethod
    def of(cls, module: ModuleType) -> "Operations":
        """Return the functions of these names in a module of operations; `used_by` may lack."""
        return cls(
            module.listed,
            module.create,
            module.read,
            module.update,
            module.delete,
            getattr(module, "used_by", _absent),
        )


@dataclass(frozen=True)
class ResourceRoutes:
    """Routes of a resource: their operations, schemas and the sentences that describe them."""

    noun: str  # with its article, for the titles: "a team"
    plural: str
    permission: str  # `teams` for teams:read and teams:write
    id_name: str  # of the path parameter
    answer: type[Schema]
    operations: Operations
    body: type[Schema] | None = None  # what creating takes
    change: Schema | None = None  # ready: what PATCH takes
    replacement: Schema | None = None  # ready: what PUT takes, None for resources without it
    filter: type[PageSchema] | None = PageSchema  # None for a list without pages
    created: type[Schema] | None = None  # where creating answers more than reading does
    # Given the ids in the blueprint's own path, such as that of a status page.
    owner: Callable[..., Any] = organization_of_caller
    # Permissions of other names than `teams:read` for reading and `teams:write` for the rest.
    reads: str | None = None
    writes: str | None = None
    deletes: str | None = None
    # More than the usual sentence, by route: list, create, read, change, delete.
    notes: Mapping[str, str] = field(default_factory=dict)
    # Other words than the usual title, by route.
    titles: Mapping[str, str] = field(default_factory=dict)
    ordered: str = "Newest first."  # how a list begins its sentence
    patch: str = "change"  # the name of the route that changes, a part of its operation's id

    def title(self, route: str, usual: str) -> str:
        """Return the words of a route's title."""
        return self.titles.get(route, f"{usual} {self.plural if route == 'list' else self.noun}")

    @property
    def read_permission(self) -> str:
        return self.reads or f"{self.permission}:read"

    @property
    def write_permission(self) -> str:
        return self.writes or f"{self.permission}:write"


def add_routes(bp: Blueprint, resource: ResourceRoutes) -> None:
    """Add the routes of a resource to its blueprint, named index, create, read, change, …."""
    operations = resource.operations
    if operations.listed is not _absent:
        _add_list(bp, resource)
    if operations.create is not _absent:
        _add_create(bp, resource)
    if operations.read is not _absent:
        _add_read(bp, resource)
    if operations.update is not _absent:
        _add_change(bp, resource)
    if operations.delete is not _absent:
        _add_delete(bp, resource)
    if operations.used_by is not _absent:
        _add_usages(bp, resource)


def _add_list(bp: Blueprint, resource: ResourceRoutes) -> None:
    listed, owner = resource.operations.listed, resource.owner
    words = f"{resource.ordered} {resource.notes.get('list', '')}".strip()
    described = _described("index", resource.title("list", "List"), words)

    if resource.filter is None:

        @bp.get("")
        @requires(resource.read_permission)
        @bp.returns(resource.answer(many=True))
        @described
        @from_standby
        def all_rows(**parents: UUID) -> list[dict[str, Any]]:
            rows: list[dict[str, Any]] = listed(owner(**parents))
            return rows

        return

    has_filters = bool(resource.filter().fields.keys() - PageSchema().fields.keys())

    @bp.get("")
    @requires(resource.read_permission)
    @bp.accepts(resource.filter, location="query")
    @bp.returns(resource.answer(many=True), headers=PAGE_HEADERS)
    @described
    @from_standby
    def index(query: dict[str, Any], **parents: UUID) -> Response:
        limit, after = pagination.take_page(query)
        filters = (query,) if has_filters else ()
        return pagination.response(*listed(owner(**parents), *filters, limit=limit, after=after))


def _add_create(bp: Blueprint, resource: ResourceRoutes) -> None:
    operation, owner = resource.operations.create, resource.owner

    @bp.post("")
    @requires(resource.write_permission)
    @bp.accepts(resource.body)
    @bp.returns(resource.created or resource.answer, 201)
    @_described("create", resource.title("create", "Create"), resource.notes.get("create"))
    def create(data: dict[str, Any], **parents: UUID) -> dict[str, Any]:
        return operation(owner(**parents), data)


def _add_read(bp: Blueprint, resource: ResourceRoutes) -> None:
    operation, owner, id_name = resource.operations.read, resource.owner, resource.id_name

    @bp.get(f"/<uuid:{id_name}>")
    @requires(resource.read_permission)
    @bp.returns(resource.answer)
    @_described("read", resource.title("read", "Read"), resource.notes.get("read"))
    def read(**ids: UUID) -> dict[str, Any]:
        id = ids.pop(id_name)
        return operation(owner(**ids), id)


def _add_change(bp: Blueprint, resource: ResourceRoutes) -> None:
    operation, owner, id_name = resource.operations.update, resource.owner, resource.id_name
    path = f"/<uuid:{id_name}>"

    def update(changes: dict[str, Any], **ids: UUID) -> dict[str, Any]:
        id = ids.pop(id_name)
        return operation(owner(**ids), id, changes)

    @bp.patch(path)
    @requires(resource.write_permission)
    @bp.accepts(resource.change)
    @bp.returns(resource.answer)
    @_described(
        resource.patch,
        resource.title("change", "Change"),
        resource.notes.get("change", _PATCH),
    )
    def change(changes: dict[str, Any], **ids: UUID) -> dict[str, Any]:
        return update(changes, **ids)

    if resource.replacement is not None:

        @bp.put(path)
        @requires(resource.write_permission)
        @bp.accepts(resource.replacement)
        @bp.returns(resource.answer)
        @_described("replace", f"Change {resource.noun} that was read before", _PUT)
        def replace(changes: dict[str, Any], **ids: UUID) -> dict[str, Any]:
            return update(changes, **ids)


def _add_delete(bp: Blueprint, resource: ResourceRoutes) -> None:
    operation, owner, id_name = resource.operations.delete, resource.owner, resource.id_name

    @bp.delete(f"/<uuid:{id_name}>")
    @requires(resource.deletes or resource.write_permission)
    @bp.returns(None, 204)
    @_described("delete", resource.title("delete", "Delete"), resource.notes.get("delete"))
    def delete(**ids: UUID) -> None:
        id = ids.pop(id_name)
        operation(owner(**ids), id)


def _add_usages(bp: Blueprint, resource: ResourceRoutes) -> None:
    operation, owner, id_name = resource.operations.used_by, resource.owner, resource.id_name
    words = "While something does, it cannot be deleted."

    @bp.get(f"/<uuid:{id_name}>/usages")
    @requires(resource.read_permission)
    @bp.returns(UsagesSchema)
    @_described("list_usages", f"List what uses {resource.noun}", words)
    def list_usages(**ids: UUID) -> dict[str, Any]:
        id = ids.pop(id_name)
        return {"used_by": operation(owner(**ids), id)}


def _described(name: str, title: str, text: str | None) -> Callable[[Any], Any]:
    """Decorate a view with the name of its endpoint and its words in the OpenAPI document."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        view.__name__ = name
        view.__doc__ = f"{title}\n\n{text}" if text else title
        return view

    return decorate
