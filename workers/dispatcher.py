"""The dispatcher of a notification worker: claims messages, sends them side by side, records.

One receiver that hangs holds a few slots of many; the others' messages pass it by.
"""

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import uvloop
from flask import Flask

from app.channels import Context, DeliveryError, deliver, parse_smtp_url, provider_endpoints
from app.domain.masking import hider
from app.domain.messages.messages import Message, Organization, compose, sample
from app.network.network import Network
from app.network.policy import policy_of
from app.operations.accounts.reach import AddressReach, Targets
from app.operations.health import quarantine
from app.operations.health.quarantine import WorkKind
from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import payloads, subscriber_results, system_mail
from app.operations.notifications import results as delivery_results
from app.operations.notifications.claim import DeliveryOutcome, Send
from app.operations.notifications.enqueue import DIGEST
from app.operations.status_pages import subscriber_messages
from app.platform import lease_journal, logs, work_journal
from app.platform.bootstrap import Runtime
from app.platform.clock import monotonic
from app.platform.config import Config
from app.platform.errors import ConfigError
from app.platform.transaction import DATABASE_AWAY
from workers.isolation import (
    ALONE_THREADS,
    AloneRunner,
    ExcusedAloneError,
    LostAloneError,
    renewed_lease,
)
from workers.stalls import StallGuard

log = logging.getLogger(__name__)
T = TypeVar("T")

SESSION_SECONDS = 60.0
_CLAIM_BATCH = 50
_CONCURRENCY = 200
_PER_CHANNEL = 8
_POLL_SECONDS = 0.1
_IDLE_SECONDS = 1.0
_RETRY_SECONDS = 0.3
_ALONE_SECONDS = 60.0  # a send has 30


class Dispatcher:
    """Dispatcher of the outbox in this process; one session at a time."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._runtime: Runtime = app.extensions["runtime"]
        try:
            parse_smtp_url(self._runtime.config.smtp_url)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        self._loop = uvloop.new_event_loop()
        self._contexts: dict[Targets, Context] = {}
        self._reach = AddressReach(self._runtime.config)
        self._running = threading.Lock()
        self._stopping = threading.Event()
        self._threads = ThreadPoolExecutor(4, "outbox")
        self._alone = ThreadPoolExecutor(ALONE_THREADS, "alone")
        self._alone_runner = AloneRunner("message")
        self._sends: dict[asyncio.Task[None], Send] = {}
        self._in_flight: Counter[UUID] = Counter()

    @property
    def is_running(self) -> bool:
        """Say whether a delivery session is under way."""
        return self._running.locked()

    def stop(self) -> None:
        """Claim nothing more; the running session ends when what is in the air has landed."""
        self._stopping.set()

    def run(self, seconds: float = SESSION_SECONDS) -> bool:
        """Deliver for a while; say whether more is waiting. Returns at once if already running."""
        if self._stopping.is_set() or not self._running.acquire(blocking=False):
            return False
        try:
            asyncio.set_event_loop(self._loop)
            with StallGuard(self._loop):
                return self._loop.run_until_complete(self._session(seconds))
        finally:
            self._running.release()

    async def _session(self, seconds: float) -> bool:
        end = monotonic() + seconds
        while not self._stopping.is_set() and monotonic() < end:
            room = min(_CONCURRENCY - len(self._sends), _CLAIM_BATCH)
            try:
                claimed = await self._call(self._claim, room) if room > 0 else []
                idle = None if claimed else await self._call(outbox_claim.next_due_seconds)
            except DATABASE_AWAY as error:
                log.warning("database is away, messages wait", extra={"why": str(error)[:200]})
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            for send in claimed:
                self._start(send)
            if claimed:
                lease_journal.write([(one.id, one.lease_token) for one in self._sends.values()])
                continue
            if not self._sends and (idle is None or idle > _IDLE_SECONDS):
                return False
            await asyncio.sleep(_POLL_SECONDS)
        if self._sends:
            await asyncio.wait(self._sends, timeout=5 if self._stopping.is_set() else None)
        return not self._stopping.is_set()

    def _claim(self, room: int) -> list[Send]:
        self._reach.refresh()
        return outbox_claim.claim(room, self._busy())

    def _context_of(self, organization_id: UUID) -> Context:
        targets = self._reach.targets(organization_id)
        if targets not in self._contexts:
            self._contexts[targets] = make_context(self._runtime.config, targets)
        return self._contexts[targets]

    def _busy(self) -> list[UUID]:
        return [channel for channel, count in self._in_flight.items() if count >= _PER_CHANNEL]

    def _start(self, send: Send) -> None:
        if send.channel_id is not None:
            self._in_flight[send.channel_id] += 1
        task = self._loop.create_task(self._deliver(send))
        self._sends[task] = send
        task.add_done_callback(self._sends.pop)

    def deliver_one(self, send: Send) -> None:
        """Send one message on this process' own loop, and record how it went."""

        async def deliver_here() -> None:
            await self._call(self._reach.refresh)
            await self._send_and_record(send)

        self._loop.run_until_complete(deliver_here())

    async def _deliver(self, send: Send) -> None:
        try:
            if send.loss.is_alone:
                await self._deliver_alone(send)
            else:
                with work_journal.in_hand(WorkKind.MESSAGE, [str(send.id)]):
                    await self._send_and_record(send)
        finally:
            if send.channel_id is not None:
                self._in_flight[send.channel_id] -= 1

    async def _send_and_record(self, send: Send) -> None:
        outcome = await self._attempt(send)
        await self._insist(delivery_results.record, send, outcome)
        if send.loss.losses:
            await self._insist(quarantine.clear, WorkKind.MESSAGE, [str(send.id)])

    async def _deliver_alone(self, send: Send) -> None:
        """Send what a process was lost with from one of its own; give it up with the third."""
        is_aside = False
        while not is_aside:
            try:
                await self._loop.run_in_executor(self._alone, self._run_alone, send)
                # The log of that process is lost; how it went stands in the database.
                log.info("tried in a process of its own", extra={"notification_id": str(send.id)})
                return
            except (ExcusedAloneError, *DATABASE_AWAY) as error:
                log.warning("database is away, messages wait", extra={"why": str(error)[:200]})
                await asyncio.sleep(_RETRY_SECONDS)
            except LostAloneError as error:
                trace = hider(send.secrets)(str(error))
                is_aside = await self._insist(_count_loss, str(send.id), trace)
        why = "it ended three processes that tried to send it, and is set aside"
        outcome = DeliveryOutcome(ok=False, permanent=True, error=why)
        await self._insist(delivery_results.record, send, outcome)

    def _run_alone(self, send: Send) -> None:
        with renewed_lease(partial(self._in_context, delivery_results.extend_lease, send)):
            self._alone_runner.run(send, _ALONE_SECONDS)

    async def _insist(self, function: Callable[..., T], *args: Any) -> T:
        """Run a database operation until it goes through; return its answer."""
        while True:
            try:
                return await self._call(function, *args)
            except DATABASE_AWAY as error:
                log.warning("database is away, outcomes wait", extra={"why": str(error)[:200]})
                await asyncio.sleep(_RETRY_SECONDS)

    async def _attempt(self, send: Send) -> DeliveryOutcome:
        if send.fault is not None:
            return DeliveryOutcome(ok=False, permanent=True, error=send.fault)
        facts = {
            "notification_id": str(send.id),
            "channel_type": send.channel_type,
            "kind": send.kind,
            "attempt": send.attempt,
        }
        try:
            message = await self._call(compose_message, send)
            done = await deliver(
                send.channel_type,
                message,
                send.config,
                self._context_of(send.organization_id),
                template=send.template,
                secrets=send.secrets,
            )
        except DeliveryError as error:
            log.warning("message not delivered", extra={**facts, "why": str(error)})
            return DeliveryOutcome(
                ok=False,
                permanent=error.permanent,
                status_code=error.status_code,
                error=str(error),
                answer=error.answer,
                duration_ms=error.duration_ms,
                retry_after_seconds=error.retry_after_seconds,
            )
        except Exception as error:
            # The fence: a message that cannot even be composed must not stop the others.
            with logs.hiding(hider(send.secrets)):
                log.exception("message could not be sent", extra=facts)
            return DeliveryOutcome(ok=False, error=f"could not be sent: {type(error).__name__}")
        log.info("message delivered", extra={**facts, "duration_ms": round(done.duration_ms, 1)})
        return DeliveryOutcome(
            ok=True,
            error=done.missed or None,
            status_code=done.status_code,
            answer=done.answer,
            duration_ms=done.duration_ms,
        )

    def _call(self, function: Callable[..., T], *args: Any) -> Awaitable[T]:
        return self._loop.run_in_executor(self._threads, self._in_context, function, *args)

    def _in_context(self, function: Callable[..., T], *args: Any) -> T:
        with self._app.app_context():
            return function(*args)


def _count_loss(key: str, trace: str) -> bool:
    return quarantine.count_failure(WorkKind.MESSAGE, key, trace, ends_process=True)


def make_context(config: Config, targets: Targets | None = None) -> Context:
    """Return what the server lends to every channel; made on the loop that sends."""
    policy = policy_of(config, targets)
    return Context(
        Network(policy, ca_file=config.probe_ca_file or None),
        policy,
        smtp=parse_smtp_url(config.smtp_url),
        mail_from=config.mail_from,
        base_url=config.base_url,
        endpoints={**provider_endpoints(), **config.provider_urls},
    )


def compose_message(send: Send) -> Message:
    """Return the message of an outbox row; its id stays the same over retries."""
    id = f"del_{send.id.hex}"
    if send.kind == system_mail.KIND:
        return system_mail.compose(send)
    if send.kind in subscriber_results.KINDS:
        return subscriber_messages.compose(send)
    if send.kind == outbox_claim.TEST:
        organization = Organization(**send.message["organization"])
        row = {"id": organization.id, "name": organization.name}
        return sample(id=id, at=send.at, organization=row)
    return compose(
        payloads.revive(
            send.message,
            id=id,
            at=send.at,
            alert_id=send.alert_id if _may_act(send) else None,
            recipient=send.recipient_key,
        )
    )


def _may_act(send: Send) -> bool:
    """Say whether a message offers to acknowledge: it is about one alert that still stands."""
    return send.kind != "alert.resolved" and send.message.get("event") != DIGEST
