"""Errors on the way to another host, as sentences a person understands."""

import errno
import re
import socket
import ssl
from collections.abc import Sequence

from app.domain.types import FailureKind


class NetworkError(Exception):
    """The host could not be asked; the text is one sentence without secrets."""

    def __init__(self, sentence: str, kind: FailureKind) -> None:
        super().__init__(sentence)
        self.kind = kind


class AddressRefused(NetworkError):
    """The address policy forbids this host; nothing was sent to it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"target not allowed: {reason}", FailureKind.GUARD)
        self.reason = reason


class Inconclusive(NetworkError):
    """The monitor itself lacks something (a permission, descriptors): no verdict on the host."""

    def __init__(self, sentence: str, kind: FailureKind = FailureKind.OWN_LIMIT) -> None:
        super().__init__(sentence, kind)


class OwnLimit(Inconclusive):
    """The monitor lacks what any connection needs, whichever its address."""


class NoNameServer(Inconclusive):
    """The monitor's own name server cannot be reached."""

    def __init__(self, sentence: str = "the monitor cannot reach its name server") -> None:
        super().__init__(sentence, FailureKind.OWN_OUTAGE)


class CertificateProblem(NetworkError):
    """The host's certificate is not acceptable."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, FailureKind.CERTIFICATE)


_EXHAUSTED = {
    errno.EMFILE: "the monitor has no file descriptors left; raise its limit (ulimit -n)",
    errno.ENFILE: "the monitor's system has no file descriptors left",
    errno.ENOBUFS: "the monitor's system has no network buffers left",
    errno.ENOMEM: "the monitor's system has no memory left",
}
_OWN_LIMITS = {
    errno.EADDRNOTAVAIL: "the monitor has no local port or address left for this connection",
    errno.EAFNOSUPPORT: "this address family is not available on the monitor",
    errno.EPROTONOSUPPORT: "this protocol is not available on the monitor",
}
_FAILURES = {
    errno.ECONNREFUSED: ("connection refused", FailureKind.REFUSED),
    errno.ECONNRESET: ("connection reset by the server", FailureKind.CLOSED),
    errno.ECONNABORTED: ("connection aborted", FailureKind.CLOSED),
    errno.EPIPE: ("the server closed the connection", FailureKind.CLOSED),
    errno.ETIMEDOUT: ("the connection timed out", FailureKind.TIMED_OUT),
    errno.EHOSTUNREACH: ("no route to the host", FailureKind.UNREACHABLE),
    errno.ENETUNREACH: ("the network is unreachable", FailureKind.UNREACHABLE),
    errno.EHOSTDOWN: ("the host is down", FailureKind.UNREACHABLE),
    errno.ENETDOWN: ("the network is down", FailureKind.UNREACHABLE),
    errno.EACCES: ("the system does not permit this connection", FailureKind.UNREACHABLE),
    errno.EPERM: ("the system does not permit this connection", FailureKind.UNREACHABLE),
}


# Of several addresses that failed, the one that says most about the host comes first.
_LEAST_SPECIFIC = (FailureKind.UNREACHABLE, FailureKind.OWN_LIMIT)


def most_specific(failures: Sequence[NetworkError]) -> NetworkError:
    """Return the failure that says most about a host of which every address failed.

    An address family that the monitor lacks must not hide what the other family has met; but a
    monitor without descriptors cannot tell at all.
    """
    exhausted = [one for one in failures if isinstance(one, OwnLimit)]
    if exhausted:
        return exhausted[0]
    ranked = sorted(
        failures,
        key=lambda one: one.kind in _LEAST_SPECIFIC and 1 + _LEAST_SPECIFIC.index(one.kind),
    )
    return ranked[0] if ranked else NetworkError("no such host", FailureKind.NO_SUCH_HOST)


def from_errno(number: int) -> NetworkError:
    """Return the error for an operating system's error number."""
    if number in _EXHAUSTED:
        return OwnLimit(_EXHAUSTED[number], FailureKind.OWN_OUTAGE)
    if number in _OWN_LIMITS:
        return Inconclusive(_OWN_LIMITS[number])
    if number in _FAILURES:
        return NetworkError(*_FAILURES[number])
    name = errno.errorcode.get(number, number)
    return NetworkError(f"network error {name}", FailureKind.UNREACHABLE)


def from_exception(error: BaseException) -> NetworkError:
    """Return the error for what sockets and TLS raise."""
    if isinstance(error, NetworkError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateProblem(untrusted(error.verify_code, error.verify_message))
    if isinstance(error, ssl.SSLError):
        return NetworkError(_tls_sentence(error), FailureKind.TLS)
    if isinstance(error, socket.gaierror):
        return NetworkError("no such host", FailureKind.NO_SUCH_HOST)
    if isinstance(error, ConnectionResetError | BrokenPipeError) and not error.errno:
        return from_errno(errno.ECONNRESET)
    if isinstance(error, ConnectionAbortedError) and not error.errno:
        return from_errno(errno.EPIPE)
    if isinstance(error, OSError) and error.errno:
        return from_errno(error.errno)
    return NetworkError(f"network error ({type(error).__name__})", FailureKind.UNREACHABLE)


_VERIFY = {  # X509_V_ERR_… of OpenSSL's x509_vfy.h
    7: "a certificate of the chain was not signed by the authority that it names",
    9: "a certificate of the chain is not valid yet",
    10: "a certificate of the chain has expired",
    18: "self-signed certificate",
    19: "the certificate chain ends in an authority that is not trusted",
    20: "the certificate chain is incomplete, or its authority is not trusted",
    21: "the certificate chain is incomplete, or its authority is not trusted",
    23: "a certificate of the chain has been revoked",
    24: "a certificate of the chain is signed by one that may sign none",
    25: "the certificate chain is longer than one of its authorities allows (path length)",
    26: "the certificate is not one for servers (key usage)",
    34: "a certificate of the chain makes a condition that is not known here (critical extension)",
    47: "an authority of the chain may not sign for this name (name constraints)",
    48: "an authority of the chain may not sign for this name (name constraints)",
    62: "the certificate is for another host name",
    64: "the certificate is for another address",
    66: "the key of the certificate is too short to be safe",
    67: "the key of a certificate in the chain is too short to be safe",
    68: "a certificate of the chain is signed with SHA-1 or older, which is not safe any more",
    79: "a certificate of the chain is signed by one that may sign none",
}


def untrusted(code: int, message: str) -> str:
    """Return the sentence for OpenSSL's verdict on a chain."""
    return _VERIFY.get(code, f"the certificate is not trusted: {message}")


_HUNG_UP = (
    "the server closed the connection during the TLS handshake; it may not speak TLS on this port,"
    " or want a client certificate"
)
_NO_TLS = "the server does not speak TLS on this port"
_TOO_OLD = "the server offers no TLS version that is still safe"
_WANTS_CERTIFICATE = "the server asks for a client certificate"
_TLS = {
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "PACKET_LENGTH_TOO_LONG": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "UNEXPECTED_EOF_WHILE_READING": _HUNG_UP,
    "NO_PROTOCOLS_AVAILABLE": _TOO_OLD,
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_UNRECOGNIZED_NAME": "the server has no certificate for this name",
}
# Alerts by the names of RFC 8446 6.2. Nobody here shows a certificate, so what a server says
# of one can only be that it misses it (Go's TLS 1.2 calls that a bad one).
_ALERTS = {
    "PROTOCOL_VERSION": _TOO_OLD,
    "HANDSHAKE_FAILURE": (
        "the server refused the TLS handshake: it may want a client certificate, or other ciphers"
    ),
    "INSUFFICIENT_SECURITY": "the server refused the TLS handshake: it wants stronger ciphers",
    "NO_APPLICATION_PROTOCOL": (
        "the server speaks no HTTP/1.1 over TLS, only another protocol such as HTTP/2"
    ),
    "UNRECOGNIZED_NAME": "the server has no certificate for this name",
    "INTERNAL_ERROR": "the server broke off the TLS handshake for an error of its own",
    "CERTIFICATE_REQUIRED": _WANTS_CERTIFICATE,
    "BAD_CERTIFICATE": _WANTS_CERTIFICATE,
    "NO_CERTIFICATE": _WANTS_CERTIFICATE,
}
_NAMELESS = re.compile(r"\[SSL\] (.+?) \(_ssl")  # a reason that Python's own table lacks


def tls_sentence(reason: str) -> str:
    """Return the sentence for an OpenSSL reason such as WRONG_VERSION_NUMBER.

    Releases of OpenSSL name the same alert differently (SSLV3_ALERT_…, "ssl/tls alert …").
    """
    name = reason.strip().upper().replace(" ", "_")
    alert = name.rpartition("_ALERT_")[2]
    if sentence := _TLS.get(name) or _ALERTS.get(alert):
        return sentence
    if "_ALERT_" in name:
        return f"the server broke off the TLS handshake: {alert.lower().replace('_', ' ')}"
    words = reason.strip().lower().replace("_", " ")
    return f"the TLS handshake failed: {words}" if words else "the TLS handshake failed"


def tls_failure(error: Exception) -> NetworkError:
    """Return the error for an exception that ended a TLS handshake."""
    if isinstance(error, ConnectionError):
        return NetworkError(_HUNG_UP, FailureKind.TLS)
    return from_exception(error)


def _tls_sentence(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return _HUNG_UP
    nameless = _NAMELESS.search(str(error))
    return tls_sentence(error.reason or (nameless[1] if nameless else ""))
