"""What can go wrong on the way to another host, as sentences a person understands."""

import errno
import socket
import ssl


class NetworkError(Exception):
    """The host could not be asked; the text is one sentence without secrets."""


class AddressRefused(NetworkError):
    """The address policy forbids this host; nothing was sent to it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"target not allowed: {reason}")
        self.reason = reason


class CannotTell(NetworkError):
    """The monitor itself lacks something (a permission, descriptors): no verdict on the host."""


class CertificateProblem(NetworkError):
    """The host's certificate is not acceptable."""


_OWN_LIMITS = {
    errno.EMFILE: "the monitor has no file descriptors left; raise its limit (ulimit -n)",
    errno.ENFILE: "the monitor's system has no file descriptors left",
    errno.ENOBUFS: "the monitor's system has no network buffers left",
    errno.ENOMEM: "the monitor's system has no memory left",
    errno.EADDRNOTAVAIL: "the monitor has no local port or address left for this connection",
}
_SENTENCES = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset by the server",
    errno.ECONNABORTED: "connection aborted",
    errno.EPIPE: "the server closed the connection",
    errno.ETIMEDOUT: "the connection timed out",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "the network is unreachable",
    errno.EHOSTDOWN: "the host is down",
    errno.ENETDOWN: "the network is down",
    errno.EACCES: "the system does not permit this connection",
    errno.EPERM: "the system does not permit this connection",
    errno.EAFNOSUPPORT: "this address family is not available on the monitor",
    errno.EPROTONOSUPPORT: "this protocol is not available on the monitor",
}


def from_errno(number: int) -> NetworkError:
    """Return the error for an operating system's error number."""
    if number in _OWN_LIMITS:
        return CannotTell(_OWN_LIMITS[number])
    if number in _SENTENCES:
        return NetworkError(_SENTENCES[number])
    return NetworkError(f"network error {errno.errorcode.get(number, number)}")


def from_exception(error: BaseException) -> NetworkError:
    """Return the error for what sockets and TLS raise."""
    if isinstance(error, NetworkError):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return CertificateProblem(untrusted(error.verify_code, error.verify_message))
    if isinstance(error, ssl.SSLError):
        return NetworkError(_tls_sentence(error))
    if isinstance(error, socket.gaierror):
        return NetworkError("no such host")
    if isinstance(error, ConnectionResetError | BrokenPipeError) and not error.errno:
        return NetworkError("connection reset by the server")
    if isinstance(error, ConnectionAbortedError) and not error.errno:
        return NetworkError("the server closed the connection")
    if isinstance(error, OSError) and error.errno:
        return from_errno(error.errno)
    return NetworkError(f"network error ({type(error).__name__})")


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
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the server refused the TLS handshake",
    "TLSV1_UNRECOGNIZED_NAME": "the server has no certificate for this name",
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
