"""HTTP checks against real servers on loopback, polite and hostile."""

import asyncio

import pytest
from marshmallow import ValidationError

from app.checks.http import HttpConfig
from app.domain.types import Status
from tests import loopback
from tests.loopback import Answer, Request, go, probe


def ask(config=None, answer=None, path="/", **options):
    """Probe a server that gives one answer; return the observation and the requests."""

    async def story():
        async with loopback.http(lambda request: answer or Answer()) as (peer, seen):
            return await probe("HTTP", peer.url(path), config, **options), seen

    return go(story())


def ask_raw(handler, **options):
    """Probe a server with a handler of its own."""

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("HTTP", peer.url(), **options)

    return go(story())


JSON = Answer(
    headers={"Content-Type": "application/json", "X-Version": "v2.1"},
    body=b'{"status": "ok", "count": 3, "tags": ["a", "b"], "inner": {"deep": [{"n": 1.5}]}}',
)


class TestGreen:
    def test_a_plain_answer_is_green_with_all_its_times(self):
        observation, seen = ask()
        assert (observation.status, observation.status_code) == (Status.GREEN, 200)
        assert observation.error is None
        assert observation.evidence is None
        assert observation.phases.connect_ms > 0
        assert observation.phases.ttfb_ms > 0
        assert 0 < observation.response_time_ms < 1000
        assert seen[0].headers["user-agent"] == "AlertifyPro/1.0"

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
    def test_every_method_arrives(self, method):
        observation, seen = ask({"method": method.lower()})
        assert observation.status is Status.GREEN
        assert seen[0].method == method

    def test_headers_body_and_credentials_arrive(self):
        _, seen = ask(
            {
                "method": "POST",
                "headers": {"X-Api-Key": "k", "X-Empty": "", "user-agent": "mine"},
                "body": {"a": 1},
                "basic_auth": {"username": "bob", "password": "päss"},
            }
        )
        request = seen[0]
        assert request.body == b'{"a": 1}'
        assert request.headers["content-type"] == "application/json"
        assert request.headers["authorization"] == "Basic Ym9iOnDDpHNz"
        assert request.headers["user-agent"] == "mine"
        assert request.headers["x-empty"] == ""

    def test_a_bearer_token_arrives(self):
        _, seen = ask({"bearer_token": "abc"})
        assert seen[0].headers["authorization"] == "Bearer abc"

    def test_a_name_is_looked_up(self):
        async def story():
            async with loopback.http() as (peer, _):
                return await probe("HTTP", peer.url(host="localhost"))

        observation = go(story())
        assert observation.status is Status.GREEN
        assert observation.phases.dns_ms is not None


class TestAssertions:
    @pytest.mark.parametrize(
        ("rule", "status", "passes"),
        [
            ("2xx", "204 No Content", True),
            (None, "404 Not Found", False),
            (301, "301 Moved", True),
            ([200, 201], "201 Created", True),
            ("200-299,404", "404 Not Found", True),
            ("5xx", "200 OK", False),
        ],
    )
    def test_status(self, rule, status, passes):
        config = {"follow_redirects": False} | ({} if rule is None else {"expected_status": rule})
        observation, _ = ask(config, Answer(status))
        assert (observation.status is Status.GREEN) is passes
        if not passes:
            assert observation.error.startswith("expected status")

    @pytest.mark.parametrize(
        ("config", "reason"),
        [
            ({"body_contains": "status"}, None),
            ({"body_contains": "absent"}, 'the body does not contain "absent"'),
            ({"body_not_contains": "error"}, None),
            ({"body_not_contains": "count"}, 'the body contains "count"'),
            ({"body_regex": "count.: [0-9]+"}, None),
            ({"body_regex": "^nothing$"}, 'the body does not match the pattern "^nothing$"'),
            ({"body_regex": "(a+)+$x"}, 'the body does not match the pattern "(a+)+$x"'),
            ({"header_contains": {"x-version": "V2"}}, None),
            ({"header_contains": "X-Version: v2"}, None),
            ({"header_contains": {"X-Other": ""}}, "the header X-Other is missing"),
            ({"json_path": {"path": "$.status", "value": "ok"}}, None),
            ({"json_path": [{"path": "$.count", "operator": ">", "value": 2}]}, None),
            ({"json_path": [{"path": "$.tags", "operator": "contains", "value": "b"}]}, None),
            ({"json_path": [{"path": "inner.deep[0].n", "operator": "<=", "value": 1.5}]}, None),
            ({"json_path": [{"path": "$.status", "operator": "startsWith", "value": "o"}]}, None),
            ({"json_path": [{"path": "$.status", "operator": "matches", "value": "^o.$"}]}, None),
            (
                {"json_path": [{"path": "$.count", "operator": "==", "value": 4}]},
                "$.count is 3, expected == 4",
            ),
            (
                {"json_path": [{"path": "$.gone", "operator": "exists"}]},
                "$.gone does not exist",
            ),
        ],
    )
    def test_content(self, config, reason):
        observation, _ = ask(config, JSON)
        assert observation.error == reason

    def test_a_failure_keeps_its_evidence_and_masks_secrets(self):
        echo = Answer(
            "500 Oops",
            headers={"Set-Cookie": "sid=1234", "X-Trace": "t1"},
            body=b"you sent Bearer topsecret\x00\x1b[31m",
        )
        observation, _ = ask({"bearer_token": "topsecret"}, echo)
        evidence = observation.evidence
        assert observation.status is Status.RED
        assert observation.status_code == 500
        assert evidence["status_line"] == "HTTP/1.1 500 Oops"
        assert ["set-cookie", "********"] in evidence["headers"]
        assert ["x-trace", "t1"] in evidence["headers"]
        assert evidence["address"] == "127.0.0.1"
        assert evidence["body"] == "you sent Bearer ********\\x00\\x1b[31m"
        assert "topsecret" not in repr(observation)

    def test_a_slow_answer_is_yellow_and_says_so(self):
        async def slow(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.1)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        observation = ask_raw(slow, slow_threshold_ms=50)
        assert observation.status is Status.YELLOW
        assert int(observation.error.removeprefix("slow: answered after ").split()[0]) >= 100


class TestRedirects:
    @staticmethod
    def chain(count):
        def answer(request: Request) -> Answer:
            step = int(request.path.strip("/") or 0)
            if step < count:
                return Answer("302 Found", {"Location": f"/{step + 1}"})
            return Answer()

        return answer

    def run(self, responder, config=None, path="/0"):
        async def story():
            async with loopback.http(responder) as (peer, seen):
                return await probe("HTTP", peer.url(path), config), seen

        return go(story())

    def test_ten_are_followed_and_an_eleventh_is_not(self):
        assert self.run(self.chain(10))[0].status is Status.GREEN
        observation, seen = self.run(self.chain(11))
        assert observation.error == "more than 10 redirects"
        assert len(seen) == 11
        assert len(observation.evidence["redirects"]) == 10

    def test_an_endless_chain_costs_eleven_requests(self):
        observation, seen = self.run(self.chain(10_000))
        assert observation.status is Status.RED
        assert len(seen) == 11

    @pytest.mark.parametrize("rule", [302, [302, 200], "2xx,302"])
    def test_an_expected_redirect_is_the_answer(self, rule):
        observation, seen = self.run(self.chain(1), {"expected_status": rule})
        assert (observation.status, observation.status_code) == (Status.GREEN, 302)
        assert len(seen) == 1

    def test_following_can_be_switched_off(self):
        observation, _ = self.run(self.chain(1), {"follow_redirects": False})
        assert observation.error == "expected status 2xx, got 302"

    @pytest.mark.parametrize(
        "location", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/"]
    )
    def test_other_schemes_are_refused(self, location):
        observation, _ = self.run(lambda request: Answer("302 Found", {"Location": location}))
        assert observation.error.startswith("redirect that cannot be followed")

    def test_a_forbidden_target_is_refused(self):
        metadata = Answer("307 Temporary", {"Location": "http://169.254.169.254/latest/meta-data"})
        observation, _ = self.run(lambda request: metadata)
        assert "redirect to a forbidden target" in observation.error

    def test_secrets_do_not_travel_to_another_origin(self):
        async def story():
            async with loopback.http() as (stranger, seen):
                away = Answer("307 Temporary", {"Location": stranger.url("/x")})
                async with loopback.http(lambda request: away) as (peer, _):
                    config = {
                        "method": "POST",
                        "body": "text",
                        "headers": {"X-Api-Key": "k", "Accept": "text/html", "Cookie": "c=1"},
                        "bearer_token": "abc",
                    }
                    return await probe("HTTP", peer.url(), config), seen

        observation, seen = go(story())
        assert observation.status is Status.GREEN
        headers = seen[0].headers
        assert seen[0].method == "POST"
        assert headers["accept"] == "text/html"
        assert not {"authorization", "x-api-key", "cookie"} & set(headers)

    def test_see_other_becomes_a_get_without_a_body(self):
        def answer(request):
            if request.path == "/0":
                return Answer("303 See Other", {"Location": "/1"})
            return Answer()

        _, seen = self.run(answer, {"method": "POST", "body": "x"})
        assert [request.method for request in seen] == ["POST", "GET"]
        assert seen[1].body == b""


class TestEnvironment:
    def test_proxies_and_netrc_are_ignored(self, monkeypatch, tmp_path):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login bob password geheim\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        observation, seen = ask()
        assert observation.status is Status.GREEN
        assert "authorization" not in seen[0].headers


class TestConfig:
    @pytest.mark.parametrize(
        "config",
        [
            {"unknown": 1},
            {"method": "TRACE"},
            {"headers": {"X": "a\r\nInjected: 1"}},
            {"headers": {"Bad Name": "x"}},
            {"headers": {"Content-Length": "3"}},
            {"headers": {f"X-{n}": "" for n in range(51)}},
            {"expected_status": "abc"},
            {"expected_status": True},
            {"expected_status": []},
            {"body_regex": "("},
            {"body_regex": "(?=x)"},
            {"json_path": [{"path": "$[?(@.a)]"}]},
            {"json_path": [{"path": "$.a", "operator": "matches", "value": "("}]},
            {"json_path": [{"path": "$.a", "operator": "like"}]},
            {"basic_auth": {"username": "bob"}},
            {"ssl_expiry_warning_days": -1},
            {"body": "x" * 70_000},
            {"body_contains": "\ud800"},
            {"bearer_token": "a\nb"},
        ],
    )
    def test_bad_values_are_refused(self, config):
        with pytest.raises(ValidationError):
            HttpConfig().load(config)

    def test_sensible_forms_fold(self):
        config = HttpConfig().load(
            {
                "method": "post",
                "header_contains": ["Content-Type: json"],
                "json_path": {"path": "a", "operator": "eq", "value": 1},
            }
        )
        assert config["method"] == "POST"
        assert config["header_contains"] == {"Content-Type": "json"}
        assert config["json_path"] == [{"path": "a", "operator": "==", "value": 1}]
