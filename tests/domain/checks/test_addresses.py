"""The address guard: what may be dialled, in every disguise."""

from ipaddress import ip_network

import pytest

from app.domain.checks.addresses import AddressPolicy

ANY = AddressPolicy()
PUBLIC = AddressPolicy("public")

PUBLIC_ADDRESSES = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "2a00:1450:4001:82b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",  # DNS64: the embedded address counts, not the prefix
    "64:ff9b:1::808:808",
    "2002:808:808::",
]
METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",  # the /48 form of RFC 6052
    "2002:a9fe:a9fe::",
    "2001:0:0:0:0:0:5601:5601",  # Teredo: the client's address is stored inverted
]
NOWHERE = ["0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255"]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.0.0.8",
    "192.88.99.1",
    "240.0.0.1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "5f00::1",
    "3fff::1",
    "2001:db8::1",
    "2001:2::1",
    "100::1",
    "4000::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::",
]


@pytest.mark.parametrize("address", PUBLIC_ADDRESSES)
@pytest.mark.parametrize("policy", [ANY, PUBLIC])
def test_public_addresses_pass(address, policy):
    assert policy.refusal(address) is None


@pytest.mark.parametrize("address", METADATA)
@pytest.mark.parametrize("policy", [ANY, PUBLIC])
def test_metadata_never_passes(address, policy):
    assert "is a cloud metadata address" in policy.refusal(address)


@pytest.mark.parametrize("address", NOWHERE)
@pytest.mark.parametrize("policy", [ANY, PUBLIC])
def test_what_is_no_single_host_never_passes(address, policy):
    assert policy.refusal(address) is not None


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_pass_only_where_any_host_may_be_watched(address):
    assert ANY.refusal(address) is None
    assert PUBLIC.refusal(address) is not None


def test_the_sentence_names_address_and_rule():
    assert PUBLIC.refusal("::ffff:10.0.0.1") == (
        "::ffff:10.0.0.1 (which is 10.0.0.1) is a private address, "
        "and only public addresses may be watched here"
    )


def test_deny_goes_before_allow_before_metadata_before_mode():
    allow = (ip_network("169.254.169.254/32"), ip_network("10.0.0.0/8"))
    deny = (ip_network("10.9.0.0/16"), ip_network("8.8.8.0/24"))
    policy = AddressPolicy("public", allow, deny)
    assert policy.refusal("169.254.169.254") is None
    assert policy.refusal("10.1.1.1") is None
    assert policy.refusal("::ffff:10.1.1.1") is None
    assert policy.refusal("172.16.0.1") is not None
    for denied in ("10.9.1.1", "::ffff:10.9.1.1", "64:ff9b::a09:101", "8.8.8.8"):
        assert "which the operator has denied" in policy.refusal(denied)


def test_the_platforms_own_servers_are_refused_inside_an_allowed_network():
    policy = AddressPolicy(
        "public", (ip_network("10.0.0.0/8"),), own=frozenset({("10.0.0.5", 5432)})
    )
    assert "platform itself" in policy.refusal("10.0.0.5", 5432)
    assert "platform itself" in policy.refusal("::ffff:10.0.0.5", 5432)
    assert policy.refusal("10.0.0.5", 443) is None


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f000001", "1.2.3.4.5"])
def test_what_is_no_address_is_refused(text):
    assert "is not an address" in ANY.refusal(text)
