"""The end of an organization, and what becomes of its people."""

from tests.factories import PASSWORD, make_service

LOGIN = "/api/v1/auth/login"


def test_deleting_takes_the_slug_and_everything(client, alice, bob, charlie, rows):
    slug = alice.get("/organization").json["slug"]
    make_service(alice)
    alice.post("/teams", {"name": "On call"})
    key = alice.post("/api-keys", {"name": "k", "scopes": ["read"]}).json["key"]
    assert bob.delete("/organization", json={"slug": slug}).status_code == 403
    for wrong in ("", "x", f"{slug} "):
        assert alice.delete("/organization", json={"slug": wrong}).status_code == 422
    assert alice.delete("/organization", json={"slug": slug}).status_code == 204
    for person in (alice, bob):
        assert person.get("/services").status_code == 401
    headers = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/services", headers=headers).status_code == 401
    for table in ("services", "teams", "api_keys", "schedule_entries"):
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert rows("SELECT count(*) FROM history_purges") == [(1,)]
    assert charlie.get("/organization").status_code == 200
    last = rows("SELECT event, resource_name FROM audit_logs ORDER BY id DESC LIMIT 1")
    assert last == [("organization.deleted", "Alice's Organization")]


def test_whoever_is_left_without_one_founds_a_new_one(client, alice, configure):
    slug = alice.get("/organization").json["slug"]
    alice.delete("/organization", json={"slug": slug})
    credentials = {"email": alice.email, "password": PASSWORD}
    configure(registration="closed")
    assert client.post(LOGIN, json=credentials).status_code == 403
    configure(registration="open")
    found = client.post(LOGIN, json=credentials).json
    headers = {"Authorization": f"Bearer {found['token']}"}
    organization = client.get("/api/v1/organization", headers=headers).json
    assert organization["id"] == found["org_id"] != str(alice.organization_id)
    assert client.post(LOGIN, json=credentials).json["org_id"] == found["org_id"]
