"""Which address a request comes from."""

from ipaddress import ip_network

import pytest

from app.domain.accounts.client_addresses import client_address, group

TRUSTED = [ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"), ip_network("::1/128")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, nonsense", "127.0.0.1"),
        ("::1", "2001:db8::1", "2001:db8::1"),
        ("::1", "[2001:db8::1]", "2001:db8::1"),
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (None, "198.51.100.7", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_client_address(peer, forwarded, expected):
    assert client_address(peer, forwarded, TRUSTED) == expected


def test_places():
    assert group("192.0.2.1") == "192.0.2.1"
    assert group("2001:db8:0:1::5") == group("2001:db8:0:1:ffff::9") == "2001:db8:0:1::/64"
    assert group("unknown") == "unknown"
