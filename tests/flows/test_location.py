"""An agent with nothing but HTTPS: in a namespace of its own, killed, cut off, and back again."""

import itertools
import time

import pytest

from tests.flows.product import seconds_until
from tests.namespaces import island, needs_namespaces

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


def gaps(found):
    times = [at.timestamp() for at, _ in found]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


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

    here.cut()
    time.sleep(15)  # of which late results tell: a gap of eight seconds would be a loss
    here.connect()
    seconds_until(lambda: max(gaps(results(product, service))[before + 2 :]) < 8, 30)

    product.kill("web")
    after = len(results(product, service))
    seconds_until(lambda: len(results(product, service)) > after + 5, 40)
    seconds_until(lambda: max(gaps(results(product, service))[before + 2 :]) < 8, 40)

    found = results(product, service)
    assert {status for _, status in found} == {"GREEN"}
    assert len({at for at, _ in found}) == len(found)
    alerts = product.call("GET", "/alerts")
    assert [alert for alert in alerts if alert["service_id"] == service["id"]] == []
    assert is_alive(product, location)
