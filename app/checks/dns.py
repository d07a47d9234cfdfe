"""DNS: a name resolves to what is expected.

The question goes out through the guard, so a resolver that a user names is guarded like any host.
"""

import asyncio
import ipaddress
from contextlib import AbstractAsyncContextManager
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.reversename
import dns.rrset
from marshmallow import ValidationError, fields

from app.checks.base import CheckConfig, CheckFailed, Endpoint, ProtocolBroken, check_type
from app.checks.dns_records import MAX_TTL, RECORD_TYPES, evaluate, records_of
from app.checks.fields import Text, choice, number
from app.domain.checks.endpoints import is_address, parse_dns_name, parse_host_port
from app.domain.types import FailureKind, Probe, Target
from app.network.datagrams import DatagramSocket, Peer
from app.network.errors import NetworkError, NoNameServer, from_exception
from app.network.network import Network
from app.network.streams import Connection
from app.network.trace import trace

PORT = 53
AGAIN_SECONDS = 1.0
TURN_SECONDS = 2.0  # over TCP, of each name server but the last
MAX_VALUE = 4_096  # a DKIM key of 4096 bits takes 800 characters
MAX_VALUES = 50
TRANSPORTS = ("udp", "tcp")
_UNABLE = (dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP)
_UNREADABLE = "the name server's answer cannot be read"
_HUNG_UP = "the name server closed the connection without answering"


class Resolver(Text):
    """A name server as host or host:port."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, *args, **kwargs)
        try:
            return parse_host_port(written.strip(), PORT).text
        except ValueError as error:
            raise ValidationError(f"{error}.") from None


class TextOrList(fields.List[str]):
    """One text or a list of texts, bounded in both."""

    def __init__(self, description: str, example: Any) -> None:
        metadata = {"description": description, "example": example, "type": ["array", "string"]}
        super().__init__(Text(max_length=MAX_VALUE), metadata=metadata)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        values = super()._deserialize([value] if isinstance(value, str) else value, *args, **kwargs)
        if len(values) > MAX_VALUES:
            raise ValidationError(f"Longer than maximum length {MAX_VALUES}.")
        return values[0] if isinstance(value, str) and values else values


class DnsConfig(CheckConfig):
    """Config of a DNS check: the question, the resolver, and the answer it must give."""

    record_type = choice("record type", RECORD_TYPES, default="A")
    expected_value = TextOrList(
        "values that must be among the answers; an MX or SRV may be named by its host",
        ["192.0.2.10"],
    )
    exactly = TextOrList(
        "values that must be the answers, all of them and nothing else", ["192.0.2.10"]
    )
    contains = TextOrList("texts that an answer must contain", "v=spf1")
    resolver = Resolver(
        metadata={"description": "name server to ask, as host or host:port", "example": "1.1.1.1"}
    )
    transport = choice(
        "how to ask: over UDP, and TCP for long answers, or over TCP alone",
        TRANSPORTS,
        default="udp",
    )
    min_ttl = number("lowest time to live allowed, in seconds", 0, MAX_TTL)
    max_ttl = number("highest time to live allowed, in seconds", 0, MAX_TTL)


@check_type(
    "DNS",
    config=DnsConfig,
    endpoint=Endpoint(
        lambda text: parse_dns_name(text.strip()), hint="name to look up", example="example.com"
    ),
    label="DNS record",
    dials_endpoint=False,
)
async def check_dns(target: Target, network: Network) -> Probe:
    """Ask for a record and evaluate values and times to live."""
    config = target.config
    record_type = config.get("record_type", "A")
    question = dns.message.make_query(_name(target.endpoint, record_type), record_type)
    servers = _NameServers(network, config.get("resolver"))
    if config.get("transport") == "tcp":
        answer = await servers.ask_over_tcp(question)
    else:
        answer = await servers.ask(question)
    trace().note(str(answer).encode())
    evaluate(records_of(answer, record_type, target.endpoint), record_type, config)
    return Probe(ok=True)


def _name(endpoint: str, record_type: str) -> dns.name.Name:
    name = parse_dns_name(endpoint)
    if is_address(name):
        if record_type != "PTR":
            sentence = f"{name} is an address: only PTR can be asked for it"
            raise CheckFailed(sentence, kind=FailureKind.CONFIGURATION)
        return dns.reversename.from_address(str(ipaddress.ip_address(name.partition("%")[0])))
    return dns.name.from_text(name)


class _NameServers:
    """The name server that the config names, else those of the system."""

    def __init__(self, network: Network, named: str | None) -> None:
        self._network = network
        self._named = parse_host_port(named, PORT) if named else None

    async def ask(self, question: dns.message.QueryMessage) -> dns.message.Message:
        """Ask over UDP until one answers; the check's time limit ends it.

        Servers and their addresses take turns, and a late answer counts. Who cannot answer
        (SERVFAIL, REFUSED) is believed when nobody else can.
        """
        notes = trace()
        unable: dict[Peer, dns.message.Message] = {}
        try:
            async with self._datagram() as socket:
                notes.stage = "waiting for the name server"
                answer = await self._conversation(socket, question, unable)
                peer = socket.peer
        except NetworkError as error:
            if unable:
                return next(iter(unable.values()))
            if self._named is None and error.kind is FailureKind.REFUSED:
                raise NoNameServer from None
            raise
        if answer.flags & dns.flags.TC:
            return await self.ask_over_tcp(question, peer)
        return answer

    async def _conversation(
        self,
        socket: DatagramSocket,
        question: dns.message.QueryMessage,
        unable: dict[Peer, dns.message.Message],
    ) -> dns.message.Message:
        wire = question.to_wire()
        while True:
            socket.send(wire)
            try:
                async with asyncio.timeout(AGAIN_SECONDS):
                    answer = await _matching(socket, question)
            except TimeoutError:
                continue
            if answer.rcode() not in _UNABLE:
                return answer
            unable[socket.peer] = answer
            if socket.peers <= set(unable):
                return answer
            code = dns.rcode.to_text(answer.rcode())
            trace().stage = f"waiting for another name server: one answered {code}"

    async def ask_over_tcp(
        self, question: dns.message.QueryMessage, peer: Peer | None = None
    ) -> dns.message.Message:
        """Ask over TCP (RFC 7766), at an address that has answered already or at any in turn."""
        if self._named is not None or peer is not None:
            return await self._ask_one_over_tcp(question, peer)
        *others, last = self._system()
        unable: dns.message.Message | None = None
        for server in others:
            try:
                async with asyncio.timeout(TURN_SECONDS):
                    answer = await self._ask_one_over_tcp(question, server)
            except (TimeoutError, NetworkError, CheckFailed):
                continue
            if answer.rcode() not in _UNABLE:
                return answer
            unable = unable or answer
        try:
            return await self._ask_one_over_tcp(question, last)
        except (NetworkError, CheckFailed):
            if unable is None:
                raise
            return unable

    async def _ask_one_over_tcp(
        self, question: dns.message.QueryMessage, peer: Peer | None
    ) -> dns.message.Message:
        wire = question.to_wire()
        async with self._stream(peer) as connection:
            connection.writer.write(len(wire).to_bytes(2) + wire)
            trace().stage = "waiting for the name server"
            try:
                size = int.from_bytes(await connection.reader.readexactly(2))
                data = await connection.reader.readexactly(size)
                answer = dns.message.from_wire(data)
            except asyncio.IncompleteReadError:
                raise CheckFailed(_HUNG_UP, kind=FailureKind.CLOSED) from None
            except (dns.exception.DNSException, ValueError):
                raise ProtocolBroken(_UNREADABLE) from None
            except OSError as error:
                raise from_exception(error) from None
        if not question.is_response(answer):
            raise ProtocolBroken("the name server answers another question")
        if answer.flags & dns.flags.TC and not answer.answer:
            raise ProtocolBroken("the name server cuts its answer short even over TCP")
        return answer

    def _datagram(self) -> AbstractAsyncContextManager[DatagramSocket]:
        if self._named is None:
            return self._network.datagram_to_nameservers()
        return self._network.datagram(self._named.host, self._named.port)

    def _stream(self, peer: Peer | None) -> AbstractAsyncContextManager[Connection]:
        if self._named is not None:
            return self._network.stream(peer[0] if peer else self._named.host, self._named.port)
        return self._network.stream_to_nameserver(*(peer or self._system()[0]))

    def _system(self) -> list[Peer]:
        servers = self._network.nameservers()
        if not servers:
            raise NoNameServer("the monitor has no name server")
        return servers


async def _matching(
    socket: DatagramSocket, question: dns.message.QueryMessage
) -> dns.message.Message:
    while True:
        data = await socket.receive()
        trace().note(data)
        try:
            answer = dns.message.from_wire(data, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError):
            answer = _cut_short(data, question)
        if question.is_response(answer):
            return answer  # anything else may be forged


def _cut_short(data: bytes, question: dns.message.QueryMessage) -> dns.message.Message:
    """Return an empty answer that says so where one ends in the middle of a record.

    What is in it does not count then: it is to be asked for over TCP (RFC 2181 9). Raises
    ProtocolBroken for any other that cannot be read.
    """
    flags = int.from_bytes(data[2:4])
    if int.from_bytes(data[:2]) != question.id or not flags & dns.flags.TC:
        raise ProtocolBroken(_UNREADABLE)
    answer = dns.message.make_response(question)
    answer.flags |= dns.flags.TC
    return answer
