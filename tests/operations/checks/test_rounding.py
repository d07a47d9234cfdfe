"""Milliseconds of a check: hundredths, the same wherever they are shown."""

import pytest

from app.domain.types import Observation, Phases, Status
from app.operations.checks import claim as checks_claim
from app.operations.checks import record as checks_record
from app.operations.services import one_off_checks
from tests.factories import make_service, service_body

RAW, SHOWN = 1234.56789, 1234.57
PHASES = Phases(dns_ms=1.23456, connect_ms=2.34567, tls_ms=3.45678, ttfb_ms=0.12345)
SHOWN_PHASES = {
    "dns_ms": 1.23,
    "connect_ms": 2.35,
    "tls_ms": 3.46,
    "ttfb_ms": 0.12,
    "transfer_ms": None,
}


@pytest.fixture
def service(context, alice):
    return make_service(alice)


def test_every_answer_about_a_stored_check_has_the_same_figure(service, alice):
    claimed = checks_claim.claim("default", 10)
    seen = Observation(Status.GREEN, RAW, status_code=200, phases=PHASES)
    events = checks_record.record(
        [claim.finished(seen, claimed.now) for claim in claimed.claims], claimed.now
    )
    path = f"/services/{service['id']}"
    (stored,) = alice.get(f"{path}/checks").json
    (beats,) = alice.get(f"/services/beats?ids={service['id']}").json
    shown = {
        "event": events[0].data["response_time_ms"],
        "service": alice.get(path).json["last_response_time_ms"],
        "list": alice.get("/services").json[0]["last_response_time_ms"],
        "checks": stored["response_time_ms"],
        "beats": beats["beats"][0]["response_time_ms"],
    }
    assert shown == dict.fromkeys(shown, SHOWN)
    assert stored["phases"] == SHOWN_PHASES


def test_a_check_on_demand_is_rounded_as_well(context, alice, rows):
    (organization_id,) = rows("SELECT id FROM organizations")[0]
    request_id, _ = one_off_checks.ask(organization_id, service_body())
    one_off_checks.answer(request_id, Observation(Status.GREEN, RAW, phases=PHASES))
    found = one_off_checks.outcome(request_id)
    assert (found["response_time_ms"], found["phases"]) == (SHOWN, SHOWN_PHASES)
