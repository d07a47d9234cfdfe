"""Keyset paging of lists, mostly newest first: which rows a page has, and where to go on from it.

A page is asked for with one row more than it holds, which tells whether another one follows. The
position of a page's last row is the values of the columns that order the list, a time first and
last what makes them unique; the next page has the rows beyond it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Row, Select, func, select, tuple_

from app.platform.transaction import Transaction

T = TypeVar("T")
Query = Select[*tuple[Any, ...]]


def newest_first(
    tx: Transaction,
    query: Query,
    *order: Any,
    limit: int,
    after: Sequence[Any] | None,
) -> tuple[list[Row[Any]], tuple[Any, ...] | None]:
    """Return a page of a query's rows by the columns of `order`, each descending.

    With it the position to go on from, None at the end.
    """
    if after is not None:
        query = query.where(tuple_(*order) < tuple(after))
    ordered = query.add_columns(*order).order_by(*(column.desc() for column in order))
    found = tx.session.execute(ordered.limit(limit + 1)).freeze()
    asked = len(found().keys()) - len(order)
    rows = found().columns(*range(asked)).all()
    places = found().columns(*range(asked, asked + len(order))).all()
    page, position = cut(list(zip(rows, places, strict=True)), limit, lambda both: tuple(both[1]))
    return [row for row, _ in page], position


def total(tx: Transaction, query: Query, rows: Sequence[Any], *, is_whole: bool) -> int:
    """Return how many rows a query has in all, counted only where a page is not all of them."""
    if is_whole:
        return len(rows)
    return tx.session.scalar(select(func.count()).select_from(query.subquery())) or 0


def cut(
    rows: Sequence[T], limit: int, position_of: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], tuple[Any, ...] | None]:
    """Return the rows of a page of which one more was read, and the position to go on from."""
    page = list(rows[:limit])
    return page, position_of(page[-1]) if len(rows) > limit else None


@dataclass(frozen=True, slots=True)
class Seek:
    """Pieces of a statement that read a page: a condition, what follows it, their parameters."""

    where: str
    order_by: str
    values: Mapping[str, Any]


def seek(*order: str, limit: int, after: Sequence[Any] | None, is_descending: bool = True) -> Seek:
    """Return the pieces of SQL for a page by the columns of `order`, all in one direction.

    The statement holds `where` beside its own conditions; `order_by` may stand in it twice.
    """
    direction, sign = ("DESC", "<") if is_descending else ("ASC", ">")
    order_by = f"ORDER BY {', '.join(f'{column} {direction}' for column in order)} LIMIT %(limit)s"
    values: dict[str, Any] = {"limit": limit + 1}
    if after is None:
        return Seek("true", order_by, values)
    values |= {f"after_{at}": value for at, value in enumerate(after)}
    places = ", ".join(f"%(after_{at})s" for at in range(len(order)))
    return Seek(f"({', '.join(order)}) {sign} ({places})", order_by, values)
