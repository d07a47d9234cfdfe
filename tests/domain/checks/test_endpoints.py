"""What people write as an endpoint, and what is refused instead of guessed."""

import pytest

from app.domain.checks.endpoints import (
    BadEndpoint,
    is_address,
    parse_dns_name,
    parse_host,
    parse_host_port,
    parse_url,
)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com.", "example.com"),
        ("localhost", "localhost"),
        ("LOCALHOST.", "localhost"),
        ("_dmarc.example.com", "_dmarc.example.com"),
        ("straße.de", "xn--strae-oqa.de"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("faß.de", "xn--fa-hia.de"),  # IDNA 2008, not fass.de
        ("👍.example", "xn--yp8h.example"),
        ("I❤️.ws", "xn--i-7iq.ws"),
        ("a☃b.straße.de", "xn--ab-fsx.xn--strae-oqa.de"),
        ("127.0.0.1", "127.0.0.1"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("ⓛocalhost", "localhost"),
        ("::1", "::1"),
        ("[2001:DB8::0:1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
    ],
)
def test_hosts(text, host):
    assert parse_host(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "a..b",
        "-a.com",
        "👩\u200d👩.de",
        "\u0301☃.de",
        "☃\u202e.de",
        "☃" * 63 + ".de",
        "☃ .de",
        "-☃.de",
        "a-.com",
        ".com",
        "a" * 64 + ".com",
        "x." * 130,
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0x7f.1",
        "017700000001",
        "1.2.3.4.5",
        "256.1.1.1",
        "ex%61mple.com",
        "a\tb",
        "a\nb",
        "a\\b",
        "a/b",
        "$(id)",
        ";id",
        "-f",
        "-c 100000",
        "1.2.3.4,5.6.7.8",
        "a\x00b",
        "\ud800",
        "::1::2",
        "[::1",
        "fe80::1%../../etc",
    ],
)
def test_what_is_no_host(text):
    with pytest.raises(ValueError, match=r"[a-z]"):
        parse_host(text)


@pytest.mark.parametrize(
    ("text", "default", "expected"),
    [
        ("example.com:80", None, ("example.com", 80, "example.com:80")),
        ("Example.com", 443, ("example.com", 443, "example.com")),
        ("[::1]:22", None, ("::1", 22, "[::1]:22")),
        ("[::1]", 22, ("::1", 22, "[::1]")),
        ("10.0.0.1:65535", None, ("10.0.0.1", 65535, "10.0.0.1:65535")),
    ],
)
def test_host_and_port(text, default, expected):
    parsed = parse_host_port(text, default)
    assert (parsed.host, parsed.port, parsed.text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "example.com:",
        "example.com:0",
        "example.com:65536",
        "example.com:http",
        "example.com:８０",
        "example.com:+80",
        "example.com:80/path",
        "example.com:80:81",
        "::1:80",
        ":80",
        "user@example.com:80",
        "http://example.com:80",
        "redis+unix:///tmp/x",
        "host=/var/run/postgresql",
        "db?sslkey=/etc/shadow:5432",
        "mongodb+srv://example.com",
        "a:1,b:2",
        "unix:/run/x.sock",
        "example.com:80#x",
    ],
)
def test_what_is_no_host_and_port(text):
    with pytest.raises(ValueError, match=r"[a-z]"):
        parse_host_port(text)


@pytest.mark.parametrize(
    ("text", "host", "port", "target", "tidied"),
    [
        ("http://a.test", "a.test", 80, "/", "http://a.test"),
        ("HTTPS://A.test:8443/p?q=1#f", "a.test", 8443, "/p?q=1", "https://a.test:8443/p?q=1"),
        ("http://[::1]/", "::1", 80, "/", "http://[::1]/"),
        ("https://a.test?x=ö", "a.test", 443, "/?x=%C3%B6", "https://a.test?x=%C3%B6"),
        ("http://a.test/%2e%2e/x", "a.test", 80, "/%2e%2e/x", "http://a.test/%2e%2e/x"),
        ("http://ok.test#@127.0.0.1/", "ok.test", 80, "/", "http://ok.test"),
    ],
)
def test_urls_and_what_they_lead_to(text, host, port, target, tidied):
    url = parse_url(text)
    assert (url.host, url.port, url.target, url.text) == (host, port, target, tidied)


@pytest.mark.parametrize(
    "text",
    [
        "example.com",
        "//example.com",
        "http:example.com",
        "http://",
        "http:///path",
        "file:///etc/passwd",
        "gopher://a/",
        "dict://a/",
        "unix:///x",
        "http+unix://x/",
        "javascript:alert(1)",
        "http://ok.test@127.0.0.1/",
        "http://user:pass@a.test/",
        "http://127.0.0.1\\@ok.test/",
        "http://a.test/a b",
        "http://a.test\t/",
        "http://a\n.test/",
        "http://%31.test/",
        "http://a.test:99999/",
        "http://2130706433/",
        "http://[::1%25lo]/",
        "http://[::1]x/",
        "http://" + "a" * 3000,
    ],
)
def test_what_is_no_url(text):
    with pytest.raises(ValueError, match=r"[a-z]"):
        parse_url(text)


def test_other_schemes_can_be_asked_for():
    url = parse_url("wss://a.test/chat", ("ws", "wss"))
    assert (url.scheme, url.port) == ("wss", 443)


def test_addresses_are_told_from_names():
    assert [is_address(host) for host in ("::1", "1.2.3.4", "a.test", "a1")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_zone_in_a_url_is_refused_in_words():
    for zone in ("%eth0", "%25eth0"):
        with pytest.raises(BadEndpoint, match="a TCP check can"):
            parse_url(f"http://[fe80::1{zone}]/")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (".", "."),
        ("*", "*"),
        ("*.Example.com.", "*.example.com"),
        ("a.*.example.com", "a.*.example.com"),
        ("*.bücher.example", "*.xn--bcher-kva.example"),
        ("0/25.2.0.192.in-addr.arpa", "0/25.2.0.192.in-addr.arpa"),
        ("www.example.com", "www.example.com"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_names_to_ask_name_servers_about(text, name):
    assert parse_dns_name(text) == name
    assert parse_dns_name(name) == name


@pytest.mark.parametrize(
    "text",
    ["", "..", "*..a", "a*.example.com", "**", "*.127.0.0.1", "/25.a", "*.a b", f"*.{'a.' * 126}a"],
)
def test_what_no_name_server_can_be_asked_about(text):
    with pytest.raises(BadEndpoint):
        parse_dns_name(text)
