"""PING: the host answers ICMP echo requests within a loss limit."""

import asyncio

from app.checks.base import CheckConfig, CheckFailed, check_type, host
from app.checks.fields import number
from app.domain.checks.endpoints import parse_host
from app.domain.types import FailureKind, Probe, Target
from app.network.door import Network
from app.network.errors import NetworkError

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
    """Send echo requests; the response time is the mean round trip."""
    count = target.config.get("count", COUNT)
    limit = target.config.get("max_loss_percent", MAX_LOSS_PERCENT)
    # The last reply gets as much time as the first: the requests leave in the first half.
    pause = min(PAUSE_SECONDS, target.timeout_seconds / 2 / count)
    wait = target.timeout_seconds * 0.9 - pause * count
    async with network.echo(parse_host(target.endpoint)) as socket:
        answers: list[asyncio.Future[float]] = []
        for sequence in range(1, count + 1):
            answers.append(socket.send(sequence))
            if sequence < count:
                await asyncio.sleep(pause)
        done, late = await asyncio.wait(answers, timeout=wait)
        for answer in late:
            answer.cancel()
        times = [answer.result() for answer in done if answer.exception() is None]
        lost = 100 * (count - len(times)) / count
        if lost > limit:
            raise _failure(count, len(times), done)
        mean = sum(times) / len(times) if times else None
        return Probe(ok=True, response_time_ms=mean)


def _failure(count: int, received: int, done: set["asyncio.Future[float]"]) -> Exception:
    errors = [error for answer in done if isinstance(error := answer.exception(), NetworkError)]
    if errors and not received:
        return errors[0]
    sentence = f"no reply to {count} echo requests"
    if received:
        sentence = f"{count - received} of {count} echo replies were lost"
    return CheckFailed(sentence, kind=FailureKind.TIMED_OUT)
