"""Lists of rows that are ordered by a time and an id: how their pages are asked for and linked."""

from typing import Any
from uuid import UUID

from flask import Response

from app.api.http import invalid, page, read_cursor, write_cursor
from app.operations.rows import Position


def take_page(query: dict[str, Any]) -> tuple[int, Position | None]:
    """Take out of a query how many rows are wanted, and after which. Raises Invalid."""
    limit: int = query.pop("limit")
    cursor = read_cursor(query.pop("cursor", None))
    if cursor is None:
        return limit, None
    try:
        return limit, (cursor[0], UUID(cursor[1]))
    except ValueError:
        raise invalid({"cursor": ["Not one that this list gave."]}) from None


def response(items: list[Any], position: Position | None, total: int | None = None) -> Response:
    """Return one page of a list, with the link to the next one."""
    return page(items, write_cursor(position[0], str(position[1])) if position else None, total)
