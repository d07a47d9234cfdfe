"""Kinds of object in a configuration file: how each is read, made and changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ObjectKind:
    """A kind of object. `fields` are those that a file holds.

    `listed`, `create` and `update` return objects as the API answers them, in plain JSON; `load`
    validates JSON (the second argument says whether fields may be missing) and raises Invalid. All
    do what the API's routes do.
    """

    name: str
    fields: tuple[str, ...]
    listed: Callable[[UUID], list[dict[str, Any]]]
    load: Callable[[Data, bool], dict[str, Any]]
    create: Callable[[UUID, dict[str, Any]], dict[str, Any]]
    update: Callable[[UUID, UUID, dict[str, Any]], dict[str, Any]]
    delete: Callable[[UUID, UUID], None]
