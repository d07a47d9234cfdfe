"""PING: the host answers ICMP echo requests within a loss limit."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.checks.base import CheckConfig, CheckFailed, check_type, host
from app.checks.fields import number
from app.domain.checks.endpoints import parse_host
from app.domain.types import FailureKind, Probe, Target
from app.network.errors import NetworkError, most_specific
from app.network.icmp import EchoSocket
from app.network.network import Network
from app.network.streams import NEXT_ADDRESS_SECONDS
from app.network.trace import trace
from app.platform.clock import monotonic

COUNT = 3
MAX_LOSS_PERCENT = 0
PAUSE_SECONDS = 0.2


class PingConfig(CheckConfig):
    """Config of a PING check: how often to ask, and how many answers may get lost."""

    count = number("echo requests to send", 1, 20, COUNT)
    max_loss_percent = number("lost replies that are still fine", 0, 100, MAX_LOSS_PERCENT)


@check_type(
    "PING",
    "ICMP",
    config=PingConfig,
    endpoint=host(),
    label="Ping",
)
async def check_ping(target: Target, network: Network) -> Probe:
    """Send echo requests; the response time is the mean round trip. Of a name with several
    addresses the next one is asked as well where one stays silent."""
    count = target.config.get("count", COUNT)
    # The last reply gets as much time as the first: the requests leave in the first half.
    series = _Series(
        count=count,
        limit=target.config.get("max_loss_percent", MAX_LOSS_PERCENT),
        pause=min(PAUSE_SECONDS, target.timeout_seconds / 2 / count),
        ends_at=monotonic() + target.timeout_seconds * 0.9,
    )
    async with network.echo(parse_host(target.endpoint)) as sockets:
        tasks: list[asyncio.Task[float | None]] = []
        try:
            return await _first_answer(series, sockets, tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Series:
    """Echo requests to one address."""

    count: int
    limit: int
    pause: float
    ends_at: float

    async def run(self, socket: EchoSocket) -> float | None:
        """Return the mean round trip in milliseconds. Raises CheckFailed and NetworkError."""
        answers: list[asyncio.Future[float]] = []
        for sequence in range(1, self.count + 1):
            answers.append(socket.send(sequence))
            if sequence < self.count:
                await asyncio.sleep(self.pause)
        done, late = await asyncio.wait(answers, timeout=max(0.0, self.ends_at - monotonic()))
        for answer in late:
            answer.cancel()
        times = [answer.result() for answer in done if answer.exception() is None]
        if 100 * (self.count - len(times)) / self.count > self.limit:
            raise _failure(self.count, len(times), done)
        return sum(times) / len(times) if times else None


async def _first_answer(
    series: _Series, sockets: Sequence[EchoSocket], tasks: list["asyncio.Task[float | None]"]
) -> Probe:
    """Ask an address after the other until one answers; the tasks are the caller's to end."""
    asked = dict[asyncio.Task[float | None], EchoSocket]()
    failures: list[NetworkError] = []
    lossy: CheckFailed | None = None
    waiting = list(sockets)
    while waiting or asked:
        if waiting:
            socket = waiting.pop(0)
            task = asyncio.create_task(series.run(socket))
            tasks.append(task)
            asked[task] = socket
            if waiting and await _has_reply(socket, task):
                waiting.clear()  # it lives: its own series tells
        done, _ = await asyncio.wait(
            asked, timeout=0 if waiting else None, return_when=asyncio.FIRST_COMPLETED
        )
        for task in done:
            socket = asked.pop(task)
            error = task.exception()
            if error is None:
                trace().address = socket.address
                return Probe(ok=True, response_time_ms=task.result())
            if isinstance(error, CheckFailed):
                lossy = lossy or error
            elif isinstance(error, NetworkError):
                failures.append(error)
            else:
                raise error
    raise lossy or most_specific(failures)


async def _has_reply(socket: EchoSocket, task: "asyncio.Task[float | None]") -> bool:
    """Wait a moment for the first reply to a series; say whether it has come."""
    replied = asyncio.create_task(socket.replied.wait())
    try:
        await asyncio.wait(
            (replied, task), timeout=NEXT_ADDRESS_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        replied.cancel()
    return socket.replied.is_set()


def _failure(count: int, received: int, done: set["asyncio.Future[float]"]) -> Exception:
    errors = [error for answer in done if isinstance(error := answer.exception(), NetworkError)]
    if errors and not received:
        return errors[0]
    sentence = f"no reply to {count} echo requests"
    if received:
        sentence = f"{count - received} of {count} echo replies were lost"
    return CheckFailed(sentence, kind=FailureKind.TIMED_OUT)
