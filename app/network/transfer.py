"""One HTTP exchange on a pooled libcurl handle: what goes in, what comes out, and the guard."""

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pycurl

from app.domain.types import Phases
from app.network import endless
from app.network.policy import AddressPolicy
from app.network.tls import CIPHERS
from app.network.trace import NEGOTIATING, Trace

MAX_BODY = 1024 * 1024
MAX_INTERIM = 50  # answers before the answer; browsers stop sooner
_ENDS_A_CONNECTION = (errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ETIMEDOUT)


# Says of header lines and the body so far whether an answer without end may end here.
Enough = Callable[[Sequence[bytes], bytes], bool]


@dataclass(slots=True)
class CurlJob:
    """One exchange with one server; `pinned` are the validated addresses of a host name."""

    url: str
    host: str
    port: int
    pinned: Sequence[str] = ()
    method: str = "GET"
    header_lines: Sequence[bytes] = ()
    body: bytes = b""
    verify_tls: bool = True
    secure: bool = False
    connect_only: bool = False
    enough: Enough | None = None


@dataclass(slots=True)
class CurlOutcome:
    """Result of a transfer; `code` is libcurl's, 0 for success."""

    code: int
    status: int
    lines: list[bytes]
    body: bytes
    truncated: bool
    phases: Phases
    total_ms: float
    address: str | None
    message: str = ""
    errno: int = 0
    refused: str | None = None
    interim: int = 0
    certificates: list[bytes] = field(default_factory=list)


class _Guarded(socket.SocketType):
    """A socket that closes when dropped: libcurl keeps a duplicate, and silence is cheaper."""

    def __del__(self) -> None:
        self.close()


class Transfer:
    """A pooled easy handle with the buffers it writes to."""

    def __init__(self, policy: AddressPolicy, ca_file: str) -> None:
        self._policy = policy
        self._ca_file = ca_file
        self.easy = pycurl.Curl()
        self.lines: list[bytes] = []
        self.chunks: list[bytes] = []
        self.size = 0
        self.head_at = 0  # where the head begins that is being read
        self.interim = 0
        self.has_head = False  # of the answer, to its end
        self.has_switched = False  # to another protocol (101), after which no HTTP comes
        self.watch: endless.StreamWatch | None = None
        self.enough: Enough | None = None
        self.descriptor = -1
        self.open_errno = 0
        self.secure = False
        self.refused: str | None = None
        self.dialled: str | None = None
        self.waiter: asyncio.Future[tuple[int, str]] | None = None
        self._prepare()

    def _prepare(self) -> None:
        setopt = self.easy.setopt
        setopt(pycurl.NOSIGNAL, 1)
        setopt(pycurl.FRESH_CONNECT, 1)
        setopt(pycurl.FORBID_REUSE, 1)
        setopt(pycurl.SSL_SESSIONID_CACHE, 0)  # a resumed session shows no certificate
        setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
        setopt(pycurl.PATH_AS_IS, 1)
        setopt(pycurl.FOLLOWLOCATION, 0)
        setopt(pycurl.PROXY, "")  # neither the environment's proxy nor its netrc
        setopt(pycurl.NETRC, 0)
        setopt(pycurl.HTTP09_ALLOWED, 1)  # to see what answers instead of HTTP; none is accepted
        setopt(pycurl.HTTP_CONTENT_DECODING, 0)  # app.network.bodies reads more than libcurl
        setopt(pycurl.CAINFO, self._ca_file)
        setopt(pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2)
        setopt(pycurl.SSL_CIPHER_LIST, CIPHERS)
        setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        setopt(pycurl.HEADERFUNCTION, self._on_header)
        setopt(pycurl.WRITEFUNCTION, self._on_body)
        setopt(pycurl.SOCKOPTFUNCTION, self._note_socket)
        setopt(pycurl.OPT_CERTINFO, 1)
        self.plain = True
        self.pins = False
        self.verifies: bool | None = None

    def load(self, job: CurlJob) -> None:
        """Set the options of a job on a clean handle."""
        self.secure, self.enough = job.secure, job.enough
        setopt = self.easy.setopt
        setopt(pycurl.URL, job.url)
        setopt(pycurl.HTTPHEADER, job.header_lines)
        if self.verifies is not job.verify_tls:
            setopt(pycurl.SSL_VERIFYPEER, int(job.verify_tls))
            setopt(pycurl.SSL_VERIFYHOST, 2 if job.verify_tls else 0)
            self.verifies = job.verify_tls
        if job.pinned:
            # With "+" the entry may expire; libcurl never looks a name up by itself.
            addresses = ",".join(f"[{one}]" if ":" in one else one for one in job.pinned)
            setopt(pycurl.RESOLVE, [f"+{job.host}:{job.port}:{addresses}"])
        elif self.pins:
            self.easy.unsetopt(pycurl.RESOLVE)
        self.pins = bool(job.pinned)
        if job.method == "GET" and not job.body and not job.connect_only:
            return
        self.plain = False  # reset before the next job, so that nothing of this one stays behind
        if job.method == "HEAD":
            setopt(pycurl.NOBODY, 1)
        elif job.method != "GET" or job.body:
            setopt(pycurl.POSTFIELDS, job.body)
            setopt(pycurl.CUSTOMREQUEST, job.method)
        if job.connect_only:
            setopt(pycurl.CONNECT_ONLY, 1)

    def clean(self) -> None:
        """Forget everything about the last job."""
        self.lines.clear()
        self.chunks.clear()
        self.size = self.head_at = self.interim = 0
        self.has_head = self.has_switched = False
        self.watch = self.enough = None
        self.descriptor = -1
        self.open_errno = 0
        self.refused = self.dialled = self.waiter = None
        if not self.plain:
            self.easy.reset()
            self._prepare()

    def phases(self) -> tuple[Phases, float]:
        """Return libcurl's own clock as phases and their sum, in milliseconds."""
        info = self.easy.getinfo
        looked_up = info(pycurl.NAMELOOKUP_TIME_T)
        connected = info(pycurl.CONNECT_TIME_T)
        secured = info(pycurl.APPCONNECT_TIME_T)
        first_byte = info(pycurl.STARTTRANSFER_TIME_T)
        total = info(pycurl.TOTAL_TIME_T)
        ready = secured or connected
        return (
            Phases(
                connect_ms=(connected - looked_up) / 1000 if connected else None,
                tls_ms=(secured - connected) / 1000 if secured else None,
                ttfb_ms=(first_byte - ready) / 1000 if connected and first_byte else None,
                transfer_ms=(total - first_byte) / 1000 if connected and first_byte else None,
            ),
            total / 1000,
        )

    def leave_notes(self, notes: Trace) -> None:
        """Write down how far the exchange came when its time ran out."""
        notes.phases, _ = self.phases()
        notes.address = self.dialled or notes.address
        notes.note(b"".join(self.lines) + b"".join(self.chunks[:1]))
        if notes.phases.connect_ms is None:  # libcurl tells of a connection only after its TLS
            notes.stage = NEGOTIATING if self._is_connected() else "connecting"
        elif notes.phases.ttfb_ms is None:
            notes.stage = "waiting for the answer"
        else:
            notes.stage = "reading the answer"

    def outcome(self, code: int, message: str) -> CurlOutcome:
        """Return what came of the job; an answer cut at its limit is a success."""
        info = self.easy.getinfo
        phases, total_ms = self.phases()
        truncated = self.size > MAX_BODY
        watch = self.watch
        if self.has_switched:
            code = 0  # the answer is the 101 itself
        elif not code and self.lines and not self.has_head:
            code = pycurl.E_PARTIAL_FILE  # libcurl takes a head that was cut for a whole one
        elif watch is not None and watch.has_ended:
            code = 0
            if watch.is_stream:  # it has answered when it began to
                total_ms -= phases.transfer_ms or 0.0
                phases = phases._replace(transfer_ms=None)
        elif watch and not watch.is_chunked and endless.ends_without_farewell(code, message):
            code = 0  # the end of the connection is the end of the body, as browsers see it
        outcome = CurlOutcome(
            code=0 if truncated and code == pycurl.E_WRITE_ERROR else code,
            status=info(pycurl.RESPONSE_CODE),
            lines=self.lines.copy(),
            body=b"".join(self.chunks)[:MAX_BODY],
            truncated=truncated,
            phases=phases,
            total_ms=total_ms,
            address=info(pycurl.PRIMARY_IP) or self.dialled,
            refused=self.refused,
            interim=self.interim,
        )
        if code:
            outcome.message = message
            outcome.errno = self._errno(connected=phases.connect_ms is not None)
        if self.secure:
            outcome.certificates = _certificates(self.easy)
        return outcome

    def _errno(self, *, connected: bool) -> int:
        """Return the system's error of a failed exchange, 0 for none.

        libcurl keeps that of any address it has tried. Once an address is connected, those of the
        others say nothing any more, and only what ends a connection counts.
        """
        if not connected:
            return self.open_errno or self.easy.getinfo(pycurl.OS_ERRNO)
        number: int = self.easy.getinfo(pycurl.OS_ERRNO)
        return number if number in _ENDS_A_CONNECTION else 0

    def _open_socket(self, purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> object:
        # The last wall: whatever led here, this is the address about to be dialled.
        family, kind, protocol, target = address
        self.dialled = target[0]
        self.refused = self._policy.refusal(target[0], target[1])
        if self.refused is not None:
            return pycurl.SOCKET_BAD
        try:
            return _Guarded(family, kind, protocol)
        except OSError as error:
            self.open_errno = error.errno or 0
            return pycurl.SOCKET_BAD

    def _note_socket(self, descriptor: int, purpose: int) -> int:
        self.descriptor = descriptor
        return int(pycurl.SOCKOPT_OK)

    def _is_connected(self) -> bool:
        if self.descriptor < 0:
            return False
        with socket.fromfd(self.descriptor, socket.AF_INET6, socket.SOCK_STREAM) as duplicate:
            try:
                duplicate.getpeername()
            except OSError:
                return False
        return True

    def _on_header(self, line: bytes) -> int | None:
        self.lines.append(line)
        if line != b"\r\n" and line != b"\n":
            return None
        head = self.lines[self.head_at :]
        self.head_at = len(self.lines)
        if not head[0].startswith(b"HTTP/"):  # of trailers
            return None
        if endless.is_switch(head):
            self.has_switched = True
            return -1
        if endless.is_interim(head):
            self.interim += 1
            return -1 if self.interim > MAX_INTERIM else None
        self.has_head = True
        self.watch = watch = endless.watch_of(head)
        if watch is None or self.enough is None or not watch.is_stream:
            return None
        return -1 if watch.ends(self.enough, self.lines, self.chunks, self.size) else None

    def _on_body(self, data: bytes) -> int:
        self.size += len(data)
        self.chunks.append(data)
        if self.size > MAX_BODY or not self.lines:
            return 0
        watch = self.watch
        if watch is None or self.enough is None:
            return len(data)
        return 0 if watch.ends(self.enough, self.lines, self.chunks, self.size) else len(data)


def _certificates(easy: pycurl.Curl) -> list[bytes]:
    chain = easy.getinfo_raw(pycurl.INFO_CERTINFO)
    return [value for fields in chain for name, value in fields if name == b"Cert"]
