"""Keys of objects in configuration files: stored ones, and lookups of what has no key."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.domain.configuration.documents import derive_key
from app.domain.configuration.references import TEAMS, USERS
from app.domain.mail_addresses import same_address
from app.models.configuration import ConfigurationKey
from app.models.members import Membership, User
from app.models.teams import Team
from app.platform.transaction import Transaction


class Keys:
    """The keys of an organization's objects in both directions, people and teams included."""

    def __init__(self, tx: Transaction, organization_id: UUID) -> None:
        self._tx, self._organization_id = tx, organization_id
        self._ids: dict[tuple[str, str], str] = {}
        self._keys: dict[tuple[str, str], str] = {}
        rows = tx.session.execute(
            select(ConfigurationKey.kind, ConfigurationKey.key, ConfigurationKey.object_id).where(
                ConfigurationKey.organization_id == organization_id
            )
        )
        self._stored = {(row.kind, str(row.object_id)): row.key for row in rows}
        self._read_people()

    def _read_people(self) -> None:
        members = self._tx.session.execute(
            select(User.id, User.email)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.organization_id == self._organization_id)
        )
        for id, email in members:
            self._learn(USERS, str(id), email)
        teams = self._tx.session.execute(
            select(Team.id, Team.name)
            .where(Team.organization_id == self._organization_id)
            .order_by(Team.created_at, Team.id)
        )
        for id, name in teams:
            self._learn(TEAMS, str(id), name)

    def add(self, kind: str, objects: Iterable[tuple[str, str]]) -> None:
        """Learn the objects of a kind by id and name: stored keys stand, the others get one."""
        known = list(objects)
        taken = {self._stored[kind, id] for id, _ in known if (kind, id) in self._stored}
        for id, name in known:
            key = self._stored.get((kind, id))
            if key is None:
                key = derive_key(name, taken)
                taken.add(key)
            self._learn(kind, id, key)

    def store(self, kind: str, object_id: UUID, key: str) -> None:
        """Give an object a key, or keep the one it has under that name."""
        self._ids[kind, key], self._keys[kind, str(object_id)] = str(object_id), key
        mine = ConfigurationKey.organization_id == self._organization_id
        self._tx.session.execute(
            delete(ConfigurationKey).where(
                mine,
                ConfigurationKey.kind == kind,
                (ConfigurationKey.object_id == object_id) | (ConfigurationKey.key == key),
            )
        )
        self._tx.session.execute(
            insert(ConfigurationKey).values(
                organization_id=self._organization_id, kind=kind, key=key, object_id=object_id
            )
        )
        self._stored[kind, str(object_id)] = key

    def store_all(self, kinds: Iterable[str]) -> None:
        """Keep the keys of these kinds, so that they stay when names change, and drop those of
        objects that are gone."""
        wanted = set(kinds)
        current = {(kind, id): key for (kind, id), key in self._keys.items() if kind in wanted}
        for (kind, id), key in self._stored.items():
            if kind in wanted and (kind, id) not in current:
                self._tx.session.execute(
                    delete(ConfigurationKey).where(
                        ConfigurationKey.organization_id == self._organization_id,
                        ConfigurationKey.kind == kind,
                        ConfigurationKey.key == key,
                    )
                )
        fresh = [found for found in current if found not in self._stored]
        if fresh:
            self._tx.session.execute(
                insert(ConfigurationKey).on_conflict_do_nothing(),
                [
                    {
                        "organization_id": self._organization_id,
                        "kind": kind,
                        "key": current[kind, id],
                        "object_id": UUID(id),
                    }
                    for kind, id in fresh
                ],
            )

    def is_stored(self, kind: str, id: str) -> bool:
        """Say whether an object has been part of a file before."""
        return (kind, id) in self._stored

    def id_of(self, kind: str, key: str) -> str | None:
        """Return the id behind a key, None for an unknown one."""
        return self._ids.get((kind, same_address(key) if kind == USERS else key))

    def key_of(self, kind: str, id: str) -> str | None:
        """Return the key of an object, None for one that is gone."""
        return self._keys.get((kind, id))

    def of_kind(self, kind: str) -> Mapping[str, str]:
        """Return the ids of a kind by key."""
        return {key: id for (of, key), id in self._ids.items() if of == kind}

    def _learn(self, kind: str, id: str, key: str) -> None:
        self._ids.setdefault((kind, key), id)
        self._keys[kind, id] = key
