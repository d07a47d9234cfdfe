"""Whatever is sent, to whichever route: an answer in the one shape, and never a 5xx."""

import json
from itertools import cycle, islice
from urllib.parse import quote

import pytest

from tests.api.conftest import is_page
from tests.url_arguments import make_owned

JSON = "application/json"
VALUES = [
    None, True, -1, 0, 1.5, 2**31, 2**63 - 1, 2**64, 10**400, 1e308, "", " ", "x" * 10_000,
    "nul\x00", "\ud800", "line\nbreak", "\x1b[31m", "\u202e", "😀" * 60, "' OR 1=1 --",
    "../../etc/passwd", "{{7*7}}", "%s%n", "00000000-0000-0000-0000-000000000000", [], {}, [None],
    [[]], [{}], {"a": 1}, {"$sealed": "v1:00:AAAA"}, {"": ""}, ["x"] * 2000,
]  # fmt: skip
BODIES = [
    b"", b"null", b"true", b"1", b'"x"', b"[]", b"{}", b"{", b"[" * 60 + b"]" * 60, b"[" * 200_000,
    b'{"a":' * 60 + b"1" + b"}" * 60, b"NaN", b'{"a": NaN}', b'{"a": Infinity}', b'{"a": 1e999}',
    b'{"a": ' + b"9" * 5000 + b"}", rb'{"a": "\u0000"}', rb'{"\u0000": 1}', rb'{"a": "\ud800"}',
    b'{"a": "\xff"}', b"\xef\xbb\xbf{}", '{"a": "ä"}'.encode("utf-16"), b'{"a": 1, "a": 2}',
    b" " * (1024 * 1024 + 1), b'{"__proto__": {}}', b"{}" * 2,
]  # fmt: skip
TYPES = [
    JSON,
    "text/plain",
    "application/xml",
    "multipart/form-data",
    f"{JSON}; charset=utf-16",
    "",
]
SEGMENTS = [
    "x", "%00", "%0a", "%ff", "%ed%a0%80", "..%2f..", "0", "-1", "9" * 400, "x" * 5000, "%27", "*",
    "{7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90}", "7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90%00",
    "7b6f3d1e0c4a4e0b9a516d5c2f1e8a90", "7b6f3d1e-0c4a-4e0b-9a51-6d5c2f1e8a90x",
]  # fmt: skip


@pytest.fixture
def call(app, alice, configure, answering, rows):
    """Call as Alice, who always has a token and one of each, and check the answer."""
    configure(plan_limits=False)
    ids, headers = make_owned(alice), {}

    def call(method, path, **options):
        if not headers:
            ((epoch,),) = rows("SELECT token_epoch FROM users WHERE id = %s", alice.user_id)
            headers.update(alice.with_epoch(epoch).headers)
        for name, id in ids.items():
            path = path.replace(f"{{{name}}}", id)
        client = app.test_client(use_cookies=False)
        answer = client.open(path, method=method, headers=headers, **options)
        if answer.status_code == 401 or (answer.status_code < 400 and method != "GET"):
            headers.clear()  # it may have ended the token

        def what():  # for what fails alone: a body may have a megabyte, and an answer more
            return f"{method} {path} {str(options)[:200]}: {answer.text[:300]}"

        waited = answer.status_code == 503 and "worker" in answer.text
        assert answer.status_code < 500 or waited, what()
        if answer.status_code >= 400 and method != "HEAD" and not is_page(path):
            said = answer.json
            assert set(said) <= {"error", "fields", "code"}, what()
            assert said["error"], what()
        return answer

    return call


def rotating(values, count):
    """Return a function that gives the next few values each time, so that all get their turn."""
    endless = cycle(values)
    return lambda: islice(endless, count)


def with_bodies(operations):
    for method, path, operation in operations:
        media = operation.get("requestBody", {}).get("content", {}).get(JSON)
        if media and not path.startswith("/status/"):  # pages: nobody learns which there are
            yield method, path, media


def properties(schema, schemas):
    """Return the names of a body's fields; of a choice, those of the first."""
    found = schemas[schema["$ref"].rpartition("/")[2]]
    return properties(found["oneOf"][0], schemas) if "oneOf" in found else found["properties"]


def test_bodies(call, operations):
    for method, path, _ in with_bodies(operations):
        for body in BODIES:
            answer = call(method, path, data=body, content_type=JSON)
            known = answer.status_code in (200, 400, 404, 409, 413, 422)
            assert known, f"{method} {path} {body[:50]}"
        for kind in TYPES:
            answer = call(method, path, data=b"<a/>", content_type=kind)
            assert answer.status_code in (400, 415), f"{method} {path} {kind}"


def test_fields(call, operations, document):
    some_values = rotating(VALUES, 9)
    for method, path, media in with_bodies(operations):
        for field in properties(media["schema"], document["components"]["schemas"]):
            for value in some_values():
                body = json.dumps({**media["example"], field: value}).encode()
                call(method, path, data=body, content_type=JSON)
        body = {**media["example"], "no_such_field": 1}
        answer = call(method, path, json=body)
        assert answer.status_code == 422, f"{method} {path} takes unknown fields"
        assert "no_such_field" in answer.json["fields"]


def test_queries(call, operations):
    values = ["", "x", "-1", "0", "1e9", "9" * 5000, "%00", "%ff", "%ed%a0%80", "%0a", "a&a=b"]
    values += [quote(value) for value in VALUES if isinstance(value, str) and value != "\ud800"]
    some_values = rotating(values, 5)
    for method, path, operation in operations:
        names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
        for name in [*names, "org[]", "no_such_parameter", "%00", "%ff"]:
            for value in some_values():
                call(method, f"{path}?{name}={value}")


def test_paths(call, operations):
    for method, path, _ in operations:
        if "{" in path:
            start, _, rest = path.partition("{")
            for segment in SEGMENTS:
                answer = call(method, f"{start}{segment}{rest.partition('}')[2]}")
                assert answer.status_code in (404, 405), f"{method} {path} {segment}"


def test_odd_headers_are_no_server_error(call):
    for name in ("X-Request-Id", "Authorization", "Content-Length", "Accept", "If-None-Match",
                 "Idempotency-Key", "X-Forwarded-For", "Host", "Range", "Expect"):  # fmt: skip
        for value in ("", "x" * 4000, "\x7f", "ÿ", "-1", "a, b; c=d", "' OR 1=1 --", "*"):
            key = f"HTTP_{name.upper().replace('-', '_')}".replace("HTTP_CONTENT_L", "CONTENT_L")
            call("GET", "/api/v1/profile", environ_overrides={key: value})


@pytest.mark.parametrize(
    ("method", "path", "sentence"),
    [
        ("GET", "/services?statuss=open",
         "statuss: There is no such parameter. Did you mean status?"),
        ("GET", "/alerts?severities=critical",
         "severities: There is no such parameter. Did you mean severity?"),
        ("GET", "/services?STATUS=RED",
         "STATUS: There is no such parameter. Did you mean status?"),
        ("GET", "/services?status=RED&status=GREEN",
         "status: Given with more than one value; give one."),
        ("GET", "/alerts?limit=1&severity=critical&limit=2",
         "limit: Given with more than one value; give one."),
        *(("GET", f"/{path}?from=2026-03-03T00:00:00Z&to=2026-03-02T23:59:59Z",
           "from: Must not be after to.") for path in ("alerts", "notifications", "audit-logs")),
        ("GET", "/services?fields=id&fields=name",
         "fields: Given with more than one value; give one."),
        ("DELETE", "/members/{member}?replace_wiht=x",
         "replace_wiht: There is no such parameter. Did you mean replace_with?"),
    ],
)  # fmt: skip
def test_a_misspelt_parameter_is_refused_and_not_left_aside(alice, bob, method, path, sentence):
    path = f"/api/v1{path.replace('{member}', str(bob.user_id))}"
    answer = alice.app.test_client().open(path, method=method, headers=alice.headers)
    assert (answer.status_code, answer.json["error"]) == (422, sentence)
    assert list(answer.json["fields"]) == [sentence.partition(":")[0]]


def test_what_every_query_may_have_is_known(alice, client):
    slug = alice.get("/organization").json["slug"]
    assert alice.get(f"/services?fields=id&org={slug}&limit=1").status_code == 200
    assert alice.get("/services?limit=1&limit=1").status_code == 200
    for other in ("x=1", "_=1700000000", "utm_source=mail", f"{'status' * 20}=1"):
        assert alice.get(f"/services?{other}").status_code == 200
    # What strangers pass on may have more.
    assert client.get("/api/v1/badges/none/status.svg?style=flat&v=2").status_code != 422
