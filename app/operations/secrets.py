"""Secrets of an organization: kept sealed, never shown, put into configs where they are used."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
import sqlalchemy
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.domain.checks.destinations import destinations
from app.domain.checks.secret_references import check_references, fill, references, used
from app.models.notification_channels import NotificationChannel
from app.models.secrets import Secret
from app.models.services import Service
from app.operations.resource import Most, Resource
from app.platform.bootstrap import runtime
from app.platform.errors import Conflict
from app.platform.transaction import Transaction
from app.security.sealing import reveal

log = logging.getLogger(__name__)

_FIELDS = ("id", "name", "hosts", "created_at", "updated_at")


class _Secrets(Resource[Secret, UUID]):
    model = Secret
    most = Most(1_000, "secrets")

    def create(self, who: UUID, data: Mapping[str, Any]) -> dict[str, Any]:
        """Store a secret and return it. Raises Conflict when the name is taken."""
        try:
            return super().create(who, data)
        except IntegrityError:
            raise Conflict(f"a secret called {data['name']} exists already") from None

    def new_columns(
        self, tx: Transaction, who: UUID, id: UUID, data: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return _sealed(data)

    def created(self, tx: Transaction, row: Secret) -> None:
        _invalidate_services(tx, row.organization_id)

    def changed_columns(
        self, tx: Transaction, who: UUID, row: Secret, changes: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return _sealed(changes)

    def updated(
        self, tx: Transaction, row: Secret, before: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> None:
        """Have checks that use it run with its new value from now on."""
        _invalidate_services(tx, row.organization_id)

    def deleting(self, tx: Transaction, who: UUID, row: Secret) -> None:
        users = _users(tx, who, row.name)
        if users:
            raise Conflict(f"{row.name} is used by {', '.join(users[:5])}")

    def to_json(self, tx: Transaction, who: UUID, rows: Sequence[Secret]) -> list[dict[str, Any]]:
        return [{name: getattr(row, name) for name in _FIELDS} for row in rows]


_SECRETS = _Secrets()
create, update, delete = _SECRETS.create, _SECRETS.update, _SECRETS.delete


def listed(organization_id: UUID) -> list[dict[str, Any]]:
    """Return an organization's secrets without their values, in alphabetical order."""
    return _SECRETS.every(organization_id, Secret.name.asc())


def _sealed(data: Mapping[str, Any]) -> Mapping[str, Any]:
    columns = {name: value for name, value in data.items() if name != "value"}
    return columns | {"sealed_value": runtime().vault.seal(data["value"])}


def _users(tx: Transaction, organization_id: UUID, name: str) -> list[str]:
    """Return the names of services and channels whose config names a secret, sealed fields too."""
    result: list[str] = []
    for model in (Service, NotificationChannel):
        rows = tx.session.execute(
            select(model.name, model.config).where(model.organization_id == organization_id)
        )
        result += [row.name for row in rows if name in references(_readable(row.config))]
    return result


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


def _invalidate_services(tx: Transaction, organization_id: UUID) -> None:
    # Workers remember definitions by version: the next check then reads the secret anew. A sealed
    # field may hold a reference too, so every service of the organization counts.
    tx.session.execute(
        sqlalchemy.update(Service)
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
    result: dict[UUID, Secrets] = {}
    rows = cursor.execute(
        "SELECT organization_id, name, sealed_value, hosts FROM secrets"
        " WHERE organization_id = ANY(%s)",
        (list(organization_ids),),
    )
    vault = runtime().vault
    for organization_id, name, sealed, hosts in rows.fetchall():
        known = result.setdefault(organization_id, Secrets())
        try:
            known[name] = vault.unseal(sealed)
            known.hosts[name] = hosts
        except ValueError:
            facts = {"organization_id": str(organization_id), "secret": name}
            log.error("a secret cannot be opened", extra=facts)
    return result
