"""Charsets of HTTP bodies: words and JSON are found whichever way they are written."""

import gzip
import json
import time
import zlib

import pytest

from app.domain.types import Status
from app.network import bodies
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
        ("text/html", "Größe".encode("cp1252")),  # what names no charset and is no UTF-8
        ("text/html", "Größe ü".encode()[:-1]),  # but for a character that was cut
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


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "undefined"])
def test_codecs_that_are_no_charsets_hold_nobody_up(charset):
    """As punycode, a megabyte of a hostile target held up a worker for minutes."""
    began = time.process_time()
    found = bodies.text(b"-" + b"9" * 1_000_000, f"text/html; charset={charset}")
    assert time.process_time() - began < 1
    assert found.startswith("-999")


@pytest.mark.parametrize(
    ("encoding", "member"),
    [("gzip", gzip.compress(b"", mtime=0)), ("deflate", zlib.compress(b""))],
    ids=["gzip", "deflate"],
)
def test_members_without_number_hold_nobody_up(encoding, member):
    data = member * (1024 * 1024 // len(member))
    began = time.process_time()
    found = bodies.decoded(data, encoding)
    assert time.process_time() - began < 0.2
    assert not found.complete
