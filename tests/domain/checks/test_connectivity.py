"""When a failure could be the monitor's own, and who is asked."""

import pytest

from app.domain.checks.connectivity import (
    LEAST_REFERENCE_HOSTS,
    ReferenceHost,
    ReferenceHosts,
    is_ambiguous,
    is_isolated,
)
from app.domain.types import FailureKind, Observation, Phases, Status


def failed(kind, status_code=None, **phases):
    return Observation(
        Status.RED, None, status_code=status_code, phases=Phases(**phases), failure_kind=kind
    )


@pytest.mark.parametrize(
    ("observation", "ambiguous", "why"),
    [
        (failed(FailureKind.TIMED_OUT), True, "no answer"),
        (failed(FailureKind.NO_SUCH_HOST), True, "the resolver may be ours"),
        (failed(FailureKind.RESOLVER_FAILED), True, "the resolver may be ours"),
        (failed(FailureKind.UNREACHABLE), True, "our own network"),
        (failed(FailureKind.CLOSED), True, "a firewall at our end may reset"),
        (failed(FailureKind.CLOSED, connect_ms=1.0), False, "it accepted the connection"),
        (failed(FailureKind.REFUSED), False, "a refusal is an answer"),
        (failed(FailureKind.ASSERTION, status_code=503), False, "it answered"),
        (failed(FailureKind.TIMED_OUT, status_code=503), False, "it answered"),
        (failed(FailureKind.ASSERTION), False, "it answered, over a datagram"),
        (failed(FailureKind.CERTIFICATE), False, "it showed a certificate"),
        (failed(FailureKind.PROTOCOL, connect_ms=1.0), False, "it spoke"),
        (failed(FailureKind.TIMED_OUT, connect_ms=1.0), True, "the line may be cut at our end"),
        (failed(FailureKind.GUARD), False, "our own rule"),
        (Observation(Status.GREEN, 3.0), False, "a pass is no failure"),
        (Observation(Status.UNKNOWN, None, "no descriptors"), False, "already in doubt"),
    ],
)
def test_what_is_ambiguous(observation, ambiguous, why):
    assert is_ambiguous(observation) is ambiguous, why


def test_too_few_hosts_cannot_convict_the_monitor():
    hosts = ReferenceHosts()
    for number in range(LEAST_REFERENCE_HOSTS):
        hosts.saw(f"host-{number}.example", 443)
    assert hosts.against("host-0.example") == []
    hosts.saw("another.example", 443)
    assert len(hosts.against("host-0.example")) == LEAST_REFERENCE_HOSTS


def test_the_host_in_question_is_no_reference_and_the_latest_come_first():
    hosts = ReferenceHosts()
    for number in range(10):
        hosts.saw(f"host-{number}.example", 443)
    hosts.saw("host-2.example", 443)
    asked = [host.host for host in hosts.against("host-9.example")]
    assert asked[0] == "host-2.example"
    assert "host-9.example" not in asked


def test_reference_hosts_named_by_the_operator_decide_alone():
    named = (ReferenceHost("gateway.example", 443),)
    hosts = ReferenceHosts(named)
    for number in range(10):
        hosts.saw(f"host-{number}.example", 443)
    assert hosts.against("host-1.example") == list(named)


@pytest.mark.parametrize(
    ("answers", "isolated"),
    [([], False), ([False], True), ([False, True], False), ([False] * 5, True)],
)
def test_one_answer_is_enough_to_see(answers, isolated):
    assert is_isolated(answers) is isolated


@pytest.mark.parametrize("sentence", ["timed out", "connection refused", "no such host", ""])
def test_no_sentence_decides(sentence):
    for kind in FailureKind:
        observation = Observation(Status.RED, None, sentence, failure_kind=kind)
        assert is_ambiguous(observation) is is_ambiguous(observation._replace(error=None))
