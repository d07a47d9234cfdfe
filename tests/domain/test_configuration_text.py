"""YAML and JSON of configuration files: what JSON can say, and nothing that has no end."""

import pytest

from app.domain.configuration.text import TextError, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"a: no\nb: 12:30\nc: 2026-01-01\nd: ~\ne: 1.5\nf: 0o7\ng: true\nh: 1_000",
         {"a": "no", "b": "12:30", "c": "2026-01-01", "d": None, "e": 1.5, "f": "0o7", "g": True,
          "h": "1_000"}),
        (b"\xef\xbb\xbfa: [1, {b: 2}]", {"a": [1, {"b": 2}]}),
        (b'{"a": "\\u00e4"}', {"a": "\xe4"}),
        (b"a: &named 1", {"a": 1}),
        (b"a: !!str 5\nb: ! 5\nc: !!seq [!!map {}]", {"a": "5", "b": 5, "c": [{}]}),
        (b"[" * 49 + b"]" * 49, None),
    ],
)  # fmt: skip
def test_what_is_read(text, value):
    found = read(text)
    assert value is None or found == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"a: &x 1\nb: *x", "line 2: aliases are not read"),
        (b"a: &x {b: 1}\nc:\n  <<: *x", "line 3: aliases are not read"),
        (b"a: 1\nb: !!python/object:os.system x", "line 2: tags are not read"),
        (b"a: !foo x", "line 1: tags are not read"),
        (b"a: !!int '" + b":".join([b"1"] * 300_000) + b"'", "line 1: tags are not read"),
        (b"a: !!float '" + b":".join([b"1"] * 300) + b"'", "line 1: tags are not read"),
        (b"a: !!timestamp x", "line 1: tags are not read"),
        (b"a: !!bool maybe", "line 1: tags are not read"),
        (b"a: !!int ''", "line 1: tags are not read"),
        (b"!!set {a, b}", "line 1: tags are not read"),
        (b"- !!omap [a: 1]", "line 1: tags are not read"),
        (b"a: 1\nb:\n  c: 1\n  d: 2\n  c: 3", "line 3: an object names the same key twice"),
        (b"a: 1\na: 2", "line 1: an object names the same key twice"),
        (b"1: 1\n'1': 2", "an object names the same key twice"),
        (b"a: 1\n---\nb: 2", "line 2: but found another document"),
        (b"[" * 500_000, "nest"),
        (b"- " * 50_000 + b"a", "line 1: it is nested too deeply"),
        (b"".join(b" " * depth + b"a:\n" for depth in range(1_000)), "nested too deeply"),
        (b"[" * 60 + b"]" * 60, "nested more than 50 levels deep"),
        (b"a:\n\tb: 1", "line 2"),
        (b'a: "\\0"', "Control characters"),
        (b'a: "\\ud800"', ""),
        (b"\xff", "not UTF-8"),
    ],
)
def test_what_is_refused(text, words):
    with pytest.raises(TextError) as caught:
        read(text)
    assert words in str(caught.value)
