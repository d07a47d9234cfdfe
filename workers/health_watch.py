"""Health watch of the monitor itself, in a thread that needs neither ticks nor Redis.

It looks at the age of what was done last. What is late for two looks in a row opens an
alert of the operators; where that cannot be stored or sent, straight through their channels and by
mail. While all is in bounds it calls DEADMAN_URL, so that our silence is noticed from outside.
"""

import asyncio
import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from uuid import uuid4

from flask import Flask

from app.channels import Context, DeliveryError, deliver
from app.domain.checks.addresses import AddressPolicy
from app.domain.messages.messages import compose
from app.domain.messages.types import NotificationPayload
from app.network.errors import NetworkError
from app.network.http import HttpRequest
from app.network.network import Network
from app.operations.alerts import operator_alerts
from app.operations.health import quarantine, ticks
from app.operations.self_monitoring import operators
from app.operations.self_monitoring.lateness import Late, late
from app.operations.self_monitoring.operators import OperatorAddress
from app.platform.clock import monotonic, utcnow
from app.platform.transaction import DATABASE_AWAY, transaction
from workers.dispatcher import make_context
from workers.operator_lock import OperatorLock
from workers.peer_watch import PeerWatch

log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0
DEADMAN_SECONDS = 60.0
AGAIN_SECONDS = 3600.0  # after which the operators are notified once more
_CONFIRMATIONS = 2
_MOST_TRIES = 20  # of a message past the outbox: five minutes of looks
_NOT_SENT_USUALLY = frozenset(("deliveries", "database"))  # an alert about these would not arrive


class HealthWatch(threading.Thread):
    """Watch that looks every quarter of a minute until it is stopped."""

    def __init__(self, app: Flask) -> None:
        super().__init__(name="health watch", daemon=True)
        self._app = app
        self._config = app.extensions["runtime"].config
        self._stopped = threading.Event()
        self._recipients: list[OperatorAddress] = []
        self._looks: dict[str, int] = {}
        self._away_since: datetime | None = None
        self._notified_at = float("-inf")
        self._notified_since: datetime | None = None
        # Whom the beginning reached, and the end has not.
        self._notified: list[OperatorAddress] = []
        self._tries = 0
        self._lock = OperatorLock(self._config.database_direct_url, self._config.state_dir)
        ca_file = self._config.probe_ca_file or None
        self._peer = PeerWatch(self._config.peer_url, ca_file) if self._config.peer_url else None
        self._called_at = float("-inf")

    def stop(self) -> None:
        """End the thread after its current step."""
        self._stopped.set()

    def run(self) -> None:
        """Look, notify, and call, until stopped."""
        self._lock.is_ours()  # before there is anything to send
        while not self._stopped.wait(EVERY_SECONDS):
            try:
                self.look()
            except Exception:
                # The fence: whatever fails here, the next look comes.
                log.exception("health watch failed; it runs again")
        self.close()

    def close(self) -> None:
        """Let another process notify the operators."""
        self._lock.release()

    def look(self) -> None:
        """Look once."""
        self._look_at_peer()
        is_ours = self._lock.is_ours()
        found = self._late()
        problems = self._confirmed(found)
        not_stored = self._update_alerts(problems, is_over=not found)
        if problems:
            urgent = [p for p in problems if not_stored or p.part in _NOT_SENT_USUALLY]
            if urgent and is_ours:
                self._notify_directly(urgent)
        elif not not_stored and not found:
            self._notify_end_directly()
            self._call_deadman()
        # Last: on a disk that does not answer, whoever writes to a log waits.
        if not_stored:
            log.warning("the operators' alert cannot be stored", extra={"why": not_stored})
        if problems:
            log.error("the monitor is behind", extra={"why": "; ".join(map(str, problems))})

    def _look_at_peer(self) -> None:
        if self._peer is None:
            return
        problem, is_well = self._peer.look()
        if problem or is_well:
            try:
                with self._app.app_context():
                    operator_alerts.update("peer", problem)
            except DATABASE_AWAY as error:
                log.warning("the alert about the peer waits", extra={"why": str(error)[:200]})

    def _late(self) -> list[Late]:
        try:
            with self._app.app_context(), transaction() as tx:
                result = late(tx)
            self._away_since = None
            with self._app.app_context():
                self._recipients = operators.recipients()
        except DATABASE_AWAY:
            self._away_since = self._away_since or utcnow()
            return [Late("database", self._away_since, "the database does not answer")]
        return result

    def _confirmed(self, problems: Sequence[Late]) -> list[Late]:
        """Return what is late at this look and was at the one before: a start takes a moment."""
        self._looks = {p.part: self._looks.get(p.part, 0) + 1 for p in problems}
        return [p for p in problems if self._looks[p.part] >= _CONFIRMATIONS]

    def _update_alerts(self, problems: Sequence[Late], *, is_over: bool) -> str | None:
        """Open or resolve the operators' alerts; return why that could not be stored."""
        try:
            with self._app.app_context():
                if problems or is_over:
                    operator_alerts.update("late", "\n".join(map(str, problems)) or None)
                found = [one for one in (quarantine.problem(), ticks.problem()) if one]
                operator_alerts.update("quarantine", "\n".join(found) or None)
        except Exception as error:
            return str(error)[:200] or type(error).__name__
        return None

    def _notify_directly(self, problems: Sequence[Late]) -> None:
        """Notify of what is late, once: one disk makes one part late after the other.

        Whom it did not reach is tried again at the next looks.
        """
        now = monotonic()
        if now - self._notified_at > AGAIN_SECONDS:
            self._notified_at, self._tries, self._notified = now, 0, []
            self._notified_since = self._notified_since or utcnow()
        unreached = [one for one in self._recipients if one not in self._notified]
        if not unreached or self._tries >= _MOST_TRIES:
            return
        self._tries += 1
        self._notified += asyncio.run(
            self._send(unreached, "\n".join(map(str, problems)), "firing")
        )

    def _notify_end_directly(self) -> None:
        """Notify whoever was notified directly that all is in bounds: no page stays open."""
        if self._notified_since is None:
            return
        if self._notified_at > float("-inf"):  # the first look at which it is over
            self._notified_at, self._tries = float("-inf"), 0
        self._tries += 1
        reached = asyncio.run(
            self._send(self._notified, "Everything is in bounds again.", "resolved")
        )
        self._notified = [one for one in self._notified if one not in reached]
        if not self._notified or self._tries >= _MOST_TRIES:
            self._notified_since = None

    async def _send(
        self, recipients: Sequence[OperatorAddress], problem: str, status: str
    ) -> list[OperatorAddress]:
        """Return those of the recipients whom it reached."""
        context = make_context(self._config)
        try:
            sent = [self._send_to(one, problem, status, context) for one in recipients]
            are_reached = await asyncio.gather(*sent)
        finally:
            context.network.close()
        return [one for one, is_reached in zip(recipients, are_reached, strict=True) if is_reached]

    async def _send_to(
        self, recipient: OperatorAddress, problem: str, status: str, context: Context
    ) -> bool:
        id = f"del_{uuid4().hex}"
        is_over = status == "resolved"
        message = compose(
            NotificationPayload(
                id=id,
                event="alert.resolved" if is_over else "alert.fired",
                at=utcnow(),
                organization={
                    "id": str(recipient.organization_id),
                    "name": recipient.organization_name,
                },
                alert={
                    "id": id,
                    "service_name": operator_alerts.SOURCE,
                    "severity": "critical",
                    "title": operator_alerts.TITLES["late"],
                    "message": problem,
                    "status": status,
                    "fired_at": self._notified_since or utcnow(),
                    "resolved_at": utcnow() if is_over else None,
                },
                dedup_key="alertifypro-is-behind",
            )
        )
        try:
            await deliver(recipient.channel_type, message, recipient.config, context)
        except DeliveryError as error:
            log.warning("operators could not be notified directly", extra={"why": str(error)})
            return False
        return True

    def _call_deadman(self) -> None:
        now = monotonic()
        if not self._config.deadman_url or now - self._called_at < DEADMAN_SECONDS:
            return
        self._called_at = now
        asyncio.run(call(self._config.deadman_url))


async def call(url: str) -> None:
    """Call the operator's own address: it may lie anywhere, in their network as well."""
    network = Network(AddressPolicy())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                answer = await network.http(HttpRequest(url))
                if answer.status_code >= 300:
                    log.warning("DEADMAN_URL answered %s", answer.status_code)
    except (NetworkError, ValueError) as error:
        log.warning("DEADMAN_URL cannot be reached", extra={"why": str(error)[:200]})
    finally:
        network.close()
