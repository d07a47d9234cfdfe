"""Names whose IPv6 address never answers beside a living IPv4 address, in every protocol."""

import asyncio

from tests import certificates
from tests.loopback import go, probe
from tests.network.test_address_families import (
    Echo,
    enter_network_namespace,
    named_network,
    set_up,
    tell,
    told_in_a_namespace,
)


def test_a_family_that_swallows_everything_hides_no_living_server():
    """The same with an IPv6 address that never answers: lost on the way, as behind a firewall."""
    for name, (status, kind, error) in told_in_a_namespace(
        "tests.network.test_silent_family"
    ).items():
        may_not_ping = name == "PING" and kind == "own_limit" and "ping" in error
        assert status in ("GREEN", "YELLOW") or may_not_ping, (name, error)


def greets(*answers):
    async def handler(reader, writer):
        for answer in answers:
            writer.write(answer + b"\r\n")
            await reader.readline()

    return handler


async def page(reader, writer):
    await reader.readline()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def pong(reader, writer):
    await reader.readline()
    writer.write(b"+PONG\r\n")


SILENT, LIVING = "2001:db8::9", "198.51.100.1"
SERVERS = {  # check type: form of the endpoint, what the server does, whether it speaks TLS
    "HTTP": ("http://both.test:{port}/", page, False),
    "SSL": ("both.test:{port}", page, True),
    "TCP": ("both.test:{port}", page, False),
    "SMTP": ("both.test:{port}", greets(b"220 hi", b"250 me"), False),
    "IMAP": ("both.test:{port}", greets(b"* OK hi"), False),
    "POP3": ("both.test:{port}", greets(b"+OK hi"), False),
    "FTP": ("both.test:{port}", greets(b"220 hi", b"200 me"), False),
    "SSH": ("both.test:{port}", greets(b"SSH-2.0-x"), False),
    "REDIS": ("both.test:{port}", pong, False),
}


async def beside_a_silent_family(check_type, form, handler, is_secure):
    tls = certificates.tls_server("both.test") if is_secure else None
    server = await asyncio.start_server(handler, LIVING, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    async with named_network(SILENT, LIVING) as network:
        observation = await probe(check_type, form.format(port=port), network=network)
    server.close()
    return observation


async def echo_beside_a_silent_family():
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, (LIVING, 0))
    port = transport.get_extra_info("sockname")[1]
    async with named_network(SILENT, LIVING) as network:
        config = {"payload": "ping", "expect": "pong"}
        return await probe("UDP", f"both.test:{port}", config, network=network)


async def ping_beside_a_silent_family():
    async with named_network(SILENT, LIVING) as network:
        return await probe("PING", "both.test", network=network)


BESIDE_SILENCE = {
    **{
        name: lambda name=name, way=way: go(beside_a_silent_family(name, *way))
        for name, way in SERVERS.items()
    },
    "UDP": lambda: go(echo_beside_a_silent_family()),
    "PING": lambda: go(ping_beside_a_silent_family()),
}


def _with_silent_ipv6() -> None:
    """Move this process into a network namespace where IPv6 has a route to nobody, or exit."""
    enter_network_namespace()
    set_up(
        "link add near type veth peer name far",
        "link set far up",
        "link set near up",
        f"address add {LIVING}/24 dev near",
        "address add 2001:db8::1/64 dev near nodad",
    )


if __name__ == "__main__":
    _with_silent_ipv6()
    tell(BESIDE_SILENCE)
