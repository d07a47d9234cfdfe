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
