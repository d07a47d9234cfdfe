"""Secrets: listed by name, never shown, put into the configs that name them."""

import pytest
from psycopg.types.json import Jsonb

from app.operations.checks import claim as checks_claim
from app.operations.notifications import claim as outbox_claim
from tests.alerting import make_alert, make_channel, make_notification
from tests.factories import make_service, service_body


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
    assert alice.post("/secrets", {"name": "B"}).json["error"].startswith("value: ")


def test_a_check_runs_with_the_value_and_with_a_new_one_at_once(context, alice, charlie):
    secret = alice.post("/secrets", {"name": "TOKEN", "value": "one"}).json
    charlie.post("/secrets", {"name": "TOKEN", "value": "not mine"})
    make_service(alice, config={"headers": {"X-Api-Key": "Bearer {{secrets.TOKEN}}"}})

    def header() -> str:
        (claim,) = checks_claim.claim("default", 10).claims
        return str(claim.snapshot.target.config["headers"]["X-Api-Key"])

    assert header() == "Bearer one"
    alice.patch(f"/secrets/{secret['id']}", {"value": "two"})
    alice.post(f"/services/{alice.get('/services').json[0]['id']}/pause")
    alice.post(f"/services/{alice.get('/services').json[0]['id']}/resume")
    assert header() == "Bearer two"


def test_an_unknown_secret_is_refused_wherever_it_is_named(alice):
    config = {"headers": {"X-Api-Key": "Bearer {{secrets.GONE}}"}}
    service = make_service(alice)
    answers = [
        alice.post("/services", service_body(config=config)),
        alice.post("/services/test", service_body(config=config)),
        alice.post("/services", service_body(endpoint="https://a.example/{{secrets.GONE}}")),
        alice.patch(f"/services/{service['id']}", {"config": config}),
        alice.post(
            "/notification-channels",
            {
                "name": "Hook",
                "type": "webhook",
                "config": {"url": "https://a.example/", "headers": {"X": "{{secrets.GONE}}"}},
            },
        ),
    ]
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert "There is no secret called GONE" in answer.text or "no secret" in answer.text


def test_a_secret_that_is_gone_is_unknown_with_the_reason(context, alice, rows):
    alice.post("/secrets", {"name": "GONE", "value": "x1y2z3"})
    make_service(alice, config={"body_contains": "{{secrets.GONE}}"})
    rows("DELETE FROM secrets")
    (claim,) = checks_claim.claim("default", 10).claims
    assert "there is no secret called GONE" in str(claim.snapshot.fault)


def test_what_a_check_carries_travels_with_it_to_be_masked(context, alice):
    alice.post("/secrets", {"name": "TOKEN", "value": "t0ps3cret"})
    make_service(alice, config={"headers": {"X-Custom": "{{secrets.TOKEN}}"}})
    (claim,) = checks_claim.claim("default", 10).claims
    assert claim.snapshot.target.secrets == ("t0ps3cret",)


SEALED = {"headers": {"Authorization": "Bearer abcdef"}}
MASKED = {"headers": {"Authorization": "********"}}


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example/health",
        "http://a.example/health",
        "https://a.example:8443/health",
        "https://a.example.evil.example/",
    ],
)
@pytest.mark.parametrize("sent", [None, MASKED])
def test_a_stored_credential_does_not_follow_the_endpoint(alice, endpoint, sent):
    service = make_service(alice, endpoint="https://a.example/health", config=SEALED)
    path, change = f"/services/{service['id']}", {"endpoint": endpoint}
    if sent:
        change["config"] = sent
    for answer in (alice.patch(path, change), alice.put(path, service | change)):
        assert "Must be given anew" in answer.text
    assert alice.get(path).json["endpoint"] == "https://a.example/health"
    assert alice.patch(path, {"endpoint": "https://a.example/other"}).status_code == 200
    anew = alice.patch(path, {"endpoint": endpoint, "config": SEALED})
    assert anew.status_code == 200, anew.text
    assert alice.patch(path, {"endpoint": "https://b.example/", "config": {}}).status_code == 200


def test_a_credential_of_a_step_does_not_follow_its_address(alice):
    def flow(url, token):
        step = {"name": "in", "url": url, "headers": {"Authorization": token}}
        return {"check_type": "MULTI_STEP", "endpoint": "Sign in", "config": {"steps": [step]}}

    service = make_service(alice, **flow("https://a.example/login", "Bearer abcdef"))
    path = f"/services/{service['id']}"
    moved = alice.patch(path, {"config": flow("https://evil.example/", "********")["config"]})
    assert moved.status_code == 422
    assert "Must be given anew" in moved.text
    kept = alice.patch(path, {"config": flow("https://a.example/else", "********")["config"]})
    assert kept.status_code == 200, kept.text


def test_a_secret_goes_to_its_hosts_alone(context, alice, rows):
    body = {"name": "TOKEN", "value": "t0ps3cret", "hosts": ["api.example", "*.corp.example"]}
    secret = alice.post("/secrets", body)
    assert secret.status_code == 201, secret.text
    assert secret.json["hosts"] == body["hosts"]
    assert alice.get("/secrets").json[0]["hosts"] == body["hosts"]
    config = {"headers": {"X-Api-Key": "{{secrets.TOKEN}}"}}
    for endpoint, status in (
        ("https://api.example/", 201),
        ("https://x.corp.example:8443/", 201),
        ("https://corp.example.evil.example/", 422),
        ("https://evil.example/?x={{secrets.TOKEN}}", 422),
    ):
        answer = alice.post("/services", service_body(endpoint=endpoint, config=config))
        assert answer.status_code == status, answer.text
        if status == 422:
            assert "may not go to" in answer.text
    channel = {"name": "x", "type": "webhook", "config": {"url": "https://evil.example/", **config}}
    assert alice.post("/notification-channels", channel).status_code == 422
    # However it came about: what stands in the database elsewhere is not sent.
    rows("UPDATE services SET endpoint = 'https://evil.example/', version = version + 1")
    for claim in checks_claim.claim("default", 10).claims:
        assert "may not go to" in str(claim.snapshot.fault)
    assert alice.post("/secrets", body | {"name": "B", "hosts": ["https://x/"]}).status_code == 422


def test_a_persons_own_contact_takes_no_secret_of_the_organization(
    context, alice, connection, rows
):
    alice.post("/secrets", {"name": "TOKEN", "value": "t0ps3cret"})
    make_notification(
        connection,
        alice.organization_id,
        alert_id=make_alert(connection, make_service(alice)),
        channel_id=None,
        recipient_key=f"user:{alice.user_id}",
        subject_key="alert:1",
        contact=Jsonb({"type": "ntfy", "config": {"topic": "{{secrets.TOKEN}}"}}),
        status="pending",
        attempts=0,
    )
    (send,) = outbox_claim.claim(10)
    assert send.config == {"topic": "{{secrets.TOKEN}}"}


def test_a_channel_whose_secret_is_gone_fails_with_the_reason(context, alice, connection, rows):
    alice.post("/secrets", {"name": "TOKEN", "value": "t0ps3cret"})
    config = {"url": "https://a.example/", "headers": {"X": "{{secrets.TOKEN}}"}}
    channel = make_channel(alice, type="webhook", config=config)
    for number in range(2):
        make_notification(
            connection,
            alice.organization_id,
            alert_id=make_alert(connection, make_service(alice)),
            channel_id=channel["id"],
            recipient_key=f"channel:{channel['id']}",
            subject_key=f"alert:{number}",
            status="pending",
            attempts=0,
        )
    first, _ = outbox_claim.claim(10)
    assert first.secrets == ("t0ps3cret",)
    assert first.config["headers"] == {"X": "t0ps3cret"}
    rows("DELETE FROM secrets; UPDATE notifications SET lease_until = NULL")
    assert "no secret called TOKEN" in str(outbox_claim.claim(10)[0].fault)


def test_a_secret_in_use_is_not_deleted(alice):
    secret = alice.post("/secrets", {"name": "KEY", "value": "x"}).json
    service = make_service(alice, config={"body_contains": "{{secrets.KEY}}"})
    refused = alice.delete(f"/secrets/{secret['id']}")
    assert refused.status_code == 409
    assert service["name"] in refused.json["error"]
    alice.delete(f"/services/{service['id']}")
    assert alice.delete(f"/secrets/{secret['id']}").status_code == 204
