"""Secrets: listed by name, never shown, put into the configs that name them."""

from app.operations.checks import monitoring
from tests.factories import make_service


def test_a_secret_is_never_shown_again(alice):
    created = alice.post("/secrets", {"name": "API_TOKEN", "value": "s3cr3t"})
    assert created.status_code == 201
    assert "s3cr3t" not in created.text
    listed = alice.get("/secrets")
    assert [secret["name"] for secret in listed.json] == ["API_TOKEN"]
    assert "s3cr3t" not in listed.text


def test_a_name_is_taken_once_and_is_a_name(alice, charlie):
    body = {"name": "KEY", "value": "x"}
    assert alice.post("/secrets", body).status_code == 201
    assert alice.post("/secrets", body).status_code == 409
    assert charlie.post("/secrets", body).status_code == 201
    for name in ("1KEY", "K-EY", "", "K" * 101, "KEY\n"):
        assert alice.post("/secrets", body | {"name": name}).status_code == 422, name


def test_a_check_runs_with_the_value_and_with_a_new_one_at_once(context, alice, charlie):
    secret = alice.post("/secrets", {"name": "TOKEN", "value": "one"}).json
    charlie.post("/secrets", {"name": "TOKEN", "value": "not mine"})
    make_service(alice, config={"headers": {"X-Api-Key": "Bearer {{secrets.TOKEN}}"}})

    def header() -> str:
        (claim,) = monitoring.claim("default", 10).claims
        return str(claim.definition.target.config["headers"]["X-Api-Key"])

    assert header() == "Bearer one"
    alice.patch(f"/secrets/{secret['id']}", {"value": "two"})
    alice.post(f"/services/{alice.get('/services').json[0]['id']}/pause")
    alice.post(f"/services/{alice.get('/services').json[0]['id']}/resume")
    assert header() == "Bearer two"


def test_a_missing_secret_is_unknown_with_the_reason(context, alice):
    make_service(alice, config={"body_contains": "{{secrets.GONE}}"})
    (claim,) = monitoring.claim("default", 10).claims
    assert "there is no secret called GONE" in str(claim.definition.fault)


def test_a_secret_in_use_is_not_deleted(alice):
    secret = alice.post("/secrets", {"name": "KEY", "value": "x"}).json
    service = make_service(alice, config={"body_contains": "{{secrets.KEY}}"})
    refused = alice.delete(f"/secrets/{secret['id']}")
    assert refused.status_code == 409
    assert service["name"] in refused.json["error"]
    alice.delete(f"/services/{service['id']}")
    assert alice.delete(f"/secrets/{secret['id']}").status_code == 204
