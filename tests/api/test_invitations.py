"""Nobody becomes a member, is named or found out before they have agreed."""

from uuid import UUID

from tests.factories import PASSWORD, make_person


def register(client, email, **more):
    body = {"email": email, "password": PASSWORD, "full_name": "Dora"} | more
    return client.post("/api/v1/auth/register", json=body)


def shape(answer):
    return {name: type(value).__name__ for name, value in answer.json.items()}


def test_nobody_is_a_member_before_they_agree(alice, charlie, rows):
    known = alice.post("/members", {"email": charlie.email.upper(), "role": "admin"})
    unknown = alice.post("/members", {"email": "dora@example.com", "role": "admin"})
    assert known.status_code == unknown.status_code == 201
    assert shape(known) == shape(unknown)
    assert known.json["status"] == "invited"
    assert not {"full_name", "two_factor_enabled", "joined_at"} & known.json.keys()
    assert known.json["user_id"] == str(charlie.user_id)
    for answer in (known, unknown):
        user_id = answer.json["user_id"]
        assert UUID(user_id).version == 4
        assert alice.get(f"/members/{user_id}").status_code == 404
        rule = {
            "level": 1,
            "delay_minutes": 5,
            "notify_type": "user",
            "notify_id": user_id,
        }
        policy = alice.post("/escalation-policies", {"name": "All", "rules": [rule]})
        assert policy.status_code == 422, "nobody is paged before they agree"
        again = alice.post("/members", {"email": answer.json["email"]})
        assert again.json["user_id"] == user_id
        alice.delete(f"/invitations/{answer.json['id']}")
        again = alice.post("/members", {"email": answer.json["email"]})
        assert again.json["user_id"] == user_id, "whether or not it was withdrawn meanwhile"
    assert len(alice.get("/members").json) == 1


def test_the_id_that_was_said_is_the_one_the_account_gets(app, client, alice, charlie):
    said = {
        owner.post("/members", {"email": "dora@example.com"}).json["user_id"]
        for owner in (alice, charlie)
    }
    registered = register(client, "dora@example.com")
    assert said == {registered.json["user_id"]}


def test_an_invitation_is_accepted_or_declined_in_the_profile(app, alice, charlie):
    alice.post("/members", {"email": charlie.email, "role": "viewer"})
    (own,) = charlie.get("/profile/invitations").json
    assert own["organization_id"] == str(alice.organization_id)
    assert own["organization_name"] == "Alice's Organization"
    path = f"/profile/invitations/{own['id']}"
    stranger = make_person(app, "Eve")
    assert stranger.get("/profile/invitations").json == []
    assert stranger.post(f"{path}/accept").status_code == 404
    assert stranger.delete(path).status_code == 404
    accepted = charlie.post(f"{path}/accept")
    assert accepted.status_code == 200
    assert accepted.json["org_id"] == str(alice.organization_id)
    assert charlie.post(f"{path}/accept").status_code == 404
    found = alice.get("/members")
    assert found.headers["X-Total-Count"] == "2"
    newest, first = found.json
    assert set(first) == {
        "id",
        "user_id",
        "email",
        "full_name",
        "role",
        "status",
        "joined_at",
        "two_factor_enabled",
    }
    assert (newest["user_id"], first["role"]) == (str(charlie.user_id), "owner")
    assert alice.get(f"/members/{charlie.user_id}").json == newest
    assert alice.post("/members", {"email": charlie.email}).status_code == 409
    alice.delete(f"/members/{charlie.user_id}")
    alice.post("/members", {"email": charlie.email})
    (own,) = charlie.get("/profile/invitations").json
    assert charlie.delete(f"/profile/invitations/{own['id']}").status_code == 204
    assert alice.get("/invitations").json == []


def test_a_wrong_password_does_the_same_work_with_and_without_an_account(client, alice, rows):
    """Both write one row in one transaction; which table it is does not show."""

    def written():
        return rows(
            "SELECT (SELECT count(*) FROM audit_logs), (SELECT count(*) FROM revoked_tokens)"
        )

    (before,) = written()
    for email in (alice.email, "nobody@example.com"):
        body = {"email": email, "password": "wrong horse battery"}
        answer = client.post("/api/v1/auth/login", json=body)
        assert answer.status_code == 401
    (after,) = written()
    assert (after[0] - before[0], after[1] - before[1]) == (1, 1)
