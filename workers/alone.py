"""Work in processes of its own: `python -m workers.alone check|message|agent_check|tick SECONDS`.

The work comes over standard input. Checks and messages come as a list: each is done in a fork, and
the answer is a list with None for what is done and recorded, a trace for what ended its process. A
periodic job comes by its name, with a folder for its journal; exit code 0 means that it is done.
"""

import gc

if __name__ == "__main__":
    gc.disable()  # what is imported stays: the collector would visit it again and again

import asyncio
import importlib
import pickle
import resource
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from flask import Flask

from app.checks import runner
from app.domain.types import Observation
from app.network.network import Network
from app.network.policy import policy_of
from app.operations.accounts.reach import AddressReach
from app.operations.checks import record as checks_record
from app.operations.checks.claim import Claim
from app.operations.notifications.claim import Send
from app.operations.remote import wire
from app.platform import work_journal
from app.platform.bootstrap import bootstrap
from app.platform.clock import monotonic
from app.platform.config import AgentConfig
from app.platform.process_end import leave
from app.platform.transaction import transaction
from workers import alone_forks
from workers.agent_quarantine import WorkAlone
from workers.connectivity import ConnectivityCheck
from workers.dispatcher import Dispatcher
from workers.job import serve
from workers.remote import network_of

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

    def network() -> Network:
        policy = policy_of(runtime.config, targets)
        return Network(policy, ca_file=runtime.config.probe_ca_file or None)

    observation = asyncio.run(_observe(claim, network, runtime.config.witness_targets))
    check = claim.finished(observation, checked_at)
    with app.app_context():
        with transaction() as tx:
            now = tx.now()
        runtime.feed.publish(checks_record.record([check], now))


def agent_check(config: AgentConfig, work: WorkAlone) -> None:
    """Run one check of a location, and write down what it observes."""
    network = partial(network_of, config, work.targets)
    observation = asyncio.run(_observe(work.claim, network, config.witness_targets))
    work.outcome.write_bytes(orjson.dumps(wire.observation_to_json(observation)))


async def _observe(
    claim: Claim, make_network: Callable[[], Network], witness_targets: tuple[str, ...]
) -> Observation:
    network = make_network()
    connectivity = ConnectivityCheck(network, witness_targets)
    target, began_at = claim.snapshot.target, monotonic()
    observation = await runner.run(target, network)
    return await connectivity.confirm(target, observation, began_at)


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


def limit_memory() -> None:
    """Bound what this process and its forks may take, and have them leave no core file."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(arguments: list[str]) -> int:
    """Do the work; return the exit code."""
    what, seconds = arguments
    limit_memory()
    gc.freeze()
    gc.enable()
    work = pickle.load(sys.stdin.buffer)  # noqa: S301  from the worker that started us
    if what == "agent_check":  # where there is neither database nor Redis
        do = partial(agent_check, AgentConfig.from_env())
    else:
        app = bootstrap()
        serve(app)
        if what == "tick":
            tick(app, *work)
            return 0
        do = partial(KINDS[what], app)
    traces = alone_forks.each(do, work, float(seconds))
    sys.stdout.buffer.write(pickle.dumps(traces))
    return 0


if __name__ == "__main__":
    leave(main(sys.argv[1:]))
