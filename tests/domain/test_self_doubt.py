"""When a failure could be the monitor's own, and who is asked."""

import pytest

from app.domain.self_doubt import LEAST_WITNESSES, Witness, Witnesses, is_ambiguous, is_blind
from app.domain.types import Observation, Phases, Status


@pytest.mark.parametrize(
    ("observation", "ambiguous", "why"),
    [
        (Observation(Status.RED, None, "timed out after 10 s while connecting"), True, "no answer"),
        (Observation(Status.RED, None, "no such host"), True, "the resolver may be ours"),
        (Observation(Status.RED, None, "network is unreachable"), True, "our own network"),
        (Observation(Status.RED, None, "connection refused"), False, "a refusal is an answer"),
        (Observation(Status.RED, 3.0, "got 503", status_code=503), False, "it answered"),
        (
            Observation(Status.RED, None, "the banner is not SSH", phases=Phases(connect_ms=1.0)),
            False,
            "it accepted the connection",
        ),
        (
            Observation(
                Status.RED,
                None,
                "timed out after 2 s while reading the answer",
                phases=Phases(connect_ms=1.0),
            ),
            True,
            "the line may have been cut at our end meanwhile",
        ),
        (Observation(Status.RED, None, "target not allowed: metadata"), False, "our own rule"),
        (Observation(Status.GREEN, 3.0), False, "a pass is no failure"),
        (Observation(Status.UNKNOWN, None, "no descriptors"), False, "already in doubt"),
    ],
)
def test_what_is_ambiguous(observation, ambiguous, why):
    assert is_ambiguous(observation) is ambiguous, why


def test_too_few_hosts_cannot_convict_the_monitor():
    witnesses = Witnesses()
    for number in range(LEAST_WITNESSES):
        witnesses.saw(f"host-{number}.example", 443)
    assert witnesses.against("host-0.example") == []
    witnesses.saw("another.example", 443)
    assert len(witnesses.against("host-0.example")) == LEAST_WITNESSES


def test_the_host_in_question_is_no_witness_and_the_latest_come_first():
    witnesses = Witnesses()
    for number in range(10):
        witnesses.saw(f"host-{number}.example", 443)
    witnesses.saw("host-2.example", 443)
    asked = [witness.host for witness in witnesses.against("host-9.example")]
    assert asked[0] == "host-2.example"
    assert "host-9.example" not in asked


def test_witnesses_named_by_the_operator_decide_alone():
    named = (Witness("gateway.example", 443),)
    witnesses = Witnesses(named)
    for number in range(10):
        witnesses.saw(f"host-{number}.example", 443)
    assert witnesses.against("host-1.example") == list(named)


@pytest.mark.parametrize(
    ("answers", "blind"),
    [([], False), ([False], True), ([False, True], False), ([False] * 5, True)],
)
def test_one_answer_is_enough_to_see(answers, blind):
    assert is_blind(answers) is blind
