"""SSH checks against a real server (asyncssh) with keys of every kind."""

import asyncssh
import pytest
from marshmallow import ValidationError

from app.checks.ssh import SshConfig
from app.domain.types import Status
from tests import loopback
from tests.loopback import go, probe

KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp521", "ssh-rsa")


def ask(kinds=KINDS, wanted=None, hash_name="sha256", **server_options):
    """Probe a server that holds keys of these kinds, expecting the fingerprint of one of them."""

    async def story():
        keys = {kind: asyncssh.generate_private_key(kind) for kind in kinds}
        server = await asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=list(keys.values()), **server_options
        )
        config = {}
        if wanted == "another":
            other = asyncssh.generate_private_key("ssh-ed25519")
            config["host_key_fingerprint"] = other.get_fingerprint(hash_name)
        elif wanted:
            config["host_key_fingerprint"] = keys[wanted].get_fingerprint(hash_name)
        try:
            return await probe("SSH", f"127.0.0.1:{server.get_port()}", config, timeout_seconds=5)
        finally:
            server.close()
            await server.wait_closed()

    return go(story())


def test_a_banner_is_enough():
    assert ask(("ssh-ed25519",)).status is Status.GREEN


@pytest.mark.parametrize("kind", KINDS)
def test_the_fingerprint_of_any_of_its_keys_is_green(kind):
    observation = ask(wanted=kind)
    assert (observation.status, observation.error) == (Status.GREEN, None)


def test_md5_fingerprints_and_other_key_exchanges():
    assert ask(("ssh-ed25519",), "ssh-ed25519", "md5").status is Status.GREEN
    assert ask(("ssh-rsa",), "ssh-rsa", kex_algs=["ecdh-sha2-nistp256"]).status is Status.GREEN


def test_another_key_is_red_and_named():
    observation = ask(("ssh-ed25519",), "another")
    assert observation.status is Status.RED
    assert observation.error.startswith("the host key is SHA256:")
    assert ", not SHA256:" in observation.error


def test_a_server_without_a_common_key_exchange_says_so():
    observation = ask(("ssh-rsa",), "ssh-rsa", kex_algs=["diffie-hellman-group14-sha256"])
    assert observation.error == "the server offers no key exchange known here"


def test_what_a_server_says_instead_of_its_banner_is_told():
    async def full(reader, writer):
        writer.write(b"Exceeded MaxStartups\r\n")  # OpenSSH's word

    async def story():
        async with loopback.tcp(full) as peer:
            return await probe("SSH", peer.endpoint)

    assert go(story()).error == (
        'the server closed the connection instead of its banner; it said "Exceeded MaxStartups"'
    )


def test_a_new_key_is_told_until_its_fingerprint_is_given():
    """Of a host whose keys were changed: RED, naming all that it shows now."""
    observation = ask(("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"), "another")
    assert observation.status is Status.RED
    assert observation.error.count("SHA256:") == 4


def test_lines_before_the_banner_are_allowed():
    async def story():
        async with loopback.tcp(loopback.stops_after(b"welcome\r\nSSH-2.0-x\r\n")) as peer:
            return await probe("SSH", peer.endpoint)

    assert go(story()).status is Status.GREEN


@pytest.mark.parametrize(
    ("banner", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2", None),
        (b"SSH-1.99-Cisco-1.25", None),
        (b"SSH-1.5-Cisco-1.25", "the server speaks only SSH 1.5"),
        (b"SSH-1.51-old", "the server speaks only SSH 1.51"),
        (b"SSH-3.0-new", "the server speaks only SSH 3.0"),
        (b"SSH-20-what", 'the banner names no version of SSH: "SSH-20-what"'),
    ],
)
def test_only_version_2_is_green(banner, reason):
    async def story():
        async with loopback.tcp(loopback.stops_after(banner + b"\r\n")) as peer:
            return await probe("SSH", peer.endpoint)

    observation = go(story())
    if reason is None:
        assert (observation.status, observation.error) == (Status.GREEN, None)
    else:
        assert observation.status is Status.RED
        assert observation.error.startswith(reason)


def test_another_service_is_red():
    async def story():
        async with loopback.tcp(loopback.stops_after(b"HTTP/1.1 400 \x00\r\n")) as peer:
            return await probe("SSH", peer.endpoint)

    assert go(story()).error == 'expected a banner, got "HTTP/1.1 400 \\u0000"'


def test_what_another_service_has_said_is_told_when_time_runs_out():
    async def story():
        async with loopback.tcp(loopback.stops_after(b"220 mail.example.com ESMTP\r\n")) as peer:
            return await probe("SSH", peer.endpoint, timeout_seconds=1.5)

    assert go(story()).error.endswith(
        'waiting for the banner; the server has said "220 mail.example.com ESMTP" so far'
    )


@pytest.mark.parametrize("text", ["", "SHA256:short", "aa:bb", "nonsense"])
def test_bad_fingerprints(text):
    with pytest.raises(ValidationError):
        SshConfig().load({"host_key_fingerprint": text})
