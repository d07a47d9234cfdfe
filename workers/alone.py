"""Work in processes of its own: `python -m workers.alone check|message|tick SECONDS`.

The work comes over standard input. Checks and messages come as a list: each is done in a fork, and
the answer is a list with None for what is done and recorded, a trace for what ended its process. A
periodic job comes by its name, with a folder for its journal; exit code 0 means that it is done.
"""

import asyncio
import importlib
import pickle
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from app.checks import runner
from app.network.network import Network
from app.network.policy import policy_of
from app.operations.accounts.reach import AddressReach
from app.operations.checks import record as checks_record
from app.operations.checks.claim import Claim
from app.operations.notifications.claim import Send
from app.operations.recorded_check import RecordedCheck
from app.platform import work_journal
from app.platform.bootstrap import bootstrap
from app.platform.clock import monotonic
from app.platform.transaction import transaction
from workers import alone_forks
from workers.connectivity import ConnectivityCheck
from workers.dispatcher import Dispatcher
from workers.job import serve

MEMORY_BYTES = 1024 * 1024 * 1024


def check(app: Flask, claim: Claim) -> None:
    """Run and record one check."""
    runtime = app.extensions["runtime"]
    with app.app_context(), transaction() as tx:
        checked_at = tx.now()
    with app.app_context():
        reach = AddressReach(runtime.config)
        reach.refresh()
    targets = reach.targets(claim.snapshot.organization_id)

    async def observe() -> RecordedCheck:
        policy = policy_of(runtime.config, targets)
        network = Network(policy, ca_file=runtime.config.probe_ca_file or None)
        connectivity = ConnectivityCheck(network, runtime.config.witness_targets)
        target, began_at = claim.snapshot.target, monotonic()
        observation = await runner.run(target, network)
        return claim.finished(await connectivity.confirm(target, observation, began_at), checked_at)

    check = asyncio.run(observe())
    with app.app_context():
        with transaction() as tx:
            now = tx.now()
        runtime.feed.publish(checks_record.record([check], now))


def message(app: Flask, send: Send) -> None:
    """Send one message and record how it went."""
    Dispatcher(app).deliver_one(send)


def tick(app: Flask, job: str, folder: str) -> None:
    """Do what a periodic job does, its rows one by one, each of them written down."""
    work_journal.open_for_work_alone(Path(folder))
    module, _, name = job.rpartition(".")
    with app.app_context():
        getattr(importlib.import_module(module), name).__wrapped__()


KINDS: dict[str, Callable[[Flask, Any], None]] = {"check": check, "message": message}


def main(arguments: list[str]) -> int:
    """Do the work; return the exit code."""
    what, seconds = arguments
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    work = pickle.load(sys.stdin.buffer)  # noqa: S301  from the worker that started us
    app = bootstrap()
    serve(app)
    if what == "tick":
        tick(app, *work)
        return 0
    do = KINDS[what]
    traces = alone_forks.each(lambda one: do(app, one), work, float(seconds))
    sys.stdout.buffer.write(pickle.dumps(traces))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
