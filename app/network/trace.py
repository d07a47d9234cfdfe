"""Trace of how far a probe has come: read when its time runs out, written by the network layer."""

from contextvars import ContextVar

from app.domain.types import Certificate, Phases

MAX_RECEIVED = 2_048
NEGOTIATING = "negotiating TLS; a port without TLS may stay silent here"


class Trace:
    """Notes of one probe: the stage it is in, the address dialled, what has arrived so far."""

    __slots__ = (
        "address",
        "certificate",
        "chain",
        "phases",
        "received",
        "redirects",
        "secrets",
        "stage",
    )

    def __init__(self) -> None:
        self.stage = "preparing"
        self.address: str | None = None
        self.phases: Phases | None = None
        self.received = b""
        self.certificate: Certificate | None = None
        self.chain: tuple[bytes, ...] = ()  # PEM, leaf first
        self.redirects: list[str] = []
        self.secrets: set[str] = set()  # that the probe was given on its way, as by a sign-in

    def note(self, data: bytes) -> None:
        """Keep the first two kilobytes a host has sent, for the evidence of a failure."""
        room = MAX_RECEIVED - len(self.received)
        if room > 0:
            self.received += data[:room]


_current: ContextVar[Trace] = ContextVar("trace")


def start_trace() -> Trace:
    """Begin the notes of a new probe in this task."""
    trace = Trace()
    _current.set(trace)
    return trace


def trace() -> Trace:
    """Return the notes of the probe that runs in this task; a fresh page outside of any."""
    try:
        return _current.get()
    except LookupError:
        return start_trace()
