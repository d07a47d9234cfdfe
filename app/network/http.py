"""HTTP requests and responses."""

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.domain.types import Certificate, FailureKind, Phases
from app.network import bodies
from app.network.cookies import Cookies
from app.network.errors import NetworkError

MAX_REDIRECTS = 10
USER_AGENT = "AlertifyPro/1.0"
REDIRECTS = frozenset((301, 302, 303, 307, 308))
_PLAIN_LINES = [
    b"User-Agent: " + USER_AGENT.encode(),
    b"Accept: */*",
    b"Accept-Encoding: " + bodies.ACCEPTED.encode(),
    b"Expect:",
]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """HTTP request. Without `timeout_seconds` only the caller's own deadline ends it.

    An answer without end (a stream) ends once `is_enough` says so of the text so far; at once,
    unless `wants_body`. One whose body breaks off is an error, unless the request `takes_cut_body`.
    Cookies are kept over redirects, and longer in a jar that is given.
    """

    url: str
    method: str = "GET"
    headers: Mapping[str, str] | None = None
    body: bytes = b""
    basic_auth: tuple[str, str] | None = None
    bearer_token: str | None = None
    follow_redirects: bool = True
    max_redirects: int = MAX_REDIRECTS
    final_codes: frozenset[int] = frozenset()  # redirects that are the answer hoped for
    verify_tls: bool = True
    timeout_seconds: float | None = None
    wants_body: bool = True
    is_enough: Callable[[str], bool] | None = None
    takes_cut_body: bool = False
    cookies: Cookies | None = None


@dataclass
class HttpResponse:
    """HTTP response. `raw` is as it came, cut at 1 MiB; times are in milliseconds.

    Nobody changes it; to freeze it would cost a microsecond for every check.
    """

    status_code: int
    raw: bytes
    is_cut: bool
    address: str | None
    phases: Phases
    total_ms: float
    url: str
    lines: Sequence[bytes]
    redirects: tuple[str, ...] = ()
    passed: tuple[Sequence[bytes], ...] = ()  # the lines of each redirect that led here
    certificate: Certificate | None = None
    chain: tuple[bytes, ...] = ()

    @cached_property
    def status_line(self) -> str:
        """Return the first line of the answer."""
        return self.lines[0].decode("latin-1").strip() if self.lines else ""

    @cached_property
    def header_list(self) -> tuple[tuple[str, str], ...]:
        """Return names (lower case) and values, in the order of the answer."""
        return _headers(self.lines)

    @cached_property
    def headers(self) -> dict[str, str]:
        """Return values by lower-case name; what is given twice is joined by a comma."""
        result: dict[str, str] = {}
        for name, value in self.header_list:
            result[name] = f"{result[name]}, {value}" if name in result else value
        return result

    @cached_property
    def header_texts(self) -> dict[str, str]:
        """Return values by name for people, who read UTF-8 where the bytes are UTF-8."""
        return {name: _as_written(value) for name, value in self.headers.items()}

    @cached_property
    def set_cookies(self) -> tuple[str, ...]:
        """Return the values of Set-Cookie on the way here, and of the answer, in their order."""
        found = [header for lines in (*self.passed, self.lines) for header in _headers(lines)]
        return tuple(value for name, value in found if name == "set-cookie")

    @cached_property
    def decoded(self) -> bodies.Decoded:
        """Return the body without its content encodings, cut at 1 MiB."""
        return bodies.decoded(self.raw, self.headers.get("content-encoding", ""))

    @property
    def body(self) -> bytes:
        """Return the decoded body."""
        return self.decoded.data

    @property
    def truncated(self) -> bool:
        """Say whether there was more than the 1 MiB that is read."""
        return self.is_cut or self.decoded.truncated

    def text(self) -> str:
        """Return the body as text, in the charset it is written in; never fails."""
        return bodies.text(self.body, self.headers.get("content-type", ""))

    def json_text(self) -> str | bytes:
        """Return a JSON body as text where a charset is named, else as bytes (RFC 8259 8.1)."""
        named = bodies.charset(self.body, self.headers.get("content-type", ""))
        return self.body if named is None else self.text()


def header_lines(request: HttpRequest) -> Sequence[bytes]:
    """Return the header lines libcurl is to send. Raises NetworkError for a line break."""
    if not (request.headers or request.basic_auth or request.bearer_token or request.body):
        return _PLAIN_LINES
    values = {
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": bodies.ACCEPTED,
        "Expect": "",
    }
    if request.body:
        kind = "json" if request.body.lstrip()[:1] in (b"{", b"[") else "x-www-form-urlencoded"
        values["Content-Type"] = f"application/{kind}"
    if request.basic_auth:
        pair = ":".join(request.basic_auth).encode()
        values["Authorization"] = f"Basic {b64encode(pair).decode()}"
    elif request.bearer_token:
        values["Authorization"] = f"Bearer {request.bearer_token}"
    given = request.headers or {}
    names = {name.lower() for name in given}
    values = {name: value for name, value in values.items() if name.lower() not in names}
    return [_line(name, value) for name, value in (values | dict(given)).items()]


def _line(name: str, value: str) -> bytes:
    if any(sign in name + value for sign in "\r\n\0"):
        raise NetworkError("a header holds a line break", FailureKind.CONFIGURATION)
    if not value and name != "Expect":
        return f"{name};".encode()  # libcurl's spelling of a header without a value
    return f"{name}: {value}".encode("utf-8", "replace")  # an answer's JSON may hold half a sign


def _as_written(value: str) -> str:
    try:
        return value if value.isascii() else value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _headers(lines: Sequence[bytes]) -> tuple[tuple[str, str], ...]:
    found = []
    for line in lines[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found.append((name.strip().lower(), value.strip()))
    return tuple(found)
