"""Errors on the way to another host, as sentences a person understands."""

import errno
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


class CannotTell(NetworkError):
    """The monitor itself lacks something (a permission, descriptors): no verdict on the host."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, FailureKind.OWN_LIMIT)


class OwnLimit(CannotTell):
    """The monitor lacks what any connection needs, whichever its address."""


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
_TELLING = (FailureKind.UNREACHABLE, FailureKind.OWN_LIMIT)


def most_telling(failures: Sequence[NetworkError]) -> NetworkError:
    """Return the failure that says most about a host of which every address failed.

    An address family that the monitor lacks must not hide what the other family has met; but a
    monitor without descriptors cannot tell at all.
    """
    exhausted = [one for one in failures if isinstance(one, OwnLimit)]
    if exhausted:
        return exhausted[0]
    ranked = sorted(failures, key=lambda one: one.kind in _TELLING and 1 + _TELLING.index(one.kind))
    return ranked[0] if ranked else NetworkError("no such host", FailureKind.NO_SUCH_HOST)


def from_errno(number: int) -> NetworkError:
    """Return the error for an operating system's error number."""
    if number in _EXHAUSTED:
        return OwnLimit(_EXHAUSTED[number])
    if number in _OWN_LIMITS:
        return CannotTell(_OWN_LIMITS[number])
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
    9: "a certificate of the chain is not valid yet",
    10: "a certificate of the chain has expired",
    18: "self-signed certificate",
    19: "the certificate chain ends in an authority that is not trusted",
    20: "the certificate chain is incomplete, or its authority is not trusted",
    21: "the certificate chain is incomplete, or its authority is not trusted",
    62: "the certificate is for another host name",
    64: "the certificate is for another address",
}


def untrusted(code: int, message: str) -> str:
    """Return the sentence for OpenSSL's verdict on a chain."""
    return _VERIFY.get(code, f"the certificate is not trusted: {message}")


_TLS = {
    "WRONG_VERSION_NUMBER": "the server does not speak TLS on this port",
    "PACKET_LENGTH_TOO_LONG": "the server does not speak TLS on this port",
    "RECORD_LAYER_FAILURE": "the server does not speak TLS on this port",
    "HTTP_REQUEST": "the server does not speak TLS on this port",
    "UNEXPECTED_EOF_WHILE_READING": "the server closed the connection during the TLS handshake",
    "NO_PROTOCOLS_AVAILABLE": "the server offers no TLS version that is still safe",
    "UNSUPPORTED_PROTOCOL": "the server offers no TLS version that is still safe",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the server offers no TLS version that is still safe",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": (
        "the server refused the TLS handshake: it may want a client certificate, or other ciphers"
    ),
    "TLSV1_UNRECOGNIZED_NAME": "the server has no certificate for this name",
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": (
        "the server speaks no HTTP/1.1 over TLS, only another protocol such as HTTP/2"
    ),
    "SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL": (
        "the server speaks no HTTP/1.1 over TLS, only another protocol such as HTTP/2"
    ),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the server asks for a client certificate",
}


def tls_sentence(reason: str) -> str:
    """Return the sentence for an OpenSSL reason such as WRONG_VERSION_NUMBER."""
    name = reason.strip().upper().replace(" ", "_")
    if name in _TLS:
        return _TLS[name]
    words = reason.strip().lower().replace("_", " ")
    return f"the TLS handshake failed: {words}" if words else "the TLS handshake failed"


def _tls_sentence(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return "the server closed the connection during the TLS handshake"
    return tls_sentence(error.reason or "")
