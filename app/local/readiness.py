"""Asking the web process whether it is ready, without importing an HTTP client."""

import socket

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names of addresses, no binding


def web_is_ready(host: str, port: int) -> bool:
    """True when `GET /ready` answers 200."""
    request = f"GET /ready HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((WILDCARDS.get(host, host), port), timeout=2) as connection:
            connection.sendall(request.encode())
            status = connection.recv(64).split(b" ")
    except OSError:
        return False
    return len(status) > 1 and status[1] == b"200"


def address(host: str, port: int) -> str:
    """Where a person on this machine finds the product."""
    local = host in ("127.0.0.1", "::1", *WILDCARDS)
    return f"http://{'localhost' if local else host}:{port}"
