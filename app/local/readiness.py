"""Readiness of the web process, asked for without importing an HTTP client."""

import json
import socket

DATABASE = "database"
_DATABASE_ADVICE = "check that it runs and that its disk is not full; see logs/postgres.log"
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - names of addresses, no binding


def ready_status(host: str, port: int) -> int | None:
    """Return the status of the answer to `GET /ready`; None when nobody answers."""
    request = f"GET /ready HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((WILDCARDS.get(host, host), port), timeout=2) as connection:
            connection.sendall(request.encode())
            words = connection.recv(64).split(b" ")
        return int(words[1])
    except (OSError, ValueError, IndexError):
        return None


def late_parts(host: str, port: int) -> dict[str, str] | None:
    """Return a line for each part of the product that is behind; None without an answer.

    Without the database nobody knows of the others: then it is the only one.
    """
    request = f"GET /ready HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        # It takes three seconds to say that a database hangs.
        with socket.create_connection((WILDCARDS.get(host, host), port), timeout=5) as connection:
            connection.sendall(request.encode())
            while piece := connection.recv(65536):
                answer += piece
        found = json.loads(answer.partition(b"\r\n\r\n")[2])
        if found["status"] != "ready":
            return {DATABASE: f"{found['error']}: {_DATABASE_ADVICE}"}
        return {
            one["part"]: f"{one['problem']} since {one['since']}: {one['advice']}"
            for one in found.get("late", [])
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def address(host: str, port: int) -> str:
    """Where a person on this machine finds the product."""
    local = host in ("127.0.0.1", "::1", *WILDCARDS)
    return f"http://{'localhost' if local else host}:{port}"
