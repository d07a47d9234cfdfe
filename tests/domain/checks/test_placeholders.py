"""Values in the place of `{{name}}`: escaped within strings of JSON, as they are elsewhere."""

import re

import pytest

from app.domain.checks import placeholders
from app.domain.checks.secret_references import fill

VALUES = {"pw": 'p"w\\', "n": "7", "t": "{{n}}"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("user={{pw}}", 'user=p"w\\'),
        ("no placeholder", "no placeholder"),
        ('{"a": "{{pw}}"}', '{"a": "p\\"w\\\\"}'),
        ('["x {{ pw }} y", {{n}}]', '["x p\\"w\\\\ y", 7]'),
        ('{"a": {{n}}, "\\"{{pw}}": 1}', '{"a": 7, "\\"p\\"w\\\\": 1}'),
        ('{"a": "{{t}}"}', '{"a": "{{n}}"}'),
        ('{"a": "{{pw}}"', '{"a": "p"w\\"'),
        ("{{n}}", "7"),
        ('{"a": "' + "[" * 100_000 + '{{n}}"}', '{"a": "' + "[" * 100_000 + '7"}'),
        ("[" * 100_000 + "{{n}}", "[" * 100_000 + "7"),
    ],
)
def test_values_are_escaped_within_strings_of_json(text, filled):
    pattern = re.compile(r"\{\{\s*([a-z]+)\s*\}\}")
    assert placeholders.fill(text, pattern, lambda match: VALUES[match[1]]) == filled


def test_secrets_in_a_body_of_json_are_escaped_beside_variables():
    config = {
        "body": '{"password": "{{secrets.PW}}", "n": {{n}}}',
        "headers": {"X": "{{secrets.PW}}"},
    }
    assert fill(config, {"PW": 'p"w'}) == {
        "body": '{"password": "p\\"w", "n": {{n}}}',
        "headers": {"X": 'p"w'},
    }


FORM, XML = "application/x-www-form-urlencoded", "text/xml; charset=utf-8"
PLAIN = {
    "amp": "a&b=c",
    "token": "q+/w==",
    "percent": "100%",
    "uml": "bücher",
    "half": "\ud800",
    "sent": "4%2F0A",
    "pairs": "a=1&b=2",
    "xml": "<t>1</t>",
    "entity": "a&amp;b",
    "less": "a<b&'\"",
    "quote": 'say "x"',
}


@pytest.mark.parametrize(
    ("kind", "text", "filled"),
    [
        (FORM, "u={{amp}}&t={{token}}", "u=a%26b%3Dc&t=q%2B%2Fw%3D%3D"),
        (f"{FORM.upper()}; charset=utf-8", "u={{ percent }}", "u=100%25"),
        (None, "u={{uml}}&v=1", "u=b%C3%BCcher&v=1"),
        (None, "{{amp}}[]=x{{half}}", "a%26b%3Dc[]=x%3F"),
        (FORM, "code={{sent}}", "code=4%2F0A"),
        (FORM, "{{pairs}}&c={{pairs}}", "a=1&b=2&c=a%3D1%26b%3D2"),
        (FORM, '{"a": "{{quote}}"}', '{"a": "say \\"x\\""}'),
        (None, "Hello = {{amp}}!", "Hello = a&b=c!"),
        ("text/plain", "u={{amp}}", "u=a&b=c"),
        (XML, "<a>{{amp}}</a>", "<a>a&amp;b=c</a>"),
        (
            None,
            ' <a b="{{quote}}">{{less}}</a>',
            ' <a b="say &quot;x&quot;">a&lt;b&amp;&apos;&quot;</a>',
        ),
        ("application/soap+xml", "<a>{{xml}}{{entity}}</a>", "<a><t>1</t>a&amp;b</a>"),
        ("text/plain", "<a>{{amp}}</a>", "<a>a&b=c</a>"),
        (XML, "<a>{{half}}</a>", "<a>\ud800</a>"),
    ],
)
def test_values_stand_in_a_body_as_it_wants_them(kind, text, filled):
    pattern = re.compile(r"\{\{\s*([a-z]+)\s*\}\}")
    done = placeholders.fill_body(text, pattern, lambda match: PLAIN[match[1]], kind)
    assert done == filled


def test_secrets_in_a_form_are_percent_encoded_and_variables_wait():
    config = {
        "body": "password={{secrets.PW}}&csrf={{csrf}}",
        "headers": {"content-TYPE": FORM, "X": "{{secrets.PW}}"},
    }
    assert fill({"steps": [config]}, {"PW": "p&w +"}) == {
        "steps": [
            {
                "body": "password=p%26w%20%2B&csrf={{csrf}}",
                "headers": {"content-TYPE": FORM, "X": "p&w +"},
            }
        ]
    }
