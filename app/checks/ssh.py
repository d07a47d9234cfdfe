"""SSH: the server shows its banner, and the expected host key if one is given."""

import re
from typing import Any

from marshmallow import ValidationError

from app.checks.base import CheckConfig, CheckFailed, ProtocolBroken, check_type, host_and_port
from app.checks.fields import Text
from app.checks.ssh_keys import HOST_KEYS, fingerprints, host_key
from app.checks.wire import Wire, wire_to
from app.domain.checks.assertions import shown
from app.domain.types import FailureKind, Probe, Target
from app.network.network import Network

PORT = 22
CLIENT_BANNER = "SSH-2.0-AlertifyPro_1.0"
MAX_LINES_BEFORE = 50
# Alone, or in the line "256 SHA256:… host (ED25519)" that ssh-keygen prints.
_SHA256 = re.compile(r"(?:\d+ )?(SHA256:[A-Za-z0-9+/]{43})=?(?: .*)?\Z")
_BANNER = re.compile(r"SSH-(\d+)\.(\d+)-", re.ASCII)  # RFC 4253 4.2
_MD5 = re.compile(r"(?:\d+ )?(?:MD5:)?((?:[0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2})(?: .*)?\Z")


class Fingerprint(Text):
    """A host key fingerprint as ssh-keygen prints it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs).strip()
        if found := _SHA256.match(text):
            return found[1]
        if found := _MD5.match(text):
            return f"MD5:{found[1].lower()}"
        raise ValidationError('Write it as "SHA256:…", as `ssh-keygen -lf` prints it.')


class SshConfig(CheckConfig):
    """Config of an SSH check: the host key that is expected."""

    host_key_fingerprint = Fingerprint(
        max_length=500,
        metadata={
            "description": "fingerprint of one of the server's host keys",
            "example": "SHA256:uNiVztksCsDhcc0u9e8BrwexGLiwgMZBNBYbDRHxbQo",
        },
    )


@check_type(
    "SSH",
    config=SshConfig,
    endpoint=host_and_port(PORT),
    label="SSH server",
)
async def check_ssh(target: Target, network: Network) -> Probe:
    """Read the banner; with a fingerprint, make the server prove that it holds that key."""
    wanted = target.config.get("host_key_fingerprint")
    seen: list[str] = []
    kinds: frozenset[str] | None = None
    for algorithms in HOST_KEYS:  # a server shows one key for each key exchange
        if kinds is not None and not kinds & set(algorithms):
            continue
        async with wire_to(target, network, tls=False, default_port=PORT) as wire:
            banner = await _banner(wire)
            if not wanted:
                return wire.probe()
            key, kinds = await host_key(wire, CLIENT_BANNER, banner, algorithms)
            if key is None:
                continue
            prints = fingerprints(key)
            if wanted in prints:
                return wire.probe()
            seen.append(prints[0])
    raise CheckFailed(f"the host key is {' or '.join(seen) or 'of no known kind'}, not {wanted}")


async def _banner(wire: Wire) -> str:
    wire.stage("waiting for the banner")
    said = ""
    for _ in range(MAX_LINES_BEFORE):  # RFC 4253 4.2: other lines may come first
        try:
            line = await wire.line()
        except CheckFailed as error:
            if not said or error.kind is not FailureKind.CLOSED:
                raise
            sentence = f"the server closed the connection instead of its banner; it said {said}"
            raise CheckFailed(sentence, kind=FailureKind.CLOSED) from None
        if line.startswith("SSH-"):
            _require_version_2(line)
            wire.send(f"{CLIENT_BANNER}\r\n".encode())
            return line
        if not line.isprintable():
            raise ProtocolBroken(f"expected a banner, got {shown(line)}")
        if line.strip():
            said = said or shown(line)
            wire.stage(f"waiting for the banner; the server has said {said} so far")
    raise ProtocolBroken("there is no banner in the first 50 lines")


def _require_version_2(banner: str) -> None:
    """Raise ProtocolBroken unless a server speaks SSH 2, where 1.99 is both (RFC 4253 5.1).

    Of 2 any minor version will do, as for OpenSSH.
    """
    found = _BANNER.match(banner)
    if found is None:
        raise ProtocolBroken(f"the banner names no version of SSH: {shown(banner)}")
    major, minor = int(found[1]), int(found[2])
    if major != 2 and (major, minor) != (1, 99):
        raise ProtocolBroken(
            f"the server speaks only SSH {major}.{minor}, which no client of today accepts;"
            " it must speak SSH 2.0"
        )
