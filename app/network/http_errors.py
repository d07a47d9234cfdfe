"""Errors of HTTP: libcurl's results as sentences; a refused certificate is looked at closer."""

import errno
import re
from dataclasses import replace

import pycurl

from app.domain.types import FailureKind
from app.network.certificates import complaint, read_pem
from app.network.curl import CurlEngine
from app.network.endless import ends_without_farewell
from app.network.errors import (
    AddressRefused,
    CertificateProblem,
    NetworkError,
    from_errno,
    tls_failure,
    tls_sentence,
    untrusted,
)
from app.network.first_bytes import known_protocol
from app.network.trace import trace
from app.network.transfer import MAX_INTERIM, CurlJob, CurlOutcome
from app.platform.clock import utcnow

_PROTOCOL = FailureKind.PROTOCOL
_CLOSED = FailureKind.CLOSED
_CERTIFICATE_WANTED = "; it may want a client certificate"
_TOO_LARGE = 100  # CURLE_TOO_LARGE, which pycurl does not name
_FAILURES = {
    pycurl.E_URL_MALFORMAT: ("the URL cannot be used", FailureKind.CONFIGURATION),
    pycurl.E_COULDNT_RESOLVE_HOST: ("no such host", FailureKind.NO_SUCH_HOST),
    pycurl.E_FTP_WEIRD_SERVER_REPLY: ("the answer is not HTTP", FailureKind.PROTOCOL),
    pycurl.E_UNSUPPORTED_PROTOCOL: ("the answer is not HTTP", FailureKind.PROTOCOL),
    pycurl.E_GOT_NOTHING: (
        "the server closed the connection without answering",
        FailureKind.CLOSED,
    ),
    pycurl.E_PARTIAL_FILE: ("the answer ended before it was complete", FailureKind.CLOSED),
    pycurl.E_BAD_CONTENT_ENCODING: ("the body cannot be decompressed", FailureKind.PROTOCOL),
    pycurl.E_COULDNT_CONNECT: ("could not connect", FailureKind.UNREACHABLE),
    pycurl.E_RECV_ERROR: ("the answer is not readable HTTP", FailureKind.PROTOCOL),
    pycurl.E_SEND_ERROR: (
        "the server closed the connection during the request",
        FailureKind.CLOSED,
    ),
    _TOO_LARGE: ("the headers are too large or too many", FailureKind.PROTOCOL),
}
_CHUNKS = "the chunks of the body cannot be read"
# libcurl's words for what it cannot read in an answer that begins as HTTP does; its codes say less.
_UNREADABLE = {
    "Invalid Content-Length": (
        "the Content-Length of the answer is no number, or is given twice with different values"
    ),
    "Header without colon": "a header line of the answer has no colon",
    "NUL byte in header": "a header of the answer holds a NUL byte",
    "Carriage return found": "a header of the answer holds a carriage return",
    "Multiple Location": "the answer names several addresses to go to (Location)",
    "Unsupported response code": "the answer has a status code that HTTP does not know",
    "Invalid status line": "the answer has a status code that HTTP does not know",
    "Unsupported HTTP/1 subversion": (
        "the first line of the answer lacks a status code, or a version of HTTP that exists"
    ),
    "Unsupported HTTP": "the answer is of a version of HTTP that does not exist",
    "Unsolicited Transfer-Encoding": (
        "the answer comes in a transfer encoding that was not asked for"
    ),
    "chunk": _CHUNKS,
    "invalid chunk": _CHUNKS,
    "Malformed encoding found in chunked": _CHUNKS,
}
_UNNAMED = ("the exchange with the server failed", FailureKind.PROTOCOL)
_TALKING = (pycurl.E_RECV_ERROR, pycurl.E_SEND_ERROR)
_OTHER_VERSION = re.compile(r"Version mismatch \(from HTTP/1 to (HTTP/[0-9.]+)\)")
_TLS_REASON = re.compile(r"error:[0-9A-F]+:[^:]*:[^:]*:([^,]+)")
_VERIFY_CODE = re.compile(r"verify result: (.+) \((\d+)\)$")


async def failure(outcome: CurlOutcome, job: CurlJob, engine: CurlEngine) -> NetworkError:
    """Return the error for an exchange that failed, and leave what is known in the notes."""
    notes = trace()
    notes.phases = outcome.phases
    notes.address = outcome.address or notes.address
    notes.note(b"".join(outcome.lines) + outcome.body[:2048])
    if outcome.refused is not None:
        return AddressRefused(outcome.refused)
    if outcome.code == pycurl.E_PEER_FAILED_VERIFICATION:
        return await _certificate_problem(outcome, job, engine)
    if outcome.errno and outcome.code != pycurl.E_PARTIAL_FILE:
        if outcome.errno == errno.ECONNRESET and job.secure and outcome.phases.tls_ms is None:
            return tls_failure(ConnectionResetError())
        if outcome.errno == errno.ECONNRESET and job.secure and not outcome.lines:
            # With TLS 1.3 a server refuses a client only after the handshake.
            return NetworkError(f"{from_errno(outcome.errno)}{_CERTIFICATE_WANTED}", _CLOSED)
        return from_errno(outcome.errno)
    if outcome.body and not outcome.lines:
        return NetworkError(f"the answer is not HTTP{known_protocol(outcome.body)}", _PROTOCOL)
    if ends_without_farewell(outcome.code, outcome.message):
        outcome.code = pycurl.E_PARTIAL_FILE if outcome.lines else pycurl.E_GOT_NOTHING
    reason = _TLS_REASON.search(outcome.message)
    # With TLS 1.3 a server refuses a client only after the handshake, when the answer is read.
    if outcome.code == pycurl.E_SSL_CONNECT_ERROR or (reason and outcome.code in _TALKING):
        return NetworkError(tls_sentence(reason[1] if reason else ""), FailureKind.TLS)
    if outcome.interim > MAX_INTERIM:
        return NetworkError("the server sends interim answers (1xx) without end", _PROTOCOL)
    if other := _OTHER_VERSION.match(outcome.message):
        sentence = f"the server answers in {other[1]} what was asked in HTTP/1.1"
        return NetworkError(sentence, _PROTOCOL)
    for words, unreadable in _UNREADABLE.items():
        if outcome.message.startswith(words):
            return NetworkError(unreadable, _PROTOCOL)
    if outcome.code == pycurl.E_GOT_NOTHING and outcome.interim:
        sentence = "the server closed the connection after an interim answer (1xx), without another"
        return NetworkError(sentence, _CLOSED)
    sentence, kind = _FAILURES.get(outcome.code, _UNNAMED)
    if job.secure and outcome.code == pycurl.E_GOT_NOTHING:
        sentence += _CERTIFICATE_WANTED
    return NetworkError(sentence, kind)


async def _certificate_problem(
    outcome: CurlOutcome, job: CurlJob, engine: CurlEngine
) -> NetworkError:
    """Look at the refused certificate over a second connection, which asks for nothing."""
    verdict = _VERIFY_CODE.search(outcome.message)
    otherwise = untrusted(int(verdict[2]), verdict[1]) if verdict else "certificate not trusted"
    notes = trace()
    phases = notes.phases
    look = replace(job, method="GET", body=b"", verify_tls=False, connect_only=True)
    certificates = (await engine.run(look)).certificates
    notes.phases = phases
    if not certificates:
        return CertificateProblem(otherwise)
    leaf = read_pem(certificates[0])
    sentence = complaint(leaf, job.host, utcnow()) or otherwise
    notes.certificate = leaf.shown_by(job.host, job.port, chain_valid=False, error=sentence)
    notes.chain = tuple(certificates)
    return CertificateProblem(sentence)
