"""Secrets of an organization: kept sealed, never shown, put into configs where they are used."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.domain.checks.destinations import destinations
from app.domain.checks.secret_references import check_references, fill, references, used
from app.models.notification_channels import NotificationChannel
from app.models.secrets import Secret
from app.models.services import Service
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict, NotFound
from app.platform.transaction import Transaction, transaction
from app.security.sealing import reveal

log = logging.getLogger(__name__)


def listed(organization_id: UUID) -> list[dict[str, Any]]:
    """Return the names of an organization's secrets, in alphabetical order."""
    with transaction() as tx:
        rows = tx.session.scalars(
            select(Secret).where(Secret.organization_id == organization_id).order_by(Secret.name)
        )
        return [_answer(row) for row in rows]


def create(
    organization_id: UUID, name: str, value: str, hosts: Sequence[str] = ()
) -> dict[str, Any]:
    """Store a secret. Raises Conflict when the name is taken."""
    try:
        with transaction() as tx:
            row = Secret(
                organization_id=organization_id,
                name=name,
                sealed_value=runtime().vault.seal(value),
                hosts=list(hosts),
            )
            tx.session.add(row)
            tx.session.flush()
            _services_changed(tx, organization_id, name)
            return _answer(row)
    except IntegrityError:
        raise Conflict(f"a secret called {name} exists already") from None


def replace(
    organization_id: UUID, secret_id: UUID, value: str, hosts: Sequence[str] | None = None
) -> dict[str, Any]:
    """Give a secret another value, and hosts where they are given; checks that use it run with it
    from now on. Raises NotFound."""
    with transaction() as tx:
        row = _find(tx, organization_id, secret_id)
        row.sealed_value = runtime().vault.seal(value)
        if hosts is not None:
            row.hosts = list(hosts)
        _services_changed(tx, organization_id, row.name)
        tx.session.flush()
        tx.session.refresh(row)
        return _answer(row)


def delete(organization_id: UUID, secret_id: UUID) -> None:
    """Remove a secret. Raises NotFound; Conflict while a service or a channel uses it."""
    with transaction() as tx:
        row = _find(tx, organization_id, secret_id)
        users = _users(tx, organization_id, row.name)
        if users:
            raise Conflict(f"{row.name} is used by {', '.join(users[:5])}")
        tx.session.delete(row)


def _find(tx: Transaction, organization_id: UUID, secret_id: UUID) -> Secret:
    row = tx.session.scalar(
        select(Secret).where(Secret.id == secret_id, Secret.organization_id == organization_id)
    )
    if row is None:
        raise NotFound
    return row


def _users(tx: Transaction, organization_id: UUID, name: str) -> list[str]:
    """Return the names of services and channels whose config names a secret, sealed fields too."""
    found: list[str] = []
    for model in (Service, NotificationChannel):
        rows = tx.session.execute(
            select(model.name, model.config).where(model.organization_id == organization_id)
        )
        found += [row.name for row in rows if name in references(_readable(row.config))]
    return found


def _readable(config: dict[str, Any]) -> Any:
    """Return a config in clear; as it is where it was sealed with another key, or is damaged."""
    try:
        return reveal(config, runtime().vault)
    except ValueError:
        return config


def hosts_by_name(tx: Transaction, organization_id: UUID) -> dict[str, list[str]]:
    """Return the hosts that each secret of an organization may go to; none means everywhere."""
    rows = tx.session.execute(
        select(Secret.name, Secret.hosts).where(Secret.organization_id == organization_id)
    )
    return {row.name: row.hosts for row in rows}


def _services_changed(tx: Transaction, organization_id: UUID, name: str) -> None:
    # Workers remember definitions by version: the next check then reads the secret anew. A sealed
    # field may hold a reference too, so every service of the organization counts.
    tx.session.execute(
        update(Service)
        .where(Service.organization_id == organization_id)
        .values(version=Service.version + 1)
    )


class Secrets(dict[str, str]):
    """Values in clear by name, and the hosts that each may go to."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: dict[str, list[str]] = {}

    def fill(self, endpoint: str, config: Any) -> tuple[str, Any, tuple[str, ...]]:
        """Return endpoint and config with every reference replaced, and the values put in.

        Raises UnknownSecret, MisdirectedSecret.
        """
        both = [endpoint, config]
        names = set(references(both))
        if not names:
            return endpoint, config, ()
        filled = fill(both, self)
        check_references(names, destinations(filled[0], filled[1]), self.hosts)
        return filled[0], filled[1], used(both, self)


def values(cursor: psycopg.Cursor[Any], organization_ids: Iterable[UUID]) -> dict[UUID, Secrets]:
    """Return the secrets of organizations in clear, within the caller's transaction.

    One that was sealed with another key, or is damaged, is left out: whoever refers to it is told
    so, and nobody else is held up.
    """
    found: dict[UUID, Secrets] = {}
    rows = cursor.execute(
        "SELECT organization_id, name, sealed_value, hosts FROM secrets"
        " WHERE organization_id = ANY(%s)",
        (list(organization_ids),),
    )
    vault = runtime().vault
    for organization_id, name, sealed, hosts in rows.fetchall():
        known = found.setdefault(organization_id, Secrets())
        try:
            known[name] = vault.unseal(sealed)
            known.hosts[name] = hosts
        except ValueError:
            facts = {"organization_id": str(organization_id), "secret": name}
            log.error("a secret cannot be opened", extra=facts)
    return found


def _answer(row: Secret) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "hosts": row.hosts,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
