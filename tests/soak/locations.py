"""An agent with nothing but HTTPS while it, the web and its link are killed again and again.

Afterwards the results are read off the database: none twice, none of a failure that was not there,
and no gap longer than a lease; those of the time without a link came late, for the figures.
"""

import itertools
import random
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

import requests

from tests.flows.product import Product, seconds_until
from tests.namespaces import Island, island, may_make_namespaces

SERVICES = 50
_TARGET_PORT = 8080
# A second of interval, one of timeout, the margin of an agent's lease, and the start of an agent.
_MOST_GAP_SECONDS = 1 + 1 + 18 + 10
_VICTIMS = ("agent", "agent stopped", "web", "link")


@dataclass
class LocationStory:
    """What was done, and what was found."""

    kills: Counter[str] = field(default_factory=Counter)
    results: int = 0
    longest_gap: float = 0.0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{sum(self.kills.values())} kills {dict(self.kills)}, {self.results} results, longest"
            f" gap {self.longest_gap:.1f} s, {len(self.faults)} faults"
        )


def run(product: Product, seconds: float, seed: int) -> LocationStory:
    """Kill at random for a while, then wait for calm and check. Raises OSError where it cannot."""
    if not may_make_namespaces():
        raise OSError("this process may not make network namespaces")
    with (
        tempfile.TemporaryDirectory(prefix="alertifypro-island-") as folder,
        island(Path(folder), product.port) as here,
    ):
        return _run(product, here, seconds, random.Random(seed))


def _run(product: Product, here: Island, seconds: float, chance: random.Random) -> LocationStory:
    story = LocationStory()
    target = here.run("tests.relay", f"127.0.0.1:{_TARGET_PORT}", str(here.folder / "nobody.sock"))
    assert target.stdout
    target.stdout.readline()
    product.register()
    location = product.call("POST", "/locations", {"name": "Factory"})
    fields = {"regions": [location["region"]], "check_type": "TCP"}
    ids = [
        str(product.service(f"127.0.0.1:{_TARGET_PORT}", name=f"Line {number}", **fields)["id"])
        for number in range(SERVICES)
    ]
    agent = here.agent(location["key"])
    seconds_until(lambda: {product.status(id) for id in ids} == {"GREEN"}, 60)
    began_at, end = time.time(), time.monotonic() + seconds
    while time.monotonic() < end:
        victim = chance.choice(_VICTIMS)
        story.kills[victim] += 1
        agent = _strike(product, here, agent, victim, location["key"], chance)
        time.sleep(chance.uniform(4, 12))
    seconds_until(lambda: _is_answering(product), 60)
    time.sleep(_MOST_GAP_SECONDS)  # until what was buffered has come, and what was lost again
    _check(product, story, ids, began_at)
    return story


def _strike(
    product: Product,
    here: Island,
    agent: "Popen[bytes]",
    victim: str,
    key: str,
    chance: random.Random,
) -> "Popen[bytes]":
    match victim:
        case "agent":
            agent.kill()
            agent.wait()
            return here.agent(key)
        case "agent stopped":
            agent.terminate()
            agent.wait(30)
            return here.agent(key)
        case "web":
            with suppress(OSError):
                product.kill("web")
        case _:
            here.cut()
            time.sleep(chance.uniform(1, 10))
            here.connect()
    return agent


def _is_answering(product: Product) -> bool:
    with suppress(requests.ConnectionError):
        return product.session.get(f"{product.api}/organization", timeout=10).ok
    return False


def _check(product: Product, story: LocationStory, ids: list[str], began_at: float) -> None:
    with product.database() as connection:
        found = connection.execute(
            "SELECT service_id::text, scheduled_for, status FROM check_results"
            " WHERE service_id = ANY(%s::uuid[]) ORDER BY service_id, scheduled_for",
            (ids,),
        ).fetchall()
        (alerts,) = connection.execute(
            "SELECT count(*) FROM alerts WHERE service_id = ANY(%s::uuid[])", (ids,)
        ).fetchall()
    story.results = len(found)
    doubles = Counter((id, at) for id, at, _ in found)
    story.faults += [f"{id} at {at} is stored twice" for (id, at), n in doubles.items() if n > 1]
    story.faults += [f"{id} at {at} is {status}" for id, at, status in found if status != "GREEN"]
    if alerts[0]:
        story.faults.append(f"{alerts[0]} alerts of services that never failed")
    for id in ids:
        times = [at.timestamp() for one, at, _ in found if one == id]
        for earlier, later in itertools.pairwise([began_at, *times, time.time()]):
            story.longest_gap = max(story.longest_gap, later - earlier)
            if later - earlier > _MOST_GAP_SECONDS:
                story.faults.append(f"{id} has a gap of {later - earlier:.0f} s at {earlier:.0f}")
