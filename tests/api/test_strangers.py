"""Strangers without a key at every address: an answer of ours, never a fault of ours."""

import random

import pytest

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "x")
KINDS = (
    *("application/json", "application/json; charset=utf-7", "text/plain", "", "x", "/", "\xff"),
    *("multipart/form-data", "multipart/form-data; boundary=", "application/x-www-form-urlencoded"),
    *("application/json;" + "a=b;" * 200, "application/*", "image/svg+xml", "application/cbor"),
)
BODIES = (
    *(b"", b"{", b"{}", b"[]", b"null", b"\xff\xfe{", b"\x00", b"a=b&c=%", b'{"email":{}}'),
    *(b'{"a":' * 500, b"[" * 3000, b"--\r\n\r\n", b'{"email":"\\ud800","password":"x"}'),
)
HEADERS = (
    *("Authorization", "Cookie", "X-API-Key", "Accept", "Accept-Language", "Accept-Encoding"),
    *("Content-Encoding", "If-None-Match", "If-Modified-Since", "Range", "Origin", "Referer"),
    *("Host", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Idempotency-Key"),
    *("X-HTTP-Method-Override", "Upgrade", "Connection", "Sec-WebSocket-Key", "X-Request-Id"),
    *("AlertifyPro-Protocol", "Transfer-Encoding", "Content-Length", "Sec-Fetch-Site", "Forwarded"),
)
VALUES = (
    *(
        "",
        " ",
        "x",
        "-1",
        "0",
        "1e400",
        "9" * 400,
        "\xff\xfe",
        "a" * 4000,
        "bytes=0-,-1",
        "*/*;q=x",
    ),
    *("Bearer ", "Bearer a.b.c", "Bearer " + "." * 500, "Basic !!!", "Basic OjpwOg==", "Digest x"),
    *("session=x; session=y", "=;=;;", "alertifypro_session=" + "A" * 3000, "[::1", "evil\\@host"),
    *("gzip", "gzip, gzip, gzip", "br;q=-1", "websocket", "null", "http://[", 'W/"', "%00%ff"),
    *("127.0.0.1, ::ffff:1.2.3.4, x", "eyJhbGciOiJub25lIn0.e30.", "Thu, 99 Foo 0000 00:00:00 GMT"),
)
SEGMENTS = (
    *(
        "%00",
        "%ff",
        "..",
        "%2e%2e",
        "%2f",
        "a" * 3000,
        "-",
        "0",
        "None",
        "é",
        "%ed%a0%80",
        ";",
        "*",
    ),
    *("00000000-0000-0000-0000-000000000000", "9" * 40, "a.b.c", "{x}", "<script>", "%0d%0aX:1"),
)
SEED = 17
ROUNDS = 4  # of every address, each with other inputs


@pytest.fixture
def places(app):
    """Every address that the application knows, and some that it does not."""
    rules = sorted({rule.rule for rule in app.url_map.iter_rules()})
    return [*rules, "/api/v1/no-such-thing/<x>", "/<x>", "/api/v1/<x>", "/api/<x>/../health"]


def filled(rule, chance):
    parts = rule.split("/")
    return "/".join(chance.choice(SEGMENTS) if part.startswith("<") else part for part in parts)


def _variable(header):
    name = header.upper().replace("-", "_")
    return name if name == "CONTENT_LENGTH" else f"HTTP_{name}"


def test_no_request_without_a_key_finds_a_fault(app, places, configure):
    """The seed is fixed: what fails once fails again."""
    configure(rate_limits=False)
    chance, client = random.Random(SEED), app.test_client()
    faults = []
    for place in places * ROUNDS:
        path = filled(place, chance)
        if chance.random() < 0.3:
            path += f"?{chance.choice(('next', 'token', 'org', 'limit', 'cursor', '%ff', 'a[]'))}="
            path += chance.choice(SEGMENTS)
        headers = {_variable(name): chance.choice(VALUES) for name in chance.sample(HEADERS, 3)}
        method = chance.choice(METHODS)
        answer = client.open(
            path,
            method=method,
            data=chance.choice(BODIES),
            headers={"Content-Type": chance.choice(KINDS)},
            environ_overrides=headers,
        )
        what = f"{method} {path[:80]} {headers} -> {answer.status_code} {answer.data[:80]!r}"
        if answer.status_code >= 500 and answer.status_code not in (501, 505):
            faults.append(what)
        elif path.startswith("/api/") and answer.status_code >= 400 and answer.data:
            if answer.mimetype != "application/json" or not answer.json.get("error"):
                faults.append(what)
        elif 300 <= answer.status_code < 400 and answer.status_code != 304:
            target = answer.headers["Location"]
            if not target.startswith(("/", "http://localhost")) or target.startswith(("//", "/\\")):
                faults.append(f"{what} to {target[:80]}")
        answer.close()
    assert not faults, "\n".join(faults[:20])
