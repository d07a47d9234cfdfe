"""Values that the steps of a flow take from answers: where from, and why one is lacking."""

import json
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from marshmallow import ValidationError

from app.checks import CHECK_TYPES
from app.domain.types import Status
from tests import loopback
from tests.loopback import Answer, Request, go, probe

BIG = b"x" * (1024 * 1024) + b"late"


def site(request: Request) -> Answer:
    if request.path == "/login":
        cookies = {"Set-Cookie": "sid=first; Path=/", "Location": "/home"}
        return Answer("302 Found", cookies, b"")
    if request.path == "/big":
        return Answer(body=BIG)
    if request.path == "/page":
        return Answer(body=b"<!doctype html><p>Sign in")
    return Answer(body=b'{"who": "bob"}')


def run(*steps):
    async def story():
        async with loopback.http(site) as (peer, seen):
            asked = [step | {"url": peer.url(step["url"])} for step in steps]
            return await probe("MULTI_STEP", "flow", {"steps": asked}), seen

    return go(story())


def test_a_cookie_is_taken_from_a_redirect():
    taking = {"url": "/login", "method": "POST", "extract": {"sid": {"cookie": "sid"}}}
    observation, seen = run(taking, {"url": "/x", "headers": {"X-Sid": "{{sid}}"}})
    assert observation.status is Status.GREEN, observation.error
    assert seen[-1].headers["x-sid"] == "first"


@pytest.mark.parametrize(
    ("path", "source", "reason"),
    [
        ("/x", {"header": "X-Token"}, "the header X-Token is missing"),
        ("/x", {"cookie": "sid"}, "no cookie sid is set"),
        ("/x", {"regex": "token"}, 'the body does not match the pattern "token"'),
        ("/x", {"json_path": "$.token"}, "$.token does not exist"),
        (
            "/page",
            {"json_path": "$.token"},
            "the body is not readable JSON; it looks like HTML or XML",
        ),
        (
            "/big",
            {"regex": "late"},
            'the body does not match the pattern "late" (only the first 1 MiB was read)',
        ),
    ],
)
def test_a_value_that_is_lacking_says_why(path, source, reason):
    observation, _ = run({"url": path, "extract": {"token": source}})
    assert observation.status is Status.RED
    assert observation.error == f"step 1: nothing to extract for token: {reason}"


def test_a_group_that_took_no_part_is_no_value():
    observation, _ = run({"url": "/x", "extract": {"token": {"regex": "(nobody)?bob"}}})
    assert observation.status is Status.RED


def test_a_text_beyond_what_is_read_is_not_called_missing_without_saying_so():
    observation, _ = run({"url": "/big", "assert": {"body_contains": "late"}})
    assert observation.error == (
        'step 1: the body does not contain "late" (only the first 1 MiB was read)'
    )


STEP = {"url": "https://a.example/", "method": "HEAD"}
BLIND = {
    "contains": ("HTTP", {"method": "HEAD", "body_contains": "a"}, ("body_contains",)),
    "lacks": ("HTTP", {"method": "head", "body_not_contains": "a"}, ("body_not_contains",)),
    "pattern": ("HTTP", {"method": "HEAD", "body_regex": "a"}, ("body_regex",)),
    "json": ("HTTP", {"method": "HEAD", "json_path": {"path": "$.a"}}, ("json_path",)),
    "step": (
        "MULTI_STEP",
        {"steps": [STEP | {"assert": {"body_matches": "a"}}]},
        ("steps", 0, "assert", "body_matches"),
    ),
    "value": (
        "MULTI_STEP",
        {"steps": [STEP | {"extract": {"a": "$.a", "b": {"header": "B"}}}]},
        ("steps", 0, "extract", "a"),
    ),
}


@pytest.mark.parametrize(("kind", "config", "place"), BLIND.values(), ids=BLIND)
def test_nothing_is_looked_for_in_the_body_of_an_answer_to_head(kind, config, place):
    with pytest.raises(ValidationError) as refused:
        CHECK_TYPES[kind].config_schema().load(config)
    found = refused.value.messages_dict
    for key in place:
        assert list(found) == [key]
        found = found[key]
    assert found == ["HEAD is answered without a body; use GET."]


@pytest.mark.parametrize(
    "value", ['a"b', "back\\slash", "two\nlines", "\x00", "bücher €", {"key": [1, "z"]}, "\ud800"]
)
def test_a_value_in_a_string_of_json_leaves_it_json(value):
    async def story():
        def answer(request):
            return Answer(body=json.dumps({"v": value}).encode())

        async with loopback.http(answer) as (peer, seen):
            steps = [
                {"url": peer.url("/"), "extract": {"v": "$.v"}},
                {"url": peer.url("/"), "method": "POST", "body": '{"x": "<{{v}}>", "y": [1]}'},
            ]
            return await probe("MULTI_STEP", "flow", {"steps": steps}), seen

    observation, seen = go(story())
    assert observation.status is Status.GREEN, observation.error
    text = value if isinstance(value, str) else json.dumps(value)
    expected = text.encode("utf-8", "replace").decode()
    assert json.loads(seen[-1].body) == {"x": f"<{expected}>", "y": [1]}


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("red shoe", "/red%20shoe"),
        ("a\\b\r\nc\x00", "/a%5Cb%0D%0Ac%00"),
        ("a/b?c=d&e=%2F", "/a/b?c=d&e=%2F"),
        ("für", "/f%C3%BCr"),
    ],
)
def test_a_value_in_an_address_is_encoded_as_browsers_do(value, path):
    async def story():
        def answer(request):
            return Answer(body=json.dumps({"v": value}).encode())

        async with loopback.http(answer) as (peer, seen):
            taking = {"url": peer.url("/"), "extract": {"v": "$.v"}}
            steps = [taking, {"url": peer.url("/") + "{{v}}"}]
            return await probe("MULTI_STEP", "flow", {"steps": steps}), seen

    observation, seen = go(story())
    assert observation.status is Status.GREEN, observation.error
    assert seen[-1].path == path


TRICKY = {"token": 'q+/w==&<"', "half": "\ud800"}


def test_values_are_written_as_the_body_of_the_next_step_wants_them():
    def page(request: Request) -> Answer:
        return Answer(body=json.dumps(TRICKY).encode())

    async def story():
        async with loopback.http(page) as (peer, seen):
            sent = ("t={{token}}&h={{half}}", "<t>{{token}}</t>", '{"t": "{{token}}"}')
            first = {"url": peer.url("/"), "extract": {"token": "$.token", "half": "$.half"}}
            steps = [
                first,
                *({"url": first["url"], "method": "POST", "body": each} for each in sent),
            ]
            steps.append({"url": first["url"], "headers": {"X-Half": "{{half}}"}})
            return await probe("MULTI_STEP", "flow", {"steps": steps}), seen

    observation, seen = go(story())
    assert observation.status is Status.GREEN, observation.error
    form, xml, as_json = (each.body for each in seen[1:4])
    assert parse_qs(form.decode()) == {"t": [TRICKY["token"]], "h": ["?"]}
    assert ElementTree.fromstring(xml).text == TRICKY["token"]
    assert json.loads(as_json) == {"t": TRICKY["token"]}
