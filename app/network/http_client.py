"""Client that sends HTTP requests hop by hop through the guard.

Redirects are followed here and not by libcurl, because every hop is validated anew and what may
hold a secret must not travel to another origin (RFC 9110 15.4).
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import quote, urljoin

import pycurl

from app.domain.checks.endpoints import BadEndpoint, Url, is_address, parse_url
from app.domain.types import FailureKind, Phases
from app.network.certificates import complaint_about, covers, read_pem
from app.network.cookies import Cookies
from app.network.curl import CurlEngine
from app.network.endless import is_interim
from app.network.errors import AddressRefused, CertificateProblem, NetworkError
from app.network.http import REDIRECTS, HttpRequest, HttpResponse, header_lines
from app.network.http_errors import failure
from app.network.resolver import Resolver
from app.network.trace import trace
from app.network.transfer import CurlJob, CurlOutcome, Enough
from app.platform.clock import monotonic, utcnow

_SCHEMES = ("http", "https")
_ASCII = bytes(range(0x21, 0x7F)).decode()
_BREAKS = re.compile(r"[\t\r\n]")
_SLASHES = re.compile(r"\A(https?:)?/{2,}", re.I)
_HOSTLESS = ("//", "http://", "https://")
_USER = re.compile(r"\A(https?://)[^/?#]*@", re.I)
# Only these go on to another origin; any other header may hold a key.
_HARMLESS = frozenset(
    ("accept", "accept-language", "cache-control", "content-type", "expect", "pragma", "user-agent")
)


class HttpClient:
    """Client that sends requests hop by hop through the guard, within one event loop."""

    def __init__(self, engine: CurlEngine, resolver: Resolver) -> None:
        self._engine = engine
        self._resolver = resolver

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Ask and follow redirects. Raises AddressRefused, NetworkError and BadEndpoint."""
        if request.timeout_seconds is None:
            return await self._request(request)
        try:
            async with asyncio.timeout(request.timeout_seconds):
                return await self._request(request)
        except TimeoutError:
            limit, stage = request.timeout_seconds, trace().stage
            raise NetworkError(
                f"timed out after {limit:g} s while {stage}", FailureKind.TIMED_OUT
            ) from None

    async def _request(self, request: HttpRequest) -> HttpResponse:
        url = parse_url(request.url, _SCHEMES)
        lines = header_lines(request)
        jar = request.cookies
        first = lines if jar is None else _with_cookies(lines, jar, url)
        response = await self._hop(url, request.method, first, request.body, request)
        if jar is not None:
            jar.take(url, response.header_list)
        if not (request.follow_redirects and _leads_on(response, request)):
            return response
        if jar is None:
            jar = Cookies()
            jar.take(url, response.header_list)
        return await self._follow(request, url, lines, response, jar)

    async def _follow(
        self,
        request: HttpRequest,
        url: Url,
        lines: Sequence[bytes],
        response: HttpResponse,
        jar: Cookies,
    ) -> HttpResponse:
        method, body = request.method, request.body
        seen = trace().redirects
        passed: list[HttpResponse] = []
        while _leads_on(response, request):
            passed.append(response)
            target = _target(url, _location(response))
            if len(passed) > request.max_redirects:
                back = (
                    f"; they lead in a circle, to {target.text} again"
                    if target.text in seen
                    else ""
                )
                raise NetworkError(
                    f"more than {request.max_redirects} redirects{back}", FailureKind.PROTOCOL
                )
            if not _same_owner(url, target):
                lines = [line for line in lines if _name(line) in _HARMLESS]
            if response.status_code == 303 or (response.status_code < 303 and method == "POST"):
                method, body = ("HEAD" if method == "HEAD" else "GET"), b""
                lines = [line for line in lines if _name(line) != "content-type"]
            url = target
            seen.append(url.text)
            try:
                sent = _with_cookies(lines, jar, url)
                response = await self._hop(url, method, sent, body, request)
            except AddressRefused as error:
                raise AddressRefused(f"redirect to a forbidden target: {error.reason}") from None
            jar.take(url, response.header_list)
        return _joined(passed, response, tuple(seen))

    async def _hop(
        self, url: Url, method: str, lines: Sequence[bytes], body: bytes, request: HttpRequest
    ) -> HttpResponse:
        notes = trace()
        pinned: Sequence[str] = ()
        dns_ms: float | None = None
        if is_address(url.host):
            self._resolver.guard(url.host, url.port)
            notes.address = url.host
        else:
            started = monotonic()
            pinned = await self._resolver.resolve(url.host, url.port)
            dns_ms = (monotonic() - started) * 1000
            notes.address = pinned[0]
        notes.stage = "connecting"
        job = CurlJob(
            url=url.text,
            host=url.host,
            port=url.port,
            pinned=pinned,
            method=method,
            header_lines=lines,
            body=body,
            verify_tls=request.verify_tls,
            secure=url.scheme == "https",
            enough=_enough(request),
        )
        outcome = await self._engine.run(job)
        if outcome.code:
            if not (request.takes_cut_body and _breaks_off_in_body(outcome)):
                raise await failure(outcome, job, self._engine)
            outcome.truncated = True
        response = _response(outcome, url, dns_ms, request.verify_tls)
        certificate = response.certificate
        if request.verify_tls and certificate is not None and not covers(certificate, url.host):
            # libcurl still accepts a common name and a final dot; streams do not (RFC 9525).
            sentence = complaint_about(certificate, url.host, utcnow()) or "certificate not trusted"
            notes.phases, notes.chain = response.phases, response.chain
            notes.certificate = replace(certificate, chain_valid=False, error=sentence)
            raise CertificateProblem(sentence)
        return response


def _breaks_off_in_body(outcome: CurlOutcome) -> bool:
    """Say whether an answer has a whole head, and ends before its body does."""
    has_head = outcome.status >= 200 and bool(outcome.lines) and not outcome.lines[-1].strip()
    return has_head and outcome.code in (pycurl.E_PARTIAL_FILE, pycurl.E_RECV_ERROR)


def _response(outcome: CurlOutcome, url: Url, dns_ms: float | None, verified: bool) -> HttpResponse:
    certificate = None
    phases = outcome.phases
    if dns_ms is not None:
        phases = Phases(
            dns_ms, phases.connect_ms, phases.tls_ms, phases.ttfb_ms, phases.transfer_ms
        )
    if outcome.certificates:
        leaf = read_pem(outcome.certificates[0])
        certificate = leaf.shown_by(url.host, url.port, chain_valid=verified)
    return HttpResponse(
        status_code=outcome.status,
        raw=outcome.body,
        is_cut=outcome.truncated,
        address=outcome.address,
        phases=phases,
        total_ms=outcome.total_ms + (dns_ms or 0.0),
        url=url.text,
        lines=_last_block(outcome.lines),
        certificate=certificate,
        chain=tuple(outcome.certificates),
    )


def _joined(
    passed: Sequence[HttpResponse], last: HttpResponse, redirects: tuple[str, ...]
) -> HttpResponse:
    """Return the last response with the times of all hops added up."""
    hops = (*passed, last)

    def total(part: str) -> float | None:
        times = [value for hop in hops if (value := getattr(hop.phases, part)) is not None]
        return sum(times) if times else None

    return HttpResponse(
        status_code=last.status_code,
        raw=last.raw,
        is_cut=last.is_cut,
        address=last.address,
        phases=Phases(*(total(part) for part in Phases._fields)),
        total_ms=sum(hop.total_ms for hop in hops),
        url=last.url,
        lines=last.lines,
        redirects=redirects,
        passed=tuple(hop.lines for hop in passed),
        certificate=last.certificate or passed[0].certificate,
        chain=last.chain,
    )


def _leads_on(response: HttpResponse, request: HttpRequest) -> bool:
    code = response.status_code
    if code not in REDIRECTS or code in request.final_codes:
        return False
    return bool(response.headers.get("location"))  # an empty one leads nowhere, as in browsers


def _with_cookies(lines: Sequence[bytes], jar: Cookies, url: Url) -> Sequence[bytes]:
    """Return header lines with the cookies for a URL, after those that the caller has given."""
    kept = jar.sent_to(url)
    if kept is None:
        return lines
    given = [line.partition(b":")[2].strip() for line in lines if _name(line) == "cookie"]
    others = [line for line in lines if _name(line) != "cookie"]
    return [*others, b"Cookie: " + b"; ".join((*given, kept))]


def _enough(request: HttpRequest) -> Enough | None:
    if not request.wants_body:
        return lambda lines, raw: True
    is_enough = request.is_enough
    if is_enough is None:
        return None

    def enough(lines: Sequence[bytes], raw: bytes) -> bool:
        so_far = HttpResponse(0, raw, False, None, Phases(), 0.0, "", _last_block(lines))
        return is_enough(so_far.text())

    return enough


def _location(response: HttpResponse) -> str:
    """Return the address of a redirect; the same given twice is one, as in browsers."""
    named = {value for name, value in response.header_list if name == "location"}
    return named.pop() if len(named) == 1 else response.headers["location"]


def _target(base: Url, location: str) -> Url:
    """Return where a redirect leads, read as browsers do (WHATWG URL): raw bytes are UTF-8."""
    try:
        written = location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        written = quote(location.encode("latin-1", "replace"), safe=_ASCII)
    written = _BREAKS.sub("", written).strip().replace("\\", "/").replace(" ", "%20")
    written = _SLASHES.sub(r"\1//", written)
    try:
        if written.lower() in _HOSTLESS:  # urljoin() takes them for the address they came from
            raise BadEndpoint("the host is missing")
        # A user name in it is nobody's that this check was given.
        return parse_url(_USER.sub(r"\1", urljoin(base.text, written)), _SCHEMES)
    except ValueError as error:
        # urljoin() has words of its own for brackets that are not closed.
        reason = error if isinstance(error, BadEndpoint) else "the address cannot be read"
        sentence = f"redirect that cannot be followed: {reason}"
        raise NetworkError(sentence, FailureKind.PROTOCOL) from None


def _same_owner(one: Url, other: Url) -> bool:
    if one.origin == other.origin:
        return True
    # http://a to https://a on the usual ports is the one change of origin that loses no secrecy.
    upgrade = (one.scheme, one.port, other.scheme, other.port) == ("http", 80, "https", 443)
    return upgrade and one.host == other.host


def _name(line: bytes) -> str:
    return line.replace(b";", b":").partition(b":")[0].decode().lower()


def _last_block(lines: Sequence[bytes]) -> Sequence[bytes]:
    """Return the lines of the final answer, without those of 1xx answers before it."""
    if not is_interim(lines):
        return lines
    starts = [index for index, line in enumerate(lines) if line.startswith(b"HTTP/")]
    return lines[starts[-1] :]
