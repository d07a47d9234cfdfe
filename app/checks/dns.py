"""DNS: a name resolves to what is expected.

The question goes out through the guard, so a resolver that a user names is judged like any host.
"""

import asyncio
import ipaddress
from collections.abc import Mapping
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.reversename
import dns.rrset
from marshmallow import ValidationError, fields, validate

from app.checks.base import CheckConfig, CheckFailed, Endpoint, ProtocolBroken, check_type
from app.checks.fields import Text, choice, number
from app.domain.checks.assertions import shown
from app.domain.checks.endpoints import is_address, parse_host, parse_host_port
from app.domain.types import FailureKind, Probe, Target
from app.network.door import Network
from app.network.errors import CannotTell, NetworkError, from_exception
from app.network.trace import trace

PORT = 53
AGAIN_SECONDS = 1.0
RECORD_TYPES = ("A", "AAAA", "CNAME", "MX", "TXT", "NS", "PTR", "SOA", "SRV", "CAA")
MAX_TTL = 2**31 - 1


class Resolver(Text):
    """A name server as host or host:port."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        written = super()._deserialize(value, *args, **kwargs)
        try:
            return parse_host_port(written.strip(), PORT).text
        except ValueError as error:
            raise ValidationError(f"{error}.") from None


class TextOrList(fields.List[str]):
    """One text or a list of texts."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        values = super()._deserialize([value] if isinstance(value, str) else value, *args, **kwargs)
        return values[0] if isinstance(value, str) and values else values


class DnsConfig(CheckConfig):
    """What to ask, whom, and what must come back."""

    record_type = choice("record type", RECORD_TYPES, default="A")
    expected_value = TextOrList(
        Text(max_length=1_000),
        validate=validate.Length(max=50),
        metadata={
            "description": "values that must be among the answers",
            "example": ["192.0.2.10"],
        },
    )
    resolver = Resolver(
        metadata={"description": "name server to ask, as host or host:port", "example": "1.1.1.1"}
    )
    min_ttl = number("lowest time to live allowed, in seconds", 0, MAX_TTL)
    max_ttl = number("highest time to live allowed, in seconds", 0, MAX_TTL)


@check_type(
    "DNS",
    config=DnsConfig,
    endpoint=Endpoint(
        lambda text: parse_host(text.strip()), hint="name to look up", example="example.com"
    ),
    label="DNS record",
)
async def check_dns(target: Target, network: Network) -> Probe:
    """Ask for a record and judge values and times to live."""
    config = target.config
    record_type = config.get("record_type", "A")
    question = dns.message.make_query(_name(target.endpoint, record_type), record_type)
    if config.get("resolver"):
        server = parse_host_port(config["resolver"], PORT)
        answer = await _ask(network, question, [(server.host, server.port)], judged=True)
    else:
        servers = network.nameservers()
        if not servers:
            raise CannotTell("the monitor has no name server")
        answer = await _ask(network, question, servers, judged=False)
    trace().note(str(answer).encode())
    _judge(_records(answer, record_type, target.endpoint), record_type, config)
    return Probe(ok=True)


def _name(endpoint: str, record_type: str) -> dns.name.Name:
    name = parse_host(endpoint)
    if is_address(name):
        if record_type != "PTR":
            sentence = f"{name} is an address: only PTR can be asked for it"
            raise CheckFailed(sentence, kind=FailureKind.CONFIGURATION)
        return dns.reversename.from_address(str(ipaddress.ip_address(name.partition("%")[0])))
    return dns.name.from_text(name)


async def _ask(
    network: Network,
    question: dns.message.QueryMessage,
    servers: list[tuple[str, int]],
    *,
    judged: bool,
) -> dns.message.Message:
    notes = trace()
    wire = question.to_wire()
    failure: Exception | None = None
    while True:  # the fence ends it; name servers take turns
        for host, port in servers:
            notes.stage = "waiting for the name server"
            try:
                async with (
                    asyncio.timeout(AGAIN_SECONDS),
                    network.datagram(host, port, judged=judged) as socket,
                ):
                    notes.stage = "waiting for the name server"
                    socket.send(wire)
                    answer = await _matching(socket.receive, question)
            except TimeoutError:
                continue
            except NetworkError as error:
                failure = error
                continue
            if answer.flags & dns.flags.TC:
                return await _ask_tcp(network, question, host, port)
            return answer
        if failure is not None:
            raise failure


async def _matching(receive: Any, question: dns.message.QueryMessage) -> dns.message.Message:
    while True:
        data = await receive()
        trace().note(data)
        try:
            answer = dns.message.from_wire(data, ignore_trailing=True)
        except (dns.exception.DNSException, ValueError):
            raise ProtocolBroken("the name server's answer cannot be read") from None
        if question.is_response(answer):
            return answer  # anything else may be forged or late


async def _ask_tcp(
    network: Network, question: dns.message.QueryMessage, host: str, port: int
) -> dns.message.Message:
    wire = question.to_wire()
    async with network.stream(host, port) as connection:
        connection.writer.write(len(wire).to_bytes(2) + wire)
        try:
            size = int.from_bytes(await connection.reader.readexactly(2))
            data = await connection.reader.readexactly(size)
            return dns.message.from_wire(data)
        except (asyncio.IncompleteReadError, dns.exception.DNSException, ValueError):
            raise ProtocolBroken("the name server's answer cannot be read") from None
        except OSError as error:
            raise from_exception(error) from None


def _records(answer: dns.message.Message, record_type: str, endpoint: str) -> dns.rrset.RRset:
    code = answer.rcode()
    if code == dns.rcode.NXDOMAIN:
        raise CheckFailed(f"{endpoint} does not exist (NXDOMAIN)", kind=FailureKind.NO_SUCH_HOST)
    if code != dns.rcode.NOERROR:
        sentence = f"the name server answered {dns.rcode.to_text(code)}"
        raise CheckFailed(sentence, kind=FailureKind.RESOLVER_FAILED)
    wanted = dns.rdatatype.from_text(record_type)
    found = [rrset for rrset in answer.answer if rrset.rdtype == wanted]
    if not found:
        raise CheckFailed(f"{endpoint} has no {record_type} record")
    return found[0]


def _judge(records: dns.rrset.RRset, record_type: str, config: Mapping[str, Any]) -> None:
    values = [_value(record.to_text(), record_type) for record in records]
    expected = config.get("expected_value") or []
    for one in [expected] if isinstance(expected, str) else expected:
        if not any(_equal(one, value) for value in values):
            raise CheckFailed(f"expected {shown(one)}, got {', '.join(sorted(values))}")
    if records.ttl < config.get("min_ttl", 0):
        raise CheckFailed(f"the time to live is {records.ttl} s, below {config['min_ttl']} s")
    if records.ttl > config.get("max_ttl", MAX_TTL):
        raise CheckFailed(f"the time to live is {records.ttl} s, above {config['max_ttl']} s")


def _value(text: str, record_type: str) -> str:
    if record_type == "TXT":  # one text may come in several strings
        return "".join(part.strip('"') for part in text.split('" "'))
    return text


def _equal(expected: str, value: str) -> bool:
    wanted, found = expected.strip().rstrip(".").lower(), value.rstrip(".").lower()
    if wanted == found or expected == value:
        return True
    # An MX or SRV may be named by its host alone, an address in any of its spellings.
    if wanted == found.split(" ")[-1] and " " in found:
        return True
    try:
        return ipaddress.ip_address(wanted) == ipaddress.ip_address(found)
    except ValueError:
        return False
