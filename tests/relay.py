"""A relay for bytes: `python -m tests.relay LISTEN TO [CERTIFICATE]`, each host:port or a path.

With a certificate (PEM with its key) it takes TLS. A path is a Unix socket, which connects network
namespaces: whoever is in one without any way out reaches what is behind it, and nothing else.
"""

import asyncio
import ssl
import sys
from contextlib import suppress
from typing import Any


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hand on all bytes of one direction."""
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()


async def main(listen: str, to: str, certificate: str = "") -> None:
    """Relay until killed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await _connect(to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer))

    options: dict[str, Any] = {}
    if certificate:
        options["ssl"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        options["ssl"].load_cert_chain(certificate)
    if ":" in listen:
        host, port = listen.rsplit(":", 1)
        server = await asyncio.start_server(serve, host, int(port), backlog=512, **options)
    else:
        server = await asyncio.start_unix_server(serve, listen, backlog=512)
    print("ready", flush=True)
    await server.serve_forever()


def _connect(to: str) -> Any:
    if ":" in to:
        host, port = to.rsplit(":", 1)
        return asyncio.open_connection(host, int(port))
    return asyncio.open_unix_connection(to)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
