"""Pings while web processes are killed and PostgreSQL crashes: an answered ping is stored.

`python -m tests.soak pings`. Every ping has a number as its body, and is sent once: those answered
with 200 must all be stored, those not answered may be.
"""

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass, field

import psycopg

from app.local.postgres import Postgres
from tests.bench.bench_pings import seed_heartbeats
from tests.bench.web import gunicorn
from tests.bench.world import World, world
from tests.flows.product import children_of

CLIENTS = 32
HEARTBEATS = 50
_ANSWER_SECONDS = 10.0


@dataclass
class Story:
    """What was sent, what was answered, and what was found afterwards."""

    answered: set[int] = field(default_factory=set)
    sent: int = 0
    refused: int = 0
    broken: int = 0
    kills: int = 0
    crashes: int = 0
    stored: set[int] = field(default_factory=set)
    doubled: int = 0
    seconds: float = 0.0

    @property
    def lost(self) -> set[int]:
        """Pings that were answered with 200 and are not in the database."""
        return self.answered - self.stored

    def __str__(self) -> str:
        return (
            f"{self.sent} pings in {self.seconds:.0f} s, {self.kills} web processes killed,"
            f" PostgreSQL crashed {self.crashes} times: {len(self.answered)} answered,"
            f" {self.refused} refused, {self.broken} without an answer;"
            f" {len(self.lost)} lost, {self.doubled} doubled,"
            f" {len(self.stored - self.answered)} stored and not answered"
        )


def run(pings: int = 50_000, pause_seconds: float = 1.5, least_kills: int = 6) -> Story:
    """Tell the story until so many pings are answered and so many processes killed."""
    with world() as here:
        with here.connect() as connection:
            keys = seed_heartbeats(connection, HEARTBEATS)
        here.servers.supervise()
        with gunicorn(here, "wsgi:app") as (port, pid):
            story = Story()
            started = time.monotonic()
            asyncio.run(_run_story(story, here, port, pid, keys, pings, pause_seconds, least_kills))
            story.seconds = time.monotonic() - started
        _read_back(story, here)
    assert not story.lost, story
    assert not story.doubled, story
    return story


async def _run_story(
    story: Story,
    here: World,
    port: int,
    pid: int,
    keys: list[str],
    pings: int,
    pause_seconds: float,
    least_kills: int,
) -> None:
    done = asyncio.Event()
    clients = [asyncio.create_task(_ping(story, port, keys, done)) for _ in range(CLIENTS)]
    while len(story.answered) < pings or story.kills + story.crashes < least_kills:
        await asyncio.sleep(pause_seconds * random.uniform(0.5, 1.5))
        if random.random() < 0.7 and _kill_web_process(pid):
            story.kills += 1
        elif _crash(here.servers.postgres):
            story.crashes += 1
    await asyncio.sleep(pause_seconds)
    done.set()
    await asyncio.gather(*clients)


def _kill_web_process(master: int) -> bool:
    children = children_of(master)
    if children:
        os.kill(random.choice(children), signal.SIGKILL)
    return bool(children)


def _crash(postgres: Postgres) -> bool:
    """End PostgreSQL at once and without a checkpoint, as if it had been killed.

    A SIGKILL would leave its children and their shared memory behind. False while it starts.
    """
    if postgres.pid is None or not postgres.is_ready():
        return False
    os.kill(postgres.pid, signal.SIGQUIT)
    return True


async def _ping(story: Story, port: int, keys: list[str], done: asyncio.Event) -> None:
    while not done.is_set():
        story.sent += 1
        number = story.sent
        try:
            status = await asyncio.wait_for(
                _post(port, random.choice(keys), number), _ANSWER_SECONDS
            )
        except (OSError, EOFError, TimeoutError):
            story.broken += 1
            await asyncio.sleep(0.05)
            continue
        if status == 200:
            story.answered.add(number)
        else:
            assert status == 503, status
            story.refused += 1
            await asyncio.sleep(0.05)


async def _post(port: int, key: str, number: int) -> int:
    """Send one ping on a connection of its own; return the status once all of it has arrived."""
    body = str(number)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(
            f"POST /ping/{key} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        answer = await reader.read()
    finally:
        writer.close()
    head, separator, text = answer.partition(b"\r\n\r\n")
    if not separator or not text:
        raise EOFError
    return int(head.split(b" ", 2)[1])


def _read_back(story: Story, here: World) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            with here.connect() as connection:
                rows = connection.execute(
                    "SELECT convert_from(body, 'UTF8')::int AS number, count(*)"
                    " FROM heartbeat_pings GROUP BY number"
                ).fetchall()
            break
        except psycopg.OperationalError:  # the last crash is being recovered from
            assert time.monotonic() < end
            time.sleep(0.2)
    story.stored = {number for number, _ in rows}
    story.doubled = sum(count > 1 for _, count in rows)


if __name__ == "__main__":
    print(run())
