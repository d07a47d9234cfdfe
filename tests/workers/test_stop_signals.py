"""Signals to stop that come while a worker starts: it ends, and does not wait for jobs for ever."""

import signal

import pytest

from app.platform.queue import METRICS, Worker
from app.platform.redis_client import connect
from workers import __main__ as processes


@pytest.fixture
def process(context):
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield processes._Process(context, "metrics", has_suspects=False)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("moment", ["__init__", "run", "bootstrap", "dequeue_job_and_maintain_ttl"])
def test_a_signal_at_any_moment_ends_the_worker(process, monkeypatch, moment):
    plain, told = getattr(Worker, moment), []

    def with_signal(worker, *arguments, **named):
        if not told:
            told.append(True)
            signal.raise_signal(signal.SIGTERM)
        return plain(worker, *arguments, **named)

    monkeypatch.setattr(Worker, moment, with_signal)
    monkeypatch.setattr(Worker, "dequeue_timeout", 60)
    process.run()
    assert told


def test_a_worker_that_is_told_before_it_works_takes_no_job(context):
    worker = Worker(METRICS, connect(context.extensions["runtime"].config.redis_url, blocking=True))
    worker.stop_when_possible()
    worker.run()
