"""Cookies of one check (RFC 6265), kept from one request to the next and then forgotten."""

from email.message import Message
from http.cookiejar import CookieJar
from urllib.request import Request

from app.domain.checks.endpoints import Url
from app.network.http import HttpResponse


class Cookies:
    """The cookies that the hosts of one check have set; each goes only where it belongs."""

    def __init__(self) -> None:
        self._jar = CookieJar()

    def take(self, url: Url, response: HttpResponse) -> None:
        """Keep what an answer sets for its host, path and scheme."""
        if "set-cookie" in response.headers:
            self._jar.extract_cookies(_Headers(response), Request(url.text))  # type: ignore[arg-type]  # noqa: S310

    def sent_to(self, url: Url) -> bytes | None:
        """Return the value of the Cookie header for a URL, None without cookies."""
        request = Request(url.text)  # noqa: S310  a description for the jar, nothing is opened
        self._jar.add_cookie_header(request)
        value = request.get_header("Cookie")
        return value.encode("latin-1", "replace") if value else None


class _Headers:
    """An answer in the form in which the jar reads it."""

    def __init__(self, response: HttpResponse) -> None:
        self._message = Message()
        for name, value in response.header_list:
            if name == "set-cookie":
                self._message[name] = value

    def info(self) -> Message:
        """Return the headers."""
        return self._message
