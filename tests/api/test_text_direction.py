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


# Default-ignorable letters, fillers, tags: two names that look alike would not be the same.
UNSEEN = ["\xad", "͏", "ᅟ", "\u180e", "\u200b", "\u2060", "\u206a", "ㅤ", "\ufeff", "ﾠ", "\U000e0041"]


@pytest.mark.parametrize("character", UNSEEN)
def test_a_name_holds_nothing_that_cannot_be_seen(alice, character):
    assert alice.post("/teams", {"name": f"sh{character}op"}).status_code == 422
    assert alice.put("/profile", {"full_name": f"Ali{character}ce"}).status_code == 422


@pytest.mark.parametrize("name", ["\u200d", "\u2800\u2800", "\ufe0f", "\u200c \u200d"])
def test_what_joins_letters_is_no_name_by_itself(alice, name):
    assert alice.post("/teams", {"name": name}).status_code == 422


def test_an_address_does_not_become_another_by_being_folded(client):
    """The sign of the Kelvin has a small k, which would be somebody else's address."""
    person = {"password": "correct horse battery", "full_name": "Kate"}
    answer = client.post("/api/v1/auth/register", json={"email": "\u212aate@example.com", **person})
    assert answer.status_code == 422
    assert "email" in answer.json["fields"]


def test_people_write_in_their_own_script(alice):
    for name in ("متجر", "חנות 1", "店舗", "Café – „eins“", "می\u200cخواهم", "👩\u200d💻 ❤\ufe0f"):
        assert alice.post("/teams", {"name": name}).json["name"] == name
