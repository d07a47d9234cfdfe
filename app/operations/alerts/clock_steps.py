"""Steps back of the database's clock: due times that were planned by the wrong clock are moved.

A machine whose clock was ahead when it started, and is set right then, would otherwise escalate,
remind and try again as much later. The time at which the last look ended says how far it went.
"""

from datetime import timedelta

from app.domain.messages.events import BEGINNINGS
from app.operations.notifications.claim import LEASE_SECONDS
from app.platform.transaction import transaction

# What was planned so lately may have been planned by the clock as it is now.
_LATELY = timedelta(seconds=30)
_NOTICED_FROM = timedelta(seconds=5)

_STEP = """
SELECT finished_at - now() FROM tick_runs
WHERE job = %(job)s AND finished_at > now() + %(noticed_from)s FOR UPDATE
"""
# As whoever enqueues messages does.
_LOCK = "SELECT FROM alerts WHERE status <> 'resolved' ORDER BY id FOR NO KEY UPDATE"
_NOTE = "UPDATE tick_runs SET finished_at = now() WHERE job = %(job)s"
_EARLIER = "NOT ({column} BETWEEN now() - %(lately)s AND now())"
_LEVELS = f"""
UPDATE escalation_levels e SET due_at = e.due_at - %(step)s FROM alerts a
WHERE a.id = e.alert_id AND e.status = 'pending' AND e.due_at > now()
  AND {_EARLIER.format(column="a.fired_at")}
"""  # noqa: S608  a fixed piece of SQL
# Quiet hours and windows end by the clock on the wall, whatever that was before.
_MESSAGES = f"""
UPDATE notifications SET next_try_at = next_try_at - %(step)s
WHERE status = 'pending' AND next_try_at > now() AND {_EARLIER.format(column="created_at")}
  AND (attempts > 0 OR (channel_id IS NULL AND kind = ANY(%(beginnings)s)))
"""  # noqa: S608  a fixed piece of SQL
_ALERTS = f"""
UPDATE alerts SET next_reminder_at = next_reminder_at - %(step)s,
    snoozed_until = snoozed_until - %(step)s,
    fired_at = CASE WHEN fired_at > now() THEN LEAST(fired_at - %(step)s, now()) ELSE fired_at END
WHERE status <> 'resolved' AND {_EARLIER.format(column="fired_at")}
"""  # noqa: S608  a fixed piece of SQL
# A channel that rests is tried at once, a lease lasts no longer than any does, and a cool-down ends
# as long after the resolve as it was to.
_RESTS = "UPDATE notification_channels SET paused_until = now() WHERE paused_until > now()"
_LEASES = """
UPDATE notifications SET lease_until = now() + %(lease)s
WHERE status = 'pending' AND lease_until > now() + %(lease)s
"""
_COOL_DOWNS = """
UPDATE rule_states SET resolved_at = LEAST(resolved_at - %(step)s, now()) WHERE resolved_at > now()
"""
_ENDS = (_LEASES, _RESTS, _COOL_DOWNS)


def follow(job: str) -> timedelta | None:
    """Move due times back as far as the clock has gone since a tick last ended; return how far.

    None where it has not. `job` is the tick that asks; what is moved is so once.
    """
    values = {
        "job": job,
        "noticed_from": _NOTICED_FROM,
        "lately": _LATELY,
        "beginnings": list(BEGINNINGS),
        "lease": timedelta(seconds=LEASE_SECONDS),
    }
    with transaction() as tx:
        step: timedelta | None = tx.scalar(_STEP, values)
        if step is None:
            return None
        for statement in (_LOCK, _LEVELS, _MESSAGES, _ALERTS, *_ENDS, _NOTE):
            tx.driver.execute(statement, values | {"step": step})
    return step
