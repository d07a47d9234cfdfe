"""Actor of this request or command, told to the database so that its audit triggers know.

A transaction without an actor leaves no trace in the audit log: workers, pings and reads have none.
The name travels as a setting of the transaction, so it ends with the commit, also on a connection
that goes back to the pool.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import g, has_app_context
from sqlalchemy import Connection, event

from app.platform.extensions import db

_SET = "SELECT set_config('audit.actor', %s, true)"


@dataclass(frozen=True, slots=True)
class Actor:
    """Actor that changes rows, and from where."""

    kind: str  # "user", "api_key", "anonymous" or "command_line"
    id: UUID | None = None  # of the user or of the API key
    email: str | None = None
    address: str | None = None
    organization_id: UUID | None = None  # for rows that belong to no organization themselves


def person(user_id: UUID, email: str) -> Actor:
    """Return somebody as an actor, at the address this request comes from."""
    return Actor("user", user_id, email, g.get("client_address"))


def act_as(actor: Actor) -> None:
    """Record the changes of this request, from the transaction that is open on, as an actor's."""
    g.actor = actor
    if db.session.registry.has() and db.session().in_transaction():
        _set_actor(db.session().connection())


def present() -> Actor:
    """Return who acts; somebody anonymous where nobody said."""
    found = current()
    return found or Actor("anonymous", address=g.get("client_address"))


def current() -> Actor | None:
    """Return who acts in this request or command, None where changes leave no trace."""
    result: Actor | None = g.get("actor") if has_app_context() else None
    return result


@event.listens_for(db.session, "after_begin")
def _on_begin(_session: Any, _transaction: Any, connection: Connection) -> None:
    if current() is not None:
        _set_actor(connection)


def _set_actor(connection: Connection) -> None:
    actor = current()
    assert actor is not None
    values = {name: getattr(actor, name) for name in Actor.__slots__}
    # Every transaction that writes begins so: by the driver, in a third of the time.
    connection.connection.cursor().execute(_SET, (json.dumps(values, default=str),))
