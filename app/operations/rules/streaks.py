"""Streaks of tests that must hold for a time, kept in rows that change when they do."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.domain.rules.history import Streak
from app.platform.transaction import Transaction


class StreakKey(NamedTuple):
    """A test of a rule, by its place in the condition, and a service."""

    service_id: UUID
    rule_id: UUID
    place: int


class StreakRow(NamedTuple):
    """Stored streak; once rule or service were edited, it no longer counts."""

    rule_version: datetime
    service_version: int
    since: datetime
    before: bool | None


_WRITE = """
INSERT INTO rule_streaks (service_id, alert_rule_id, place, rule_version, service_version, since,
    before)
SELECT v.* FROM unnest(%s::uuid[], %s::uuid[], %s::integer[], %s::timestamptz[], %s::bigint[],
    %s::timestamptz[], %s::boolean[]) AS v
ON CONFLICT (service_id, alert_rule_id, place) DO UPDATE SET rule_version = excluded.rule_version,
    service_version = excluded.service_version, since = excluded.since, before = excluded.before
"""
_REMOVE = """
DELETE FROM rule_streaks s USING unnest(%s::uuid[], %s::uuid[], %s::integer[]) AS v (service_id,
    alert_rule_id, place)
WHERE s.service_id = v.service_id AND s.alert_rule_id = v.alert_rule_id AND s.place = v.place
"""


class Streaks:
    """The stored streaks of a batch's services, and what becomes of them."""

    def __init__(self, rows: Iterable[tuple[StreakKey, StreakRow]] = ()) -> None:
        self._stored: Mapping[StreakKey, StreakRow] = dict(rows)
        self.keys = {(key.rule_id, key.service_id) for key in self._stored}
        self._changed: dict[StreakKey, StreakRow | None] = {}

    def known(self, key: StreakKey, rule_version: datetime, service_version: int) -> Streak | None:
        """Return a streak as it was before this batch; None where none holds, or none is known."""
        row = self._stored.get(key)
        if row is None or (row.rule_version, row.service_version) != (
            rule_version,
            service_version,
        ):
            return None
        return Streak(True, row.since, row.before)

    def keep(
        self, key: StreakKey, streak: Streak, rule_version: datetime, service_version: int
    ) -> None:
        """Note a streak as it is now; one that has not been searched far enough leaves no row."""
        row = None
        if streak.truth and streak.since is not None:
            row = StreakRow(rule_version, service_version, streak.since, streak.before)
        if row != self._stored.get(key):
            self._changed[key] = row

    @property
    def changed_rules(self) -> set[UUID]:
        """Return the rules whose streaks have changed."""
        return {key.rule_id for key in self._changed}

    def write(self, tx: Transaction, rule_ids: Collection[UUID]) -> None:
        """Write what has changed of rules that are there; their rows must be locked."""
        changed = sorted(item for item in self._changed.items() if item[0].rule_id in rule_ids)
        kept = [(*key, *row) for key, row in changed if row is not None]
        gone = [key for key, row in changed if row is None]
        if kept:
            tx.driver.execute(_WRITE, [list(column) for column in zip(*kept, strict=True)])
        if gone:
            tx.driver.execute(_REMOVE, [list(column) for column in zip(*gone, strict=True)])
