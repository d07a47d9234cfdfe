"""What goes over the pipe to the recorder comes out as it was."""

from datetime import timedelta
from threading import Lock
from uuid import uuid4

from app.domain.checks.service_states import RegionState
from app.domain.types import Observation, Phases, Status
from app.operations.recorded_check import RecordedCheck
from app.platform.clock import utcnow
from tests.event_messages import certificate
from workers.recorder import pack, unpack

NOW = utcnow()


def check(observation: Observation) -> RecordedCheck:
    state = RegionState(Status.YELLOW, 0, 7)
    due = NOW - timedelta(seconds=1)
    return RecordedCheck(
        uuid4(), 3, "eu-west", 2**40, due, state, Status.GREEN, observation, NOW, "(17,3)"
    )


def test_a_batch_arrives_as_it_was_sent():
    batch = [
        check(Observation(Status.GREEN, 12.5, status_code=200, phases=Phases(None, 1.0, 2.0))),
        check(
            Observation(Status.RED, None, "connection refused", evidence={"stage": "connecting"})
        ),
        check(
            Observation(
                Status.YELLOW, 1.0, certificate=certificate(NOW), body_texts={"Welcome": True}
            )
        ),
        check(Observation(Status.UNKNOWN, None, "two\nlines \ud800")),
    ]
    found, now = unpack(pack(batch, NOW))
    assert found == batch
    assert now == NOW
    assert [type(one.observation) for one in found] == [Observation] * 4
    assert found[0].observation.status is Status.GREEN
    assert found[0].claimed_state.status is Status.YELLOW


def test_evidence_that_cannot_travel_goes_as_text():
    odd = check(Observation(Status.RED, None, "no", evidence={"lock": Lock(), "stage": "reading"}))
    (found,), _ = unpack(pack([odd], NOW))
    assert found.observation.error == "no"
    assert found.observation.evidence["stage"] == "reading"
    assert "lock" in found.observation.evidence["lock"]
