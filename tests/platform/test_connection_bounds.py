"""Bounds on connections: how many, for how long, and whose."""

import socket
from collections import Counter

from app.platform import http_worker


def test_a_body_of_frames_alone_ends_too():
    assert http_worker.body_seconds(0) == 10
    assert http_worker.body_seconds(1024 * 1024) == 138  # the largest that the API takes
    assert http_worker.body_seconds(10**12) == 600


def test_a_process_takes_no_more_than_it_may_open():
    assert http_worker.connections_within(1500, 65_536) == 1500
    assert http_worker.connections_within(1500, 1024) == 924
    assert http_worker.connections_within(1500, 64) > http_worker.SPARE


def test_one_network_of_ipv6_is_one_address():
    """Whoever has one address of IPv6 has the 2^64 beside it (RFC 6177)."""
    worker = object.__new__(http_worker.GuardedWorker)
    worker._trusted, worker._per_address = (), 3
    worker._counts = Counter({"2001:db8:0:1::/64": 3})
    ours, theirs = socket.socketpair()
    with ours:
        worker.handle(None, theirs, ("2001:db8:0:1::7", 50_000, 0, 0))
        answer = ours.recv(65536)
    assert answer.startswith(b"HTTP/1.1 429 ")
    assert b"too many connections" in answer
