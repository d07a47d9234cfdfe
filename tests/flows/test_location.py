"""An agent with nothing but HTTPS: in a namespace of its own, killed, cut off, and back again."""

import itertools
import time
from contextlib import suppress

import pytest
import requests

from tests.namespaces import island, needs_namespaces
from tests.waiting import seconds_until, stretched

pytestmark = needs_namespaces
TARGET_PORT = 8080


@pytest.fixture
def here(product, tmp_path):
    with island(tmp_path, product.port) as found:
        yield found


@pytest.fixture
def location(product):
    return product.call("POST", "/locations", {"name": "Factory"})


@pytest.fixture
def service(product, here, location):
    served = here.run("tests.relay", f"127.0.0.1:{TARGET_PORT}", str(here.folder / "nobody.sock"))
    assert served.stdout
    assert served.stdout.readline() == b"ready\n"
    fields = {"regions": [location["region"]], "check_type": "TCP"}
    return product.service(f"127.0.0.1:{TARGET_PORT}", **fields)


def results(product, service):
    with product.database() as connection:
        return connection.execute(
            "SELECT scheduled_for, status FROM check_results WHERE service_id = %s"
            " ORDER BY scheduled_for",
            (service["id"],),
        ).fetchall()


def is_green(product, service):
    return product.status(service["id"]) == "GREEN"


def is_alive(product, location):
    return product.call("GET", f"/locations/{location['id']}")["is_alive"]


def is_answering(product):
    with suppress(requests.RequestException):
        return product.session.get(f"{product.api}/organization", timeout=10).ok
    return False


def has_no_gap(product, service, since, seconds=8):
    """Say whether results cover the time from a moment until now, but for some seconds."""
    times = [at.timestamp() for at, _ in results(product, service) if at.timestamp() >= since]
    edges = [since, *times, time.time()]
    return all(later - earlier < seconds for earlier, later in itertools.pairwise(edges))


def test_checks_are_made_where_only_https_leads(product, here, location, service):
    here.agent(location["key"])
    seconds_until(lambda: is_green(product, service), 30)
    (agent,) = product.call("GET", f"/locations/{location['id']}")["agents"]
    assert agent["is_alive"]
    assert abs(agent["clock_skew_ms"]) < 2000
    unreached = product.service("127.0.0.1:9", "TCP", regions=[location["region"]])
    seconds_until(lambda: product.status(unreached["id"]) == "RED", 30)
    body = {
        "name": "Once",
        "endpoint": f"127.0.0.1:{TARGET_PORT}",
        "check_type": "TCP",
        "regions": [location["region"]],
    }
    assert product.call("POST", "/services/test", body)["status"] == "GREEN"


def test_kills_of_agent_web_and_link_double_nothing_and_lose_little(
    product, here, location, service
):
    agent = here.agent(location["key"])
    seconds_until(lambda: is_green(product, service), 30)
    agent.kill()
    here.agent(location["key"])
    before = len(results(product, service))
    seconds_until(lambda: len(results(product, service)) > before + 2, 40)

    began_at = time.time()
    here.cut()
    time.sleep(15)  # of which only late results can tell
    assert not has_no_gap(product, service, began_at)
    here.connect()
    seconds_until(lambda: has_no_gap(product, service, began_at, stretched(8)), 40)

    began_at = time.time()
    product.kill("web")
    seconds_until(lambda: not is_answering(product), 10)
    seconds_until(lambda: is_answering(product), 60)
    seconds_until(lambda: has_no_gap(product, service, began_at, stretched(8)), 60)

    found = results(product, service)
    assert {status for _, status in found} == {"GREEN"}
    assert len({at for at, _ in found}) == len(found)
    alerts = product.call("GET", "/alerts")
    assert [alert for alert in alerts if alert["service_id"] == service["id"]] == []
    assert is_alive(product, location)
