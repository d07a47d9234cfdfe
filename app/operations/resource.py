"""Use cases that resources have alike: list, read, create, update and delete of owned rows.

An area writes what is its own: a class for its table, with the hooks that differ, and
`listed, read, create, update, delete = Teams().operations()`.
"""

from collections.abc import Callable, Sequence, Set
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, select

from app.models.base import OrganizationOwned
from app.operations import rows as owned_rows
from app.operations import usages
from app.operations.rows import Columns, Position
from app.platform.errors import Forbidden, NotFound
from app.platform.transaction import Transaction, transaction

Row = TypeVar("Row", bound=OrganizationOwned)
Who = TypeVar("Who")  # the organization's id, or the principal who acts in it
Answer = dict[str, Any]
UseCases = tuple[
    Callable[..., tuple[list[Answer], Position | None, int]],
    Callable[..., Answer],
    Callable[..., Answer],
    Callable[..., Answer],
    Callable[..., None],
]


class Most(NamedTuple):
    """Bound on the rows that one organization may have, and what they are called there."""

    number: int
    plural: str


class Resource(Generic[Row, Who]):
    """The rows of a table, each of one organization; every operation is one transaction.

    All raise NotFound for a row that is not there for who asks, and what the hooks raise.
    """

    model: type[Row]
    most: Most
    # Whether others refer to rows by a lock of their own: deleting one waits for them.
    is_referred_to = False

    def operations(self) -> UseCases:
        """Return the five operations: listed, read, create, update, delete."""
        return self.listed, self.read, self.create, self.update, self.delete

    def listed(
        self, who: Who, filters: Columns | None = None, *, limit: int, after: Position | None
    ) -> tuple[list[Answer], Position | None, int]:
        """Return a page of rows, newest first, where to go on (None at the end), their number."""
        with transaction() as tx:
            self.check_parent(tx, who)
            rows, position, total = owned_rows.page(
                tx,
                self.model,
                self.organization_of(who),
                *self.conditions(who, filters or {}),
                limit=limit,
                after=after,
            )
            found = self.to_list(tx, who, rows)
        return found, position, total

    def every(self, who: Who, *order: ColumnElement[Any]) -> list[Answer]:
        """Return all rows, for a list that is bounded and has no pages; newest first by default."""
        usual = self.model.created_at.desc(), self.model.id
        query = select(self.model).where(
            self.model.organization_id == self.organization_of(who), *self.conditions(who, {})
        )
        with transaction() as tx:
            self.check_parent(tx, who)
            result = self.to_list(
                tx, who, tx.session.scalars(query.order_by(*order or usual)).all()
            )
        return result

    def read(self, who: Who, id: UUID) -> Answer:
        """Return one row."""
        with transaction() as tx:
            self.check_parent(tx, who)
            row = owned_rows.find(tx, self.model, self.organization_of(who), id)
            self.check_visible(who, row)
            (result,) = self.to_json(tx, who, [row])
        return result

    def create(self, who: Who, data: Columns) -> Answer:
        """Store a new row and return it."""
        with transaction() as tx:
            result = self.insert(tx, who, data)
        return result

    def insert(self, tx: Transaction, who: Who, data: Columns, **internal: Any) -> Answer:
        """Store a new row, with columns that no caller gives, and return it.

        Raises Forbidden where there are as many as there may be.
        """
        self.begin(tx, who)
        self.refuse_more(tx, who)
        id = uuid4()
        values = self.new_columns(tx, who, id, data)
        own = {"id": id, "organization_id": self.organization_of(who)}
        row = self.model(**own, **values, **internal)
        tx.session.add(row)
        self.flush(tx)
        self.created(tx, row)
        return self.to_json(tx, who, [row])[0]

    def update(self, who: Who, id: UUID, changes: Columns) -> Answer:
        """Change the given fields of a row and return it.

        Raises Conflict where somebody has changed it since the time in `unchanged_since`.
        """
        with transaction() as tx:
            self.begin(tx, who)
            row = self.lock(tx, who, id)
            before = owned_rows.columns(row)
            wanted = owned_rows.take_unchanged(row, changes)
            values = self.changed_columns(tx, who, row, wanted)
            for name, value in values.items():
                setattr(row, name, value)
            self.flush(tx)
            self.updated(tx, row, before, values)
            (result,) = self.to_json(tx, who, [row])
        return result

    def delete(self, who: Who, id: UUID) -> None:
        """Delete a row."""
        with transaction() as tx:
            self.begin(tx, who)
            row = self.lock_for_deletion(tx, who, id)
            if used := self.uses(tx, who, row):
                usages.refuse(owned_rows.columns(row)["name"], used)
            self.deleting(tx, who, row)
            tx.session.delete(row)

    def used_by(self, who: Who, id: UUID) -> list[str]:
        """Return what uses a row, which cannot be deleted before: `alert rule Checkout`, …"""
        with transaction() as tx:
            self.check_parent(tx, who)
            row = owned_rows.find(tx, self.model, self.organization_of(who), id)
            self.check_visible(who, row)
            return list(self.uses(tx, who, row))

    def lock(self, tx: Transaction, who: Who, id: UUID, *, against_references: bool = False) -> Row:
        """Return a row as it is now, locked for a change."""
        row = owned_rows.lock(
            tx,
            self.model,
            self.organization_of(who),
            id,
            against_references=against_references,
        )
        self.check_visible(who, row)
        return row

    def lock_for_deletion(self, tx: Transaction, who: Who, id: UUID) -> Row:
        """Return a row locked before its deletion; others may hold locks and begin to refer to it.

        They lock what refers to it first, and so does this: else each would wait for the other.
        """
        row = self.lock(tx, who, id)
        while self.is_referred_to:
            attempt = tx.session.begin_nested()
            locked = self.lock_referring(tx, id)
            row = self.lock(tx, who, id, against_references=True)
            if self.referring(tx, id) <= locked:
                attempt.commit()
                break
            attempt.rollback()  # something has begun to refer to it meanwhile: its lock comes first
        return row

    def refuse_more(self, tx: Transaction, who: Who) -> None:
        """Raise Forbidden where an organization has all the rows that it may have.

        Of several that are made at the same moment some may be more than that: it is no plan.
        """
        most = self.most.number
        if owned_rows.count(tx, self.model, self.organization_of(who), most=most) >= most:
            raise Forbidden(
                f"an organization has at most {self.most.number} {self.most.plural};"
                " delete one that is not needed"
            )

    # What resources differ in.

    def organization_of(self, who: Who) -> UUID:
        """Return whose rows are meant."""
        if not isinstance(who, UUID):
            raise TypeError("say whose rows a principal means")
        return who

    def conditions(self, who: Who, filters: Columns) -> Sequence[ColumnElement[bool]]:
        """Return which rows a list has."""
        return [getattr(self.model, name) == value for name, value in filters.items()]

    def check_parent(self, tx: Transaction, who: Who) -> None:
        """Raise NotFound where what the rows belong to is not there for who asks."""

    def check_visible(self, who: Who, row: Row) -> None:
        """Raise NotFound for a row that is not shown to who asks."""

    def referring(self, tx: Transaction, id: UUID) -> Set[UUID]:
        """Return the alerts that are open and refer to a row."""
        return frozenset()

    def lock_referring(self, tx: Transaction, id: UUID) -> Set[UUID]:
        """Lock them, and what of them a deletion changes; return them."""
        return frozenset()

    def begin(self, tx: Transaction, who: Who) -> None:
        """Take the locks that stand before that of the row, in a change of any row."""
        self.check_parent(tx, who)

    def new_columns(self, tx: Transaction, who: Who, id: UUID, data: Columns) -> Columns:
        """Return the columns of a new row. Raises Invalid, Forbidden."""
        return data

    def flush(self, tx: Transaction) -> None:
        """Write a new or changed row. Raises Conflict where another one stands in its way."""
        tx.session.flush()

    def created(self, tx: Transaction, row: Row) -> None:
        """Carry out what follows from a new row."""

    def changed_columns(self, tx: Transaction, who: Who, row: Row, changes: Columns) -> Columns:
        """Return the columns that a change gives other values. Raises Invalid, Forbidden."""
        return changes

    def updated(self, tx: Transaction, row: Row, before: Columns, changes: Columns) -> None:
        """Carry out what follows from changed columns; `before` is the whole row as it was."""

    def uses(self, tx: Transaction, who: Who, row: Row) -> Sequence[str]:
        """Return what names a row: it cannot be deleted while something does."""
        return ()

    def deleting(self, tx: Transaction, who: Who, row: Row) -> None:
        """Carry out what comes before a deletion. Raises Conflict, Forbidden."""

    def to_json(self, tx: Transaction, who: Who, rows: Sequence[Row]) -> list[Answer]:
        """Return rows as they are answered."""
        return [owned_rows.columns(row) for row in rows]

    def to_list(self, tx: Transaction, who: Who, rows: Sequence[Row]) -> list[Answer]:
        """Return rows as a list shows them."""
        return self.to_json(tx, who, rows)


class Parent(NamedTuple):
    """Row to which others belong, by its organization and id."""

    organization_id: UUID
    id: UUID


class ChildResource(Resource[Row, Parent]):
    """Rows below one of another table, such as the subscribers of a status page."""

    parent: type[OrganizationOwned]
    parent_column: str  # of the rows: holds the id of their parent

    def organization_of(self, who: Parent) -> UUID:
        return who.organization_id

    def conditions(self, who: Parent, filters: Columns) -> Sequence[ColumnElement[bool]]:
        own = getattr(self.model, self.parent_column) == who.id
        return [own, *super().conditions(who, filters)]

    def check_parent(self, tx: Transaction, who: Parent) -> None:
        owned_rows.find(tx, self.parent, who.organization_id, who.id)

    def check_visible(self, who: Parent, row: Row) -> None:
        if getattr(row, self.parent_column) != who.id:
            raise NotFound

    def insert(self, tx: Transaction, who: Parent, data: Columns, **internal: Any) -> Answer:
        return super().insert(tx, who, data, **{self.parent_column: who.id}, **internal)
