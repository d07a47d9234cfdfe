"""Flows of several requests against a real server."""

import json

import pytest
from marshmallow import ValidationError

from app.checks import CHECK_TYPES
from app.checks.multi_step import MultiStepConfig
from app.domain.types import Status
from tests import loopback
from tests.loopback import Answer, Request, go, probe


def shop(request: Request) -> Answer:
    if request.path == "/login":
        user = json.loads(request.body)["user"]
        return Answer(
            "201 Created",
            {"X-Session": f"s-{user}", "Set-Cookie": "sid=c00kie; Path=/"},
            json.dumps({"token": f"t-{user}", "items": [{"id": 7}]}).encode(),
        )
    if request.path == "/items/7":
        seen = {name: request.headers.get(name, "") for name in ("authorization", "cookie", "x")}
        return Answer(body=json.dumps(seen).encode())
    return Answer("404 Not Found", body=b"no such page")


def run(steps):
    async def story():
        async with loopback.http(shop) as (peer, seen):
            text = json.dumps(steps).replace("BASE", peer.url("").rstrip("/"))
            return await probe("MULTI_STEP", "buy something", {"steps": json.loads(text)}), seen

    return go(story())


LOGIN = {
    "name": "sign in",
    "method": "post",
    "url": "BASE/login",
    "body": {"user": "bob"},
    "extract": {
        "token": "$.token",
        "item": {"json_path": "$.items[0].id"},
        "session": {"header": "X-Session"},
        "sid": {"cookie": "sid"},
        "part": {"regex": '"token": "(t-b)'},
    },
    "assert": {
        "status": 201,
        "json_path": {"path": "$.token", "operator": "startsWith", "value": "t-"},
    },
}


def test_values_travel_from_step_to_step():
    observation, seen = run(
        [
            LOGIN,
            {
                "url": "BASE/items/{{ item }}",
                "headers": {
                    "Authorization": "Bearer {{token}}",
                    "Cookie": "sid={{sid}}",
                    "X": "{{session}}/{{part}}",
                },
                "assert": {
                    "status_range": "200-299",
                    "body_contains": "t-bob",
                    "body_matches": "c00k[a-z]+",
                    "response_time_ms": {"lt": 2000},
                    "json_path": [{"path": "$.x", "value": "s-bob/t-b"}],
                },
            },
        ]
    )
    assert (observation.status, observation.error) == (Status.GREEN, None)
    assert [request.path for request in seen] == ["/login", "/items/7"]
    assert observation.response_time_ms > 0


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([{"name": "home", "url": "BASE/"}], "step 1 (home): expected status 2xx, got 404"),
        (
            [{"url": "BASE/", "assert": {"status": 404}}, {"url": "BASE/{{gone}}"}],
            "step 2: there is no variable named gone",
        ),
        ([{"url": "BASE/{{secrets.KEY}}"}], "step 1: there is no secret named KEY"),
        (
            [LOGIN | {"extract": {"x": "$.nope"}}],
            "step 1 (sign in): nothing to extract for x: $.nope does not exist",
        ),
        (
            [LOGIN | {"assert": {"status": 201, "response_time_ms": {"lt": 0.0001}}}],
            "step 1 (sign in): answered after ",
        ),
        ([{"url": "http://169.254.169.254/"}], "target not allowed: step 1: 169.254.169.254 is a"),
        ([{"url": "ftp://127.0.0.1/"}], "step 1: ftp:// is not supported here"),
        ([{"url": "http://127.0.0.1:1/"}], "step 1: connection refused"),
        (
            [
                LOGIN,
                {"url": "BASE/x", "headers": {"X": "{{token}}"}, "assert": {"body_contains": "y"}},
            ],
            "step 2: expected status 2xx, got 404",
        ),
    ],
)
def test_the_failing_step_is_named(steps, reason):
    observation, _ = run(steps)
    assert observation.status is Status.RED
    assert observation.error.startswith(reason)


def test_the_failing_steps_answer_is_kept():
    observation, _ = run([LOGIN, {"name": "lost", "url": "BASE/lost"}])
    assert observation.status_code == 404
    assert observation.evidence["step"] == "step 2 (lost)"
    assert observation.evidence["body"] == "no such page"


def test_a_value_with_a_line_break_cannot_become_a_header():
    def inject(request):
        return Answer(body=b'{"v": "a\\r\\nX-Evil: 1"}')

    async def story():
        async with loopback.http(inject) as (peer, seen):
            steps = [
                {"url": peer.url(), "extract": {"v": "$.v"}},
                {"url": peer.url(), "headers": {"X": "{{v}}"}},
            ]
            return await probe("MULTI_STEP", "f", {"steps": steps}), seen

    observation, seen = go(story())
    assert observation.error == "step 2: a header holds a line break"
    assert len(seen) == 1


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"steps": []},
        {"steps": [{"url": "http://a.test/"}] * 21},
        {"steps": [{"name": "no url"}]},
        {"steps": [{"url": "http://a.test/", "extract": {"1x": "$.a"}}]},
        {"steps": [{"url": "http://a.test/", "extract": {"x": {"xpath": "//a"}}}]},
        {"steps": [{"url": "http://a.test/", "extract": {"x": {"regex": "("}}}]},
        {"steps": [{"url": "http://a.test/", "assert": {"unknown": 1}}]},
        {"steps": [{"url": "http://a.test/", "assert": {"response_time_ms": {"gt": 1}}}]},
    ],
)
def test_bad_config(config):
    with pytest.raises(ValidationError):
        MultiStepConfig().load(config)


@pytest.mark.parametrize("name", ["my-token", "1a", "", "a b", "ü", "a.b", "a" * 101])
def test_a_name_that_no_variable_can_have_is_told_in_words(name):
    with pytest.raises(ValidationError) as caught:
        MultiStepConfig().load({"steps": [{"url": "http://a.test/", "extract": {name: "$.a"}}]})
    assert "letters, digits and underscores" in str(caught.value.messages)


def test_the_config_keeps_its_names():
    config = MultiStepConfig().load(
        {"steps": [{"url": "http://a.test/", "assert": {"status": 200}}]}
    )
    assert config["steps"][0]["assert"] == {"status": 200}


def test_flows_have_names():
    validate = CHECK_TYPES["MULTI_STEP"].validate_endpoint
    assert validate(" Sign in & buy ") == "Sign in & buy"
    for bad in ("", "x" * 201, "a\nb"):
        with pytest.raises(ValueError, match="name"):
            validate(bad)


@pytest.mark.parametrize("status", [200, 500])
def test_texts_of_rules_are_looked_for_in_the_last_answer(status):
    async def story():
        def answer(request: Request) -> Answer:
            if request.path == "/first":
                return Answer(body=b"only here")
            return Answer(f"{status} Said", body=b"Welcome")

        async with loopback.http(answer) as (peer, _):
            steps = [{"url": peer.url("/first")}, {"url": peer.url("/last")}]
            texts = frozenset({"Welcome", "only here"})
            return await probe("MULTI_STEP", "flow", {"steps": steps}, body_texts=texts)

    observation = go(story())
    assert observation.status is (Status.GREEN if status == 200 else Status.RED)
    assert observation.body_texts == {"Welcome": True, "only here": False}
    assert observation.response_time_ms == round(observation.response_time_ms, 2)


def test_what_a_sign_in_has_given_is_masked_where_it_comes_back():
    given = {name: f"{name}-9f8e7d6c5b4a" for name in ("token", "bearer", "cookie")}

    def answer(request: Request) -> Answer:
        if request.path == "/login":
            cookies = f"sid={given['cookie']}; Path=/"
            return Answer("200 OK", {"Set-Cookie": cookies}, json.dumps(given).encode())
        echoed = json.dumps({**request.headers, "path": request.path})
        return Answer("500 Broken", {"X-Echo": echoed}, echoed.encode())

    async def story():
        async with loopback.http(answer) as (peer, _):
            first = {
                "url": peer.url("/login"),
                "extract": {"token": "$.token", "which": "$.bearer", "sid": {"cookie": "sid"}},
            }
            second = {
                "url": peer.url("/items?key={{token}}&step=2"),
                "headers": {"Authorization": "Bearer {{which}}"},
            }
            return await probe("MULTI_STEP", "flow", {"steps": [first, second]})

    evidence = go(story()).evidence
    told = json.dumps(evidence)
    assert not [value for value in given.values() if value in told]
    assert "step=2" in evidence["body"], "what is no secret stays"
