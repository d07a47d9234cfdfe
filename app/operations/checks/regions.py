"""Pulses of workers; a region without any loses its vote."""

from datetime import datetime
from uuid import UUID

from app.domain.checks.service_states import overall
from app.domain.types import Status
from app.operations.alerts import operator_alerts
from app.operations.checks import status_announcements
from app.operations.checks.status_announcements import ServiceChange
from app.operations.snapshots.alerting import alerting_snapshots
from app.platform.bootstrap import runtime
from app.platform.events import Event
from app.platform.transaction import Transaction, single_value, transaction

# Three pulses missed, and something due for as long: then nobody checks that region.
DEAD_AFTER_SECONDS = 30
SET_UP_SECONDS = 600  # within which a new location gets its first agent

_DEAD = """
SELECT e.region FROM schedule_entries e
WHERE e.next_due_at < now() - %(seconds)s * interval '1 second'
  AND NOT EXISTS (
      SELECT FROM worker_pulses p WHERE p.region = e.region
        AND p.at > now() - %(seconds)s * interval '1 second')
GROUP BY e.region ORDER BY e.region
"""
# Before its first agent is there, a location is being set up. While other regions check all its
# services, they decide, and nobody is alerted.
_PRIVATE = """
SELECT l.region, l.name, l.organization_id, EXISTS (
    SELECT FROM schedule_entries e
    WHERE e.region = l.region AND e.next_due_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM schedule_entries o
        WHERE o.service_id = e.service_id AND o.region <> ALL(%(dead)s)
    )
) AND (
    EXISTS (SELECT FROM location_agents a WHERE a.location_id = l.id)
    OR EXISTS (SELECT FROM schedule_entries e WHERE e.region = l.region
        AND e.next_due_at < now() - %(set_up)s * interval '1 second')
)
FROM locations l WHERE l.region = ANY(%(dead)s) AND NOT l.is_shared ORDER BY l.name, l.id
"""
# Without these and without open alerts, `watch` would change nothing but delete what is old.
_ANYTHING = f"""
SELECT EXISTS ({_DEAD}) OR EXISTS (
    SELECT FROM worker_pulses WHERE blind_since IS NOT NULL AND at > now() - interval '30 seconds'
)
"""  # noqa: S608  constants
_UNATTENDED = """
UPDATE schedule_entries SET status = 'UNKNOWN'
WHERE region = %s AND status NOT IN ('UNKNOWN', 'PENDING')
  AND next_due_at < now() - %s * interval '1 second'
RETURNING service_id
"""
_VOTES = """
SELECT s.id, s.organization_id, s.name, s.tags, s.status, s.region_quorum, array_agg(e.status)
FROM services s JOIN schedule_entries e ON e.service_id = s.id
WHERE s.id = ANY(%s) GROUP BY s.id ORDER BY s.id
"""
_UNABLE = """
SELECT min(blind_since) FROM worker_pulses
WHERE blind_since IS NOT NULL AND at > now() - interval '30 seconds'
"""


def pulse(worker: str, region: str, unable_since: datetime | None) -> None:
    """Store that a worker is alive, and since when it is isolated or can make no check."""
    with transaction() as tx:
        tx.driver.execute(
            "INSERT INTO worker_pulses (worker, region, at, blind_since)"
            " VALUES (%s, %s, now(), %s) ON CONFLICT (worker) DO UPDATE SET"
            " region = excluded.region, at = excluded.at, blind_since = excluded.blind_since",
            (worker, region, unable_since),
        )


def unable_since(tx: Transaction) -> datetime | None:
    """Return since when a worker is isolated or can make no check; None while all can."""
    result: datetime | None = tx.scalar(_UNABLE)
    return result


def is_anything_wrong() -> bool:
    """Say whether some region lacks workers, or a worker is isolated."""
    return bool(single_value(_ANYTHING, {"seconds": DEAD_AFTER_SECONDS}))


def watch() -> list[str]:
    """Mark services that nobody checks as UNKNOWN, open alerts; return the dead regions.

    The organization is alerted of its own locations, the operators of all other regions.
    """
    with transaction() as tx:
        dead = tx.scalars(_DEAD, {"seconds": DEAD_AFTER_SECONDS})
        for region in dead:
            _forget(tx, region)
        tx.driver.execute("DELETE FROM worker_pulses WHERE at < now() - interval '1 day'")
        tx.driver.execute(
            "DELETE FROM location_agents WHERE last_seen_at < now() - interval '7 days'"
        )
        since = unable_since(tx)
        private = tx.driver.execute(_PRIVATE, {"dead": dead, "set_up": SET_UP_SECONDS}).fetchall()
    names: dict[UUID, list[str]] = {}
    for _, name, organization_id, is_neglected in private:
        if is_neglected:
            names.setdefault(organization_id, []).append(name)
    operator_alerts.update_each(
        "locations",
        {
            organization_id: f"No agent is alive at {', '.join(of_one)}: services that no other"
            " region checks are unknown"
            for organization_id, of_one in names.items()
        },
    )
    theirs = {region for region, *_ in private}
    ours = [region for region in dead if region not in theirs]
    operator_alerts.update(
        "regions",
        f"Nobody checks {', '.join(ours)}: no probe worker is alive there" if ours else None,
    )
    operator_alerts.update(
        "blind",
        f"The monitor has been blind since {since:%H:%M:%S} UTC: no reference host answers, or it"
        " lacks what checks need (file descriptors, memory, its name server), as the services'"
        " results say. They are UNKNOWN, and nobody is paged about services"
        if since
        else None,
    )
    return dead


def _forget(tx: Transaction, region: str) -> None:
    """Settle the status of services of a region without workers, which has no vote any more."""
    unattended = tx.rows(_UNATTENDED, (region, DEAD_AFTER_SECONDS))
    ids = sorted({row.service_id for row in unattended})
    # In the order of the engine's batches, and against them: a status is settled once.
    tx.driver.execute(
        "SELECT id FROM services WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", (ids,)
    )
    reason, now = f"no worker is alive in {region}", tx.now()
    changes, events = [], []
    for service_id, organization_id, name, tags, before, quorum, regions in tx.driver.execute(
        _VOTES, (ids,)
    ).fetchall():
        after = overall((Status(status) for status in regions), quorum)
        if after == before:
            continue
        tx.driver.execute(
            "UPDATE services SET status = %s, status_changed_at = now() WHERE id = %s",
            (after.value, service_id),
        )
        tx.driver.execute(
            "INSERT INTO status_changes (id, service_id, at, from_status, to_status, reason)"
            " VALUES (gen_random_uuid(), %s, now(), %s, %s, %s)",
            (service_id, before, after.value, reason),
        )
        one = ServiceChange(
            service_id, organization_id, frozenset(tags), Status(before), after, reason, now
        )
        changes.append(one)
        events.append(_event(one, name))
    alerting = alerting_snapshots(tx, {one.organization_id for one in changes})
    status_announcements.enqueue_changes(tx, changes, alerting)
    tx.after_commit(runtime().feed.publish, events)


def _event(change: ServiceChange, service_name: str) -> Event:
    data = {
        "service_id": change.service_id,
        "service_name": service_name,
        "from": change.before,
        "to": change.after,
        "reason": change.reason,
        "check_id": None,
    }
    return Event(change.organization_id, status_announcements.EVENT, data, at=change.at)
