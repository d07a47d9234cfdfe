"""Charsets of HTTP bodies: words and JSON are found whichever way they are written."""

import json

import pytest

from app.domain.types import Status
from tests.loopback import Answer, go, http, probe


def ask(answer, config):
    async def story():
        async with http(lambda request: answer) as (peer, _):
            return await probe("HTTP", peer.url("/"), config)

    return go(story())


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/html", "<meta charset=windows-1252>Größe".encode("cp1252")),
        (
            "text/html",
            '<META http-equiv=x content="text/html; charset=iso-8859-1">Größe'.encode("cp1252"),
        ),
        ("text/html; charset=iso-8859-1", "Größe".encode("cp1252")),
        ("text/html; charset=iso-8859-1", "\ufeffGröße".encode()),  # the mark wins
        ("text/html", "\ufeffGröße".encode("utf-16-le")),
        ("text/html", "\ufeffGröße".encode("utf-16-be")),
        ("text/html; charset=no-such", "Größe".encode()),
        ("application/xml", '<?xml version="1.0" encoding="ISO-8859-1"?>Größe'.encode("latin-1")),
        ("text/html; charset=x-cp1252", "Größe".encode("cp1252")),
        ("text/html; charset=iso-8859-9", "Größe".encode("cp1254")),
        ("text/html; charset=x-mac-roman", "Größe".encode("mac-roman")),
    ],
)
def test_words_are_found_in_the_charset_they_are_written_in(content_type, body):
    answer = Answer(headers={"Content-Type": content_type}, body=body)
    observation = ask(answer, {"body_contains": "Größe"})
    assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    ("label", "codec", "word"),
    [
        ("windows-31j", "cp932", "日本"),
        ("iso-8859-8-i", "iso8859-8", "שלום"),
        ("windows-874", "cp874", "ไทย"),
        ("koi8", "koi8-r", "привет"),
        ("cn-big5", "big5", "中文"),
        ("x-gbk", "gbk", "中文"),
    ],
)
def test_labels_of_the_encoding_standard_are_known(label, codec, word):
    """Named by https://encoding.spec.whatwg.org, and unknown to Python."""
    answer = Answer(
        headers={"Content-Type": f"text/html; charset={label}"}, body=word.encode(codec)
    )
    observation = ask(answer, {"body_contains": word})
    assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "utf-8"])
def test_json_is_read_in_the_charset_it_names(charset):
    body = json.dumps({"name": "Müller"}, ensure_ascii=False).encode(charset)
    answer = Answer(headers={"Content-Type": f"application/json; charset={charset}"}, body=body)
    config = {"json_path": [{"path": "$.name", "value": "Müller"}]}
    observation = ask(answer, config)
    assert observation.status is Status.GREEN, observation.error
