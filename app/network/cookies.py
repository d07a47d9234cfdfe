"""Cookies of one check (RFC 6265), kept from one request to the next and then forgotten."""

import re
from collections.abc import Sequence
from email.message import Message
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.request import Request

from app.domain.checks.endpoints import Url, is_address
from app.domain.masking import SENSITIVE_NAME
from app.network.trace import trace

Headers = Sequence[tuple[str, str]]

_ATTRIBUTES = ("path", "domain", "max-age", "expires", "secure")  # others change nothing here
_LONG = 12  # such a cookie is no choice of a language or a colour
_WHOLE_NUMBER = re.compile(r"-?[0-9]+\Z")
# A cookie without Domain goes back to its own host alone (RFC 6265 5.4), not to hosts below it.
_POLICY = DefaultCookiePolicy(strict_ns_domain=DefaultCookiePolicy.DomainStrictNonDomain)


class Cookies:
    """The cookies that the hosts of one check have set; each goes only where it belongs."""

    def __init__(self) -> None:
        self._jar = CookieJar(_POLICY)

    def take(self, url: Url, headers: Headers) -> None:
        """Keep what an answer sets for its host, path and scheme; names are in lower case."""
        if any(name == "set-cookie" for name, _ in headers):
            self._jar.extract_cookies(_Answer(headers, url), Request(url.text))  # type: ignore[arg-type]  # noqa: S310
            trace().secrets |= {
                cookie.value
                for cookie in self._jar
                if cookie.value
                and (len(cookie.value) >= _LONG or SENSITIVE_NAME.search(cookie.name))
            }

    def sent_to(self, url: Url) -> bytes | None:
        """Return the value of the Cookie header for a URL, None without cookies."""
        request = Request(url.text)  # noqa: S310  a description for the jar, nothing is opened
        self._jar.add_cookie_header(request)
        value = request.get_header("Cookie")
        return value.encode("latin-1", "replace") if value else None


class _Answer:
    """An answer in the form in which the jar reads it."""

    def __init__(self, headers: Headers, url: Url) -> None:
        self._message = Message()
        for name, value in headers:
            kept = _readable(value, url) if name == "set-cookie" else None
            if kept is not None:
                self._message[name] = kept

    def info(self) -> Message:
        """Return the headers."""
        return self._message


def _readable(written: str, url: Url) -> str | None:
    """Return a Set-Cookie without the attributes that browsers ignore; None for one they refuse.

    The jar drops a whole cookie for an attribute that RFC 6265 5.2 passes over. The rules of
    prefixes and of Secure are those of RFC 6265bis 4.1.3 and 5.7.
    """
    cookie, *rest = written.split(";")
    given = [
        (name.strip().lower(), value.strip())
        for name, _, value in (one.partition("=") for one in rest)
    ]
    kept = {name: value for name, value in given if _counts(name, value, url)}
    is_secure = "secure" in kept
    name = cookie.strip().lower()
    if is_secure and url.scheme != "https":
        return None
    if name.startswith(("__secure-", "__host-")) and not is_secure:
        return None
    if name.startswith("__host-") and (kept.get("path") != "/" or "domain" in kept):
        return None
    attributes = (f"{name}={value}" if value else name for name, value in kept.items())
    return "; ".join((cookie, *attributes))


def _counts(name: str, value: str, url: Url) -> bool:
    """Say whether an attribute of a cookie counts for browsers."""
    if name == "path":
        return value.startswith("/")
    if name == "domain":
        domain = value.removeprefix(".").lower()
        is_own = domain == url.host and (is_address(url.host) or "." not in domain)
        return bool(domain) and not is_own  # of a host that has none below it
    if name == "max-age":
        return _WHOLE_NUMBER.match(value) is not None
    return name in _ATTRIBUTES
