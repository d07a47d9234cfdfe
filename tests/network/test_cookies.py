"""Cookies of a check go where browsers send them, and nowhere else (RFC 6265, 6265bis)."""

import pytest

from app.domain.checks.endpoints import parse_url
from app.network.cookies import Cookies

HTTP, HTTPS = "http://www.example.com/a/b", "https://www.example.com/a/b"
BELOW = "http://x.www.example.com/a/b"


def kept(url, *written):
    """Return a jar that has taken answers of a URL, each with one Set-Cookie."""
    jar = Cookies()
    for one in written:
        jar.take(parse_url(url), [("content-type", "text/plain"), ("set-cookie", one)])
    return jar


def sent(jar, url):
    value = jar.sent_to(parse_url(url))
    return value.decode() if value is not None else None


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("a=1", "a=1"),
        ("a=1; Path=x", "a=1"),
        ("a=1; Domain=; Path=/", "a=1"),
        ("a=1; Max-Age=soon", "a=1"),
        ("a=1; Expires=soon", "a=1"),
        ('a=1; Port="80"; Version=1', "a=1"),
        ("a=1; HttpOnly; SameSite=Strict; Partitioned", "a=1"),
        ("a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1"),
        ('a={"k":1,"l":2}; Path=/', 'a={"k":1,"l":2}'),
        ("token", "token"),
        ("a=1; Secure", None),  # over http anybody on the way could have set it
        ("__Secure-a=1; Path=/", None),
        ("a=1; Domain=com", None),
        ("a=1; Domain=example.org", None),
    ],
)
def test_what_browsers_keep_is_kept(written, value):
    assert sent(kept(HTTP, written), HTTP) == value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("__Host-a=1; Secure; Path=/", "__Host-a=1"),
        ("__Host-a=1; Path=/", None),
        ("__Host-a=1; Secure", None),
        ("__Host-a=1; Secure; Path=/; Domain=www.example.com", None),
        ("__Secure-a=1; Secure", "__Secure-a=1"),
    ],
)
def test_prefixes_bind_a_cookie(written, value):
    assert sent(kept(HTTPS, written), HTTPS) == value


def test_a_cookie_of_a_host_goes_to_no_host_below_it():
    assert sent(kept(HTTP, "a=1; Path=/"), BELOW) is None
    assert sent(kept(HTTP, "a=1; Path=/; Domain=www.example.com"), BELOW) == "a=1"
    assert sent(kept(HTTPS, "a=1; Secure; Path=/"), HTTP) is None


@pytest.mark.parametrize("host", ["localhost", "shop", "127.0.0.1"])
def test_a_host_without_a_dot_or_name_may_name_itself(host):
    jar = kept(f"http://{host}:8080/", f"a=1; Domain={host}; Path=/")
    assert sent(jar, f"http://{host}:8081/x") == "a=1"


@pytest.mark.parametrize(
    "end", ["a=; Max-Age=0", "a=; Max-Age=-1", "a=x; Expires=Thu, 01-Jan-1970 00:00:00 GMT"]
)
def test_a_cookie_is_taken_back(end):
    assert sent(kept(HTTP, "a=1; Path=/", f"{end}; Path=/"), HTTP) is None
