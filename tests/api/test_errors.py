"""Every failure has the one shape, on every path."""

import gzip
import logging
import re
from dataclasses import replace
from io import BytesIO

import pytest
from sqlalchemy.exc import OperationalError

from app.operations.services import queries as service_queries
from app.security import access
from app.web import create_app
from tests.api.conftest import is_page
from tests.factories import Person, service_body

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")
FOR_PROGRAMS = ("/api/", "/assets/", "/metrics")
BROWSER = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "Mozilla/5.0"}


def check_shape(answer):
    assert answer.mimetype == "application/json", answer.text
    assert set(answer.json) <= {"error", "fields", "code"}
    assert isinstance(answer.json["error"], str)
    assert 0 < len(answer.json["error"]) < 400
    assert "fields" not in answer.json or answer.status_code == 422
    assert ("code" in answer.json) is (answer.status_code == 422)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"]


def paths(app):
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<uuid:[^>]+>", "7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90", rule.rule)
        yield rule, re.sub(r"<[^>]+>", "x", path)


def test_every_method_on_every_path_without_sign_in(app, client):
    for _, path in paths(app):
        for method in METHODS:
            answer = client.open(path, method=method, headers=BROWSER)
            assert answer.status_code < 500, f"{method} {path}"
            # Outside of the API a browser gets a page at an address of nobody.
            is_shown = method == "GET" and not path.startswith(FOR_PROGRAMS)
            if answer.status_code >= 400 and not is_page(path):
                if is_shown:
                    assert answer.mimetype == "text/html", path
                else:
                    check_shape(answer)
            if answer.status_code == 405:
                assert answer.headers["Allow"]


def test_without_sign_in_every_protected_path_answers_the_same(app, client):
    bodies = set()
    for rule, path in paths(app):
        # What lies outside of the API has guards of its own.
        is_public = access.access_of(app, rule.endpoint) == "public"
        if rule.rule.startswith("/api/v1/") and not is_public:
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answer = client.open(path, method=method)
                assert answer.status_code == 401, f"{method} {path}"
                bodies.add(answer.data)
    assert bodies == {b'{"error":"unauthorized"}'}


@pytest.mark.parametrize(
    "path",
    ["/nowhere", "/api", "/api/v1", "/api/v2/services", "/api/v1/services/x",
     "/api/v1/services/%00", "/%ff", "/api/v1/../../etc/passwd", "/api/v1/services//"],
)  # fmt: skip
def test_unknown_paths(client, alice, path):
    for headers in ({}, alice.headers):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.data) == (404, b'{"error":"not found"}')


@pytest.mark.parametrize(
    ("status", "options"),
    [
        (400, {"data": b"{", "content_type": "application/json"}),
        (400, {"data": b"", "content_type": "application/json"}),
        (413, {"data": b" " * (1024 * 1024 + 1), "content_type": "application/json"}),
        (415, {"data": b"name=x", "content_type": "application/x-www-form-urlencoded"}),
        (415, {"data": b"{}", "content_type": "text/plain"}),
        (415, {"data": b"{}"}),
        (422, {"json": {}}),
        (422, {"json": []}),
        (422, {"json": "x"}),
        (422, {"json": None, "data": b"null", "content_type": "application/json"}),
    ],
)
def test_bodies_that_cannot_be_taken(alice, status, options):
    options = {name: value for name, value in options.items() if value is not None}
    answer = alice.call("POST", "/services", **options)
    assert answer.status_code == status
    check_shape(answer)


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "5", "true"])
def test_a_body_that_is_no_object_is_told_so(alice, body):
    answer = alice.post("/services", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert answer.json["error"] == "body: A JSON object is expected."


def test_a_body_of_unknown_length_is_limited_too(alice):
    answer = alice.call(
        "POST",
        "/services",
        input_stream=BytesIO(b" " * (1024 * 1024 + 1)),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
        content_type="application/json",
    )
    assert answer.status_code == 413
    check_shape(answer)


def test_all_of_a_packed_body_counts(alice):
    def send(body):
        options = {"data": body, "content_type": "application/json"}
        return alice.call("POST", "/teams", headers={"Content-Encoding": "gzip"}, **options)

    parts = (b'{"na', b'me": "Operations"}')
    assert send(b"".join(map(gzip.compress, parts))).status_code == 201
    whole = gzip.compress(b"".join(parts))
    refused = [
        send(each) for each in (whole + b"{}", whole + gzip.compress(b"{}"), gzip.compress(b""))
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 400]
    assert send(gzip.compress(b"") * 40_000).status_code == 400  # none of which is looked at long
    bombs = gzip.compress(b" " * 600_000) * 2
    assert send(bombs).status_code == 413


def test_a_fault_of_ours_is_logged_and_not_shown(alice, monkeypatch, caplog):
    def explode(*_, **__):
        raise ZeroDivisionError("the secret reason")

    monkeypatch.setattr(service_queries, "transaction", explode)
    with caplog.at_level(logging.ERROR):
        answer = alice.get("/services", headers={"X-Request-Id": "trace-me-1"})
    check_shape(answer)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "trace-me-1" in answer.json["error"]
    assert "the secret reason" in caplog.text


def test_a_database_that_is_away_is_503_without_its_address(config, alice):
    away = create_app(
        replace(config, database_url="postgresql+psycopg://someone:s3cret@127.0.0.1:1/db")
    )
    person = Person(away, *(getattr(alice, name) for name in ("name", "email", "user_id")),
                    alice.organization_id, alice.token)  # fmt: skip
    answers = [
        person.get("/services"),
        person.post("/services", service_body()),
        person.post("/auth/login", {"email": "a@example.com", "password": "x"}),
        person.post(
            "/auth/register",
            {"email": "a@example.com", "password": "correct horse", "full_name": "A"},
        ),
    ]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        check_shape(answer)
        assert "127.0.0.1" not in answer.text
        assert "s3cret" not in answer.text
    ready = away.test_client().get("/api/v1/ready")
    assert (ready.status_code, ready.json) == (
        503,
        {"status": "not ready", "error": "the database is not available"},
    )
    assert away.test_client().get("/health").status_code == 200


def test_a_database_that_goes_away_in_the_middle_is_503(alice, monkeypatch):
    def vanish(*_, **__):
        raise OperationalError("SELECT 1", {}, Exception("server at 10.0.0.5 closed"))

    monkeypatch.setattr(service_queries, "transaction", vanish)
    answer = alice.get("/services")
    assert answer.status_code == 503
    assert "10.0.0.5" not in answer.text
