"""The part of SSH that shows a host key and proves its possession: one key exchange, no login.

Sources: RFC 4253 (transport), 5656 and 8731 (curves), 8332 (RSA with SHA-2), 8709 (Ed25519).
"""

import hashlib
import os
import struct
from base64 import b64encode
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_public_key,
)

from app.checks.base import CheckFailed, ProtocolBroken
from app.checks.wire import Wire

HOST_KEYS = (
    ("ssh-ed25519",),
    ("ecdsa-sha2-nistp256",),
    ("ecdsa-sha2-nistp384",),
    ("ecdsa-sha2-nistp521",),
    ("rsa-sha2-512", "rsa-sha2-256"),
)
MAX_PACKET = 35_000  # RFC 4253 6.1
_DISCONNECT, _IGNORE, _DEBUG, _KEXINIT, _ECDH_INIT, _ECDH_REPLY = 1, 2, 4, 20, 30, 31
_CURVE25519 = ("curve25519-sha256", "curve25519-sha256@libssh.org")
_NISTP256 = "ecdh-sha2-nistp256"
_CIPHERS = (
    "aes128-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com,"
    "chacha20-poly1305@openssh.com"
)
_MACS = "hmac-sha2-256,hmac-sha2-512,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com"
_SIGNATURE_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "rsa-sha2-512": hashes.SHA512,
    "rsa-sha2-256": hashes.SHA256,
    "ecdsa-sha2-nistp256": hashes.SHA256,
    "ecdsa-sha2-nistp384": hashes.SHA384,
    "ecdsa-sha2-nistp521": hashes.SHA512,
}


async def host_key(
    wire: Wire, our_banner: str, their_banner: str, algorithms: tuple[str, ...]
) -> tuple[bytes | None, frozenset[str]]:
    """Return the host key of one kind, proved by the server, and the kinds of key that it has.

    The key is None if it has none of this kind. Raises CheckFailed when the proof is wrong.
    """
    wire.stage("exchanging keys")
    ours = _kexinit(algorithms)
    _send(wire, ours)
    theirs = await _packet(wire, _KEXINIT)
    lists = _name_lists(theirs)
    kex = next((name for name in (*_CURVE25519, _NISTP256) if name in lists[0]), None)
    if kex is None:
        raise CheckFailed("the server offers no key exchange known here")
    kinds = frozenset(lists[1])
    if not kinds & set(algorithms):
        return None, kinds
    private, public = _ephemeral(kex)
    _send(wire, bytes([_ECDH_INIT]) + _string(public))
    answer = _Reader((await _packet(wire, _ECDH_REPLY))[1:])
    key, their_public, signature = answer.string(), answer.string(), answer.string()
    exchange = b"".join(
        map(_string, (our_banner.encode(), their_banner.encode(), ours, theirs, key, public))
    )
    try:
        secret = _shared(private, their_public)
        digest = hashlib.sha256(exchange + _string(their_public) + _mpint(secret)).digest()
        _verify(key, signature, digest)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        raise ProtocolBroken("the server could not prove that it holds its host key") from None
    return key, kinds


def fingerprints(key: bytes) -> tuple[str, str]:
    """Return a key's fingerprints as ssh-keygen prints them, SHA256 first."""
    md5 = hashlib.md5(key, usedforsecurity=False).hexdigest()
    pairs = ":".join(md5[index : index + 2] for index in range(0, 32, 2))
    sha256 = b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")
    return f"SHA256:{sha256}", f"MD5:{pairs}"


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def string(self) -> bytes:
        if len(self._data) < 4:
            raise ProtocolBroken("the server sent an unreadable SSH packet")
        (size,) = struct.unpack_from(">I", self._data)
        value, self._data = self._data[4 : 4 + size], self._data[4 + size :]
        if len(value) != size:
            raise ProtocolBroken("the server sent an unreadable SSH packet")
        return value


def _kexinit(algorithms: tuple[str, ...]) -> bytes:
    kex = ",".join((*_CURVE25519, _NISTP256))
    lists = (kex, ",".join(algorithms), *(_CIPHERS,) * 2, *(_MACS,) * 2, "none", "none", "", "")
    names = b"".join(_string(names.encode()) for names in lists)
    return bytes([_KEXINIT]) + os.urandom(16) + names + bytes(5)


def _name_lists(kexinit: bytes) -> list[list[str]]:
    reader = _Reader(kexinit[17:])
    return [reader.string().decode("latin-1").split(",") for _ in range(2)]


def _ephemeral(kex: str) -> tuple[x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey, bytes]:
    if kex in _CURVE25519:
        private = x25519.X25519PrivateKey.generate()
        return private, private.public_key().public_bytes_raw()
    point = ec.generate_private_key(ec.SECP256R1())
    return point, point.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _shared(private: x25519.X25519PrivateKey | ec.EllipticCurvePrivateKey, theirs: bytes) -> bytes:
    if isinstance(private, x25519.X25519PrivateKey):
        return private.exchange(x25519.X25519PublicKey.from_public_bytes(theirs))
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    return private.exchange(ec.ECDH(), peer)


def _verify(key: bytes, signature: bytes, digest: bytes) -> None:
    reader = _Reader(signature)
    algorithm, value = reader.string().decode("latin-1"), reader.string()
    kind = _Reader(key).string()
    public = load_ssh_public_key(kind + b" " + b64encode(key))
    if isinstance(public, ed25519.Ed25519PublicKey):
        public.verify(value, digest)
    elif isinstance(public, rsa.RSAPublicKey) and algorithm in _SIGNATURE_HASHES:
        public.verify(value, digest, padding.PKCS1v15(), _SIGNATURE_HASHES[algorithm]())
    elif isinstance(public, ec.EllipticCurvePublicKey) and algorithm in _SIGNATURE_HASHES:
        pair = _Reader(value)
        r, s = int.from_bytes(pair.string()), int.from_bytes(pair.string())
        public.verify(encode_dss_signature(r, s), digest, ec.ECDSA(_SIGNATURE_HASHES[algorithm]()))
    else:
        raise ValueError(f"a signature of unknown kind: {algorithm}")


def _send(wire: Wire, payload: bytes) -> None:
    padding_size = 8 - (len(payload) + 5) % 8
    if padding_size < 4:
        padding_size += 8
    head = struct.pack(">IB", len(payload) + padding_size + 1, padding_size)
    wire.send(head + payload + bytes(padding_size))


async def _packet(wire: Wire, wanted: int) -> bytes:
    for _ in range(20):
        size, padding_size = struct.unpack(">IB", await wire.exactly(5))
        if not padding_size + 1 < size <= MAX_PACKET:
            raise ProtocolBroken("the server sent an unreadable SSH packet")
        payload = (await wire.exactly(size - 1))[: size - 1 - padding_size]
        if payload[0] == wanted:
            return payload
        if payload[0] == _DISCONNECT:
            reason = _Reader(payload[5:]).string().decode("utf-8", "replace")
            raise ProtocolBroken(f"the server broke off: {reason}")
        if payload[0] not in (_IGNORE, _DEBUG):
            break
    raise ProtocolBroken("the server does not follow the SSH protocol")


def _string(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def _mpint(data: bytes) -> bytes:
    trimmed = data.lstrip(b"\0")
    return _string(b"\0" + trimmed if trimmed[:1] >= b"\x80" else trimmed)
