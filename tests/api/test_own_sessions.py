"""/profile/sessions: where somebody is signed in, and ending that."""

from datetime import datetime
from uuid import UUID, uuid4

import pytest

from tests.factories import API, PASSWORD

OURS = {"Sec-Fetch-Site": "same-origin"}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PLACE = {"REMOTE_ADDR": "203.0.113.7"}


def sign_in(app, person, agent=FIREFOX, path="/session"):
    """Return a client that signed in as a person, and the answer it got."""
    client = app.test_client()
    answer = client.post(
        f"{API}{path}",
        json={"email": person.email, "password": PASSWORD},
        headers=OURS | {"User-Agent": agent},
        environ_base=PLACE,
    )
    assert answer.status_code == 200, answer.text
    return client, answer


def sessions_of(person):
    answer = person.get("/profile/sessions")
    assert answer.status_code == 200, answer.text
    return answer.json


def others_of(person):
    return [each for each in sessions_of(person) if not each["is_present"]]


def may_read(client):
    return client.get(f"{API}/profile", headers=OURS).status_code == 200


def test_a_session_says_where_it_was_used_and_with_what(app, alice):
    sign_in(app, alice)
    present, other = sessions_of(alice)
    assert present["is_present"]
    assert not other["is_present"]
    assert UUID(other["id"]) != UUID(present["id"])
    assert (other["address"], other["user_agent"]) == ("203.0.113.7", FIREFOX)
    names = ("created_at", "last_seen_at", "expires_at")
    began, seen, ends = (datetime.fromisoformat(other[name]) for name in names)
    assert began <= seen < ends
    assert alice.token not in str(sessions_of(alice))


def test_programs_that_signed_in_are_listed_too(app, alice):
    sign_in(app, alice, "curl/8.5.0", "/auth/login")
    assert [each["user_agent"] for each in others_of(alice)] == ["curl/8.5.0"]


def test_a_token_of_before_the_list_comes_into_it_when_it_is_used(app, alice, rows):
    client, _ = sign_in(app, alice)
    rows("DELETE FROM user_sessions")
    assert others_of(alice) == []
    assert may_read(client)
    assert len(others_of(alice)) == 1


def test_when_it_was_seen_is_written_once_a_minute(app, alice, rows):
    client, _ = sign_in(app, alice)

    def seen():
        return rows("SELECT last_seen_at, address FROM user_sessions WHERE address <> '127.0.0.1'")

    first = seen()
    assert may_read(client)
    assert seen() == first
    rows("UPDATE user_sessions SET last_seen_at = now() - interval '61 seconds'")
    elsewhere = {"REMOTE_ADDR": "198.51.100.9"}
    assert client.get(f"{API}/profile", headers=OURS, environ_base=elsewhere).status_code == 200
    ((moment, address),) = seen()
    assert moment >= first[0][0]
    assert address == "198.51.100.9"


def test_one_session_ends_at_once_and_no_other(app, alice, rows):
    gone, _ = sign_in(app, alice)
    kept, _ = sign_in(app, alice, "Other")
    (found,) = (each for each in others_of(alice) if each["user_agent"] == FIREFOX)
    assert alice.delete(f"/profile/sessions/{found['id']}").status_code == 204
    assert not may_read(gone)
    assert may_read(kept)
    assert [each["user_agent"] for each in others_of(alice)] == ["Other"]
    assert alice.delete(f"/profile/sessions/{found['id']}").status_code == 404
    events = [event for (event,) in rows("SELECT event FROM audit_logs ORDER BY id")]
    assert events[-1] == "auth.session_ended"


def test_all_others_end_and_the_present_one_stays(app, alice, bob):
    others = [sign_in(app, alice)[0] for _ in range(2)]
    stranger, _ = sign_in(app, bob)
    assert alice.delete("/profile/sessions").status_code == 204
    assert not any(may_read(each) for each in others)
    assert may_read(stranger)
    (present,) = sessions_of(alice)
    assert present["is_present"]
    assert alice.delete("/profile/sessions").status_code == 204


@pytest.mark.parametrize("ending", ["sign out", "logout-all", "removal", "expiry"])
def test_what_has_ended_otherwise_is_not_listed(app, alice, bob, rows, ending):
    client, answer = sign_in(app, bob)
    assert len(others_of(bob)) == 1
    if ending == "sign out":
        assert client.delete(f"{API}/session", headers=OURS).status_code == 204
    elif ending == "logout-all":
        assert bob.post("/auth/logout-all").status_code == 204
        bob = bob.with_epoch(1)
    elif ending == "removal":
        rows(f"DELETE FROM memberships WHERE organization_id = '{answer.json['org_id']}'")
    else:
        rows("UPDATE user_sessions SET expires_at = now() WHERE address <> '127.0.0.1'")
    assert others_of(bob) == []


def test_nobody_sees_or_ends_those_of_others(app, alice, charlie):
    client, _ = sign_in(app, alice)
    (theirs,) = others_of(alice)
    for id in (theirs["id"], uuid4()):
        answer = charlie.delete(f"/profile/sessions/{id}")
        assert (answer.status_code, answer.json) == (404, {"error": "not found"})
    assert [each["is_present"] for each in sessions_of(charlie)] == [True]
    assert may_read(client)


def test_an_api_key_neither_sees_nor_ends_sessions(app, alice):
    key = alice.post("/api-keys", {"name": "k", "scopes": ["admin"]}).json["key"]
    headers = {"Authorization": f"Bearer {key}"}
    client = app.test_client()
    for method, path in (("GET", ""), ("DELETE", ""), ("DELETE", f"/{uuid4()}")):
        answer = client.open(f"{API}/profile/sessions{path}", method=method, headers=headers)
        assert answer.status_code == 403, (method, path)


def test_what_calls_itself_strangely_is_kept_short(app, alice):
    sign_in(app, alice, "A" * 5000)
    (other,) = others_of(alice)
    assert other["user_agent"] == "A" * 400
