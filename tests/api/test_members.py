"""/members, /invitations and /teams: who belongs to an organization, and what they are in it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest

from tests.factories import PASSWORD, make_member, make_person

ROLES = ("viewer", "responder", "editor", "admin", "owner")


def register(client, email, **more):
    body = {"email": email, "password": PASSWORD, "full_name": "Dora"} | more
    return client.post("/api/v1/auth/register", json=body)


def test_lists_are_paged_and_filtered(app, alice):
    for number in range(3):
        make_member(app, alice, f"Member{number}", "viewer")
    first = alice.get("/members?limit=3")
    assert len(first.json) == 3
    assert 'rel="next"' in first.headers["Link"]
    link = first.headers["Link"].split("?")[1].split(">")[0]
    (last,) = alice.get(f"/members?{link}").json
    assert last["user_id"] == str(alice.user_id)
    assert len(alice.get("/members?role=viewer").json) == 3


def test_an_unknown_address_is_invited_and_joins_by_registering(client, alice):
    answer = alice.post("/members", {"email": "dora@example.com", "role": "responder"})
    assert answer.status_code == 201
    assert answer.json["status"] == "invited"
    assert answer.json["email_sent"] is False
    fragment = dict(parse_qsl(urlsplit(answer.json["invite_url"]).fragment))
    assert fragment == {"email": answer.json["email"], "token": answer.json["token"]}
    (listed,) = alice.get("/invitations").json
    assert "token" not in listed
    assert listed["is_expired"] is False

    other = register(client, "eve@example.com", invitation_token=answer.json["token"])
    assert other.status_code == 403
    joined = register(client, "dora@example.com", invitation_token=answer.json["token"])
    assert joined.status_code == 201
    assert joined.json["org_id"] == str(alice.organization_id)
    assert alice.get(f"/members/{joined.json['user_id']}").json["role"] == "responder"
    assert alice.get("/invitations").json == []
    again = register(client, "fred@example.com", invitation_token=answer.json["token"])
    assert again.status_code == 422


def test_somebody_signed_in_accepts_an_invitation_for_their_address(app, client, alice):
    token = alice.post("/members", {"email": "dora@example.com"}).json["token"]
    assert register(client, "dora@example.com").status_code == 201
    login = client.post(
        "/api/v1/auth/login", json={"email": "dora@example.com", "password": PASSWORD}
    )
    headers = {"Authorization": f"Bearer {login.json['token']}"}
    stranger = make_person(app, "Eve").post("/invitations/accept", {"token": token})
    assert stranger.status_code == 403
    path = "/api/v1/invitations/accept"
    accepted = client.post(path, json={"token": token}, headers=headers)
    assert accepted.status_code == 200
    assert accepted.json["org_id"] == str(alice.organization_id)
    assert client.post(path, json={"token": token}, headers=headers).status_code == 404


def test_an_invitation_ends_by_time_by_renewal_and_with_its_maker(app, client, alice, rows):
    admin = make_member(app, alice, "Ann", "admin")
    token = admin.post("/members", {"email": "dora@example.com", "role": "admin"}).json["token"]
    ((invitation_id,),) = rows("SELECT id FROM invitations")
    renewed = admin.post(f"/invitations/{invitation_id}/resend").json["token"]
    assert register(client, "dora@example.com", invitation_token=token).status_code == 422
    alice.patch(f"/members/{admin.user_id}", {"role": "editor"})
    assert register(client, "dora@example.com", invitation_token=renewed).status_code == 422
    renewed = alice.post(f"/invitations/{invitation_id}/resend").json["token"]
    rows("UPDATE invitations SET expires_at = now() - interval '1 second'")
    assert register(client, "dora@example.com", invitation_token=renewed).status_code == 422
    assert alice.delete(f"/invitations/{invitation_id}").status_code == 204
    assert alice.delete(f"/invitations/{invitation_id}").status_code == 404


def test_an_invitation_opens_a_server_for_the_invited_only(client, alice, configure):
    token = alice.post("/members", {"email": "dora@example.com"}).json["token"]
    configure(registration="closed")
    closed = register(client, "dora@example.com", invitation_token=token)
    assert closed.status_code == 403
    assert alice.post("/members", {"email": "eve@example.com"}).status_code == 201
    configure(registration="invite")
    assert register(client, "dora@example.com").status_code == 403
    assert register(client, "dora@example.com", invitation_token="x").status_code == 422
    assert register(client, "dora@example.com", invitation_token=token).status_code == 201


@pytest.mark.parametrize("own", ["admin", "owner"])
@pytest.mark.parametrize("target", ROLES)
def test_nobody_gives_or_takes_a_role_above_their_own(app, alice, own, target):
    manager = make_member(app, alice, "Ann", own)
    allowed = ROLES.index(own) >= ROLES.index(target)
    newcomer = make_person(app, "Nora")
    added = manager.post("/members", {"email": newcomer.email, "role": target})
    assert added.status_code == (201 if allowed else 403)
    invited = manager.post("/members", {"email": "dora@example.com", "role": target})
    assert invited.status_code == (201 if allowed else 403)
    other = make_member(app, alice, "Otto", target)
    demoted = manager.patch(f"/members/{other.user_id}", {"role": "viewer"})
    assert demoted.status_code == (200 if allowed else 403)
    somebody = make_member(app, alice, "Sue", "viewer")
    promoted = manager.patch(f"/members/{somebody.user_id}", {"role": target})
    assert promoted.status_code == (200 if allowed else 403)
    victim = make_member(app, alice, "Vic", target)
    removed = manager.delete(f"/members/{victim.user_id}")
    assert removed.status_code == (204 if allowed else 403)


def test_the_last_owner_cannot_vanish(alice, bob):
    own = f"/members/{alice.user_id}"
    for answer in (alice.delete(own), alice.patch(own, {"role": "admin"})):
        assert answer.status_code == 409
        assert "last owner" in answer.json["error"]
    assert alice.patch(f"/members/{bob.user_id}", {"role": "owner"}).status_code == 200
    assert alice.delete(own).status_code == 204
    assert alice.get("/members").status_code == 401
    assert bob.delete(f"/members/{bob.user_id}").status_code == 409


@pytest.mark.parametrize("round", range(5))
def test_two_owners_do_not_leave_at_once(app, alice, bob, rows, round):
    alice.patch(f"/members/{bob.user_id}", {"role": "owner"})

    def leave(person):
        if round % 2:
            other = bob if person is alice else alice
            return person.patch(f"/members/{other.user_id}", {"role": "viewer"}).status_code
        return person.delete(f"/members/{person.user_id}").status_code

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(leave, (alice, bob)))
    assert statuses[0] in (200, 204)
    assert statuses[1] in (401, 403, 409)
    owners = "SELECT count(*) FROM memberships WHERE role = 'owner' AND organization_id = %s"
    assert rows(owners, alice.organization_id) == [(1,)]


def test_everybody_may_leave_but_only_admins_remove_others(app, alice, bob):
    viewer = make_member(app, alice, "Vera", "viewer")
    refused = viewer.delete(f"/members/{bob.user_id}")
    assert refused.status_code == 403
    assert "admin" in refused.json["error"]
    assert viewer.delete(f"/members/{viewer.user_id}").status_code == 204
    assert viewer.get("/services").status_code == 401


def test_removal_ends_tokens_keys_and_places_in_teams(client, alice, bob, rows):
    team = alice.post("/teams", {"name": "On call"}).json
    alice.post(f"/teams/{team['id']}/members", {"user_id": str(bob.user_id)})
    key = bob.post("/api-keys", {"name": "k", "scopes": ["read"]}).json["key"]
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/services", headers=headers).status_code == 200
    assert alice.delete(f"/members/{bob.user_id}").status_code == 204
    assert bob.get("/services").status_code == 401
    assert client.get("/api/v1/services", headers=headers).status_code == 401
    assert alice.get(f"/teams/{team['id']}/members").json == []
    rows("UPDATE memberships SET created_at = now() - interval '1 day'")
    invited = alice.post("/members", {"email": bob.email})
    assert invited.status_code == 201
    rows(
        "INSERT INTO memberships (id, organization_id, user_id, role, created_at)"
        " VALUES (gen_random_uuid(), %s, %s, 'editor', now() + interval '2 seconds')",
        alice.organization_id,
        bob.user_id,
    )
    assert bob.get("/services").status_code == 401, "the token of the first time"
    rows("UPDATE memberships SET created_at = now() - interval '1 day'")
    assert bob.get("/services").status_code == 200, "as one made after it"
    assert client.get("/api/v1/services", headers=headers).status_code == 401
    assert rows("SELECT count(*) FROM api_keys") == [(0,)]


def test_a_demotion_counts_on_the_next_request(alice, bob):
    assert bob.post("/teams", {"name": "A"}).status_code == 201
    assert alice.patch(f"/members/{bob.user_id}", {"role": "viewer"}).status_code == 200
    assert bob.post("/teams", {"name": "B"}).status_code == 403
    assert bob.get("/profile").json["role"] == "viewer"


def test_members_of_teams(alice, bob, charlie):
    team = alice.post("/teams", {"name": "On call", "description": "Nights"})
    assert team.status_code == 201
    path = f"/teams/{team.json['id']}"
    changed = alice.patch(path, {"description": "Days"}).json
    assert (changed["name"], changed["description"]) == ("On call", "Days")
    assert alice.put(path, changed).status_code == 200
    place = alice.post(f"{path}/members", {"user_id": str(bob.user_id)})
    assert place.status_code == 201
    assert place.json["email"] == bob.email
    assert alice.post(f"{path}/members", {"user_id": str(bob.user_id)}).status_code == 409
    foreign = alice.post(f"{path}/members", {"user_id": str(charlie.user_id)})
    unknown = alice.post(f"{path}/members", {"user_id": str(uuid4())})
    assert (foreign.status_code, foreign.data) == (404, unknown.data)
    assert [m["user_id"] for m in alice.get(f"{path}/members").json] == [str(bob.user_id)]
    assert alice.get(path).json["members_count"] == 1
    assert [t["id"] for t in alice.get("/teams").json] == [team.json["id"]]
    assert alice.delete(f"{path}/members/{bob.user_id}").status_code == 204
    assert alice.delete(f"{path}/members/{bob.user_id}").status_code == 404
    assert charlie.get(path).status_code == 404
    assert alice.delete(path).status_code == 204
    assert alice.get(path).status_code == 404


def test_a_team_that_a_policy_tells_is_not_deleted(alice):
    team = alice.post("/teams", {"name": "On call"}).json
    rule = {"level": 1, "delay_minutes": 0, "notify_type": "team", "notify_id": team["id"]}
    policy = alice.post("/escalation-policies", {"name": "Nights", "rules": [rule]})
    assert policy.status_code == 201, policy.text
    refused = alice.delete(f"/teams/{team['id']}")
    assert refused.status_code == 409
    assert "Nights" in refused.json["error"]
    assert alice.delete(f"/escalation-policies/{policy.json['id']}").status_code == 204
    assert alice.delete(f"/teams/{team['id']}").status_code == 204


def test_an_invitation_is_good_for_a_week(alice, rows):
    alice.post("/members", {"email": "dora@example.com"})
    ((left,),) = rows("SELECT expires_at - now() FROM invitations")
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
