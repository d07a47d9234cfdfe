"""Names cannot turn the text around them, nor break its lines."""

import pytest

from tests.factories import service_body

TURNS = ["\u202e", "\u202d", "\u202a", "\u202b", "\u202c", "\u2066", "\u2067", "\u2068", "\u2069"]
MARKS_AND_LINES = ["\u200e", "\u200f", "\u061c", "\u2028", "\u2029"]


@pytest.mark.parametrize("character", [*TURNS, *MARKS_AND_LINES])
def test_a_name_holds_nothing_that_changes_its_surroundings(alice, character):
    name = f"shop{character}pohs"
    for path, body in (
        ("/services", service_body(name=name)),
        ("/teams", {"name": name}),
        ("/heartbeats", {"name": name, "interval_seconds": 60}),
        ("/notification-channels", {"name": name, "type": "slack", "config": {}}),
        ("/alert-rules", {"name": name, "conditions": [], "severity": "critical"}),
        ("/escalation-policies", {"name": name, "rules": []}),
        ("/api-keys", {"name": name, "scopes": ["read"]}),
    ):
        answer = alice.post(path, body)
        assert answer.status_code == 422, path
        assert "name" in answer.json["fields"], path
    assert alice.put("/profile", {"full_name": name}).status_code == 422
    assert alice.patch("/organization", {"name": name}).status_code == 422


@pytest.mark.parametrize("character", TURNS)
def test_neither_does_a_description(alice, character):
    answer = alice.post("/services", service_body(description=f"a{character}b"))
    assert answer.status_code == 422


def test_people_write_in_their_own_script(alice):
    for name in ("متجر", "חנות 1", "店舗", "Café – „eins“"):
        assert alice.post("/teams", {"name": name}).json["name"] == name
