"""What an agent sends is what the server reads: every observation comes through JSON whole."""

from datetime import UTC, datetime

import orjson
import pytest

from app.domain.types import Certificate, FailureKind, Observation, Phases, Status
from app.operations.remote import wire

CERTIFICATE = Certificate(
    domain="a.example.com",
    port=443,
    subject="CN=a.example.com",
    issuer="CN=Test",
    sans=("a.example.com",),
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    valid_to=datetime(2026, 12, 1, tzinfo=UTC),
    fingerprint_sha256="00" * 32,
    key_type="EC",
    chain_valid=False,
    error="self-signed",
)


@pytest.mark.parametrize(
    "observation",
    [
        Observation(Status.GREEN, 12.5, status_code=200, phases=Phases(1.0, 2.0, None, 3.0, 4.0)),
        Observation(Status.YELLOW, 3000.0, "slow", body_texts={"ok": True, "error": False}),
        Observation(Status.UNKNOWN, None, "cut off", failure_kind=FailureKind.ISOLATED),
        Observation(
            Status.RED,
            None,
            "expired",
            certificate=CERTIFICATE,
            evidence={"stage": "TLS", "headers": [["a", "b"]]},
            failure_kind=FailureKind.CERTIFICATE,
        ),
    ],
)
def test_an_observation_comes_through_whole(observation):
    written = orjson.dumps(wire.observation_to_json(observation))
    assert wire.observation_of_json(orjson.loads(written)) == observation


def test_what_postgresql_does_not_take_is_replaced():
    odd = Observation(Status.RED, None, "a\0b", evidence={"body": "c\0d\ud800"})
    written = orjson.dumps(wire.observation_to_json(odd))
    found = wire.observation_of_json(orjson.loads(written))
    assert found.error == "a\ufffdb"
    assert "\0" not in found.evidence["body"]
