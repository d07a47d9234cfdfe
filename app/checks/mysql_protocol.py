"""The part of the MySQL protocol that a check needs: handshake, TLS, sign-in, one statement.

Source: https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
"""

import hashlib
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from app.checks.base import CheckFailed, ProtocolBroken
from app.checks.wire import Wire
from app.domain.checks.assertions import shown

MAX_PACKET = 64 * 1024
MAX_RESULT = 1024 * 1024
_CONNECT_WITH_DB, _PROTOCOL_41, _SSL = 0x8, 0x200, 0x800
_TRANSACTIONS, _SECURE, _PLUGIN_AUTH = 0x2000, 0x8000, 0x80000
_UTF8MB4 = 45
_OK, _MORE, _LOCAL_INFILE, _SWITCH, _ERROR = 0x00, 0x01, 0xFB, 0xFE, 0xFF
_NATIVE, _SHA2 = "mysql_native_password", "caching_sha2_password"
_FAST_DONE, _FULL = 3, 4


class Refused(CheckFailed):
    """The server's own error, with its number."""

    def __init__(self, packet: bytes) -> None:
        self.code = int.from_bytes(packet[1:3], "little")
        message = packet[3:]
        if message[:1] == b"#":  # an SQL state of five characters
            message = message[6:]
        super().__init__(f"the server answered: {message.decode('utf-8', 'replace')} ({self.code})")


class Session:
    """One conversation with a server. Methods raise CheckFailed and NetworkError."""

    def __init__(self, wire: Wire, database: str = "") -> None:
        self._wire = wire
        self._database = database
        self._sequence = 0
        self._capabilities = 0
        self._plugin = _NATIVE
        self._nonce = b""
        self._encrypted = False

    @property
    def offers_tls(self) -> bool:
        """Tell whether the server's handshake offers TLS."""
        return bool(self._capabilities & _SSL)

    async def read_handshake(self) -> None:
        """Read the server's first packet."""
        self._wire.stage("waiting for the handshake")
        packet = await self._packet()
        if packet[:1] != b"\x0a":
            raise ProtocolBroken("the server does not speak the MySQL protocol")
        _, _, rest = packet[1:].partition(b"\0")  # the version's text
        try:
            first, low, high, size = struct.unpack_from("<4x8sxH3xHB", rest)
        except struct.error:
            raise ProtocolBroken("the server's handshake cannot be read") from None
        self._capabilities = low | high << 16
        tail = rest[31:]
        second = max(13, size - 8)
        self._nonce = first + tail[: second - 1]
        if self._capabilities & _PLUGIN_AUTH:
            self._plugin = tail[second:].split(b"\0")[0].decode("latin-1")

    def ask_for_tls(self) -> None:
        """Send the packet after which both sides speak TLS."""
        self._send(struct.pack("<IIB23x", self._flags() | _SSL, MAX_PACKET, _UTF8MB4))

    async def start_tls(self, *, verify: bool) -> None:
        """Change over to TLS, as the handshake offered."""
        self.ask_for_tls()
        await self._wire.start_tls(verify=verify)
        self._encrypted = True

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in with the server's plug-in or the one it switches to."""
        self._wire.stage("signing in")
        flags = self._flags() | (_SSL if self._encrypted else 0)
        proof = self._proof(password)
        names = username.encode() + b"\0" + bytes([len(proof)]) + proof
        names += self._database.encode() + b"\0" if self._database else b""
        head = struct.pack("<IIB23x", flags, MAX_PACKET, _UTF8MB4)
        self._send(head + names + self._plugin.encode() + b"\0")
        while True:
            packet = await self._packet()
            if packet[0] == _OK:
                return
            if packet[0] == _SWITCH:
                name, _, nonce = packet[1:].partition(b"\0")
                self._plugin, self._nonce = name.decode("latin-1"), nonce.rstrip(b"\0")
                self._send(self._proof(password))
            elif packet[0] == _MORE and packet[1:2] == bytes([_FULL]):
                await self._full_proof(password)
            elif packet[0] != _MORE or packet[1:2] != bytes([_FAST_DONE]):
                raise ProtocolBroken("the server breaks off the sign-in")

    async def query(self, statement: str) -> None:
        """Run a statement and read its result, up to 1 MiB."""
        self._wire.stage("waiting for the result of the query")
        self._sequence = 0
        self._send(b"\x03" + statement.encode())
        packet = await self._packet(MAX_RESULT)
        if packet[0] == _LOCAL_INFILE:
            raise CheckFailed("the query asks for a local file")
        if packet[0] == _OK:
            return
        ends, total = 0, len(packet)
        while ends < 2:  # one after the columns, one after the rows
            packet = await self._packet(MAX_RESULT)
            total += len(packet)
            ends += packet[0] == _SWITCH and len(packet) < 9
            if total > MAX_RESULT:
                raise CheckFailed("the query returns more than 1 MiB")

    def quit(self) -> None:
        """Say good-bye, so that the server does not log an aborted connection."""
        self._sequence = 0
        self._send(b"\x01")

    def _flags(self) -> int:
        flags = _PROTOCOL_41 | _SECURE | _TRANSACTIONS | _PLUGIN_AUTH
        return flags | (_CONNECT_WITH_DB if self._database else 0)

    def _proof(self, password: str) -> bytes:
        if not password:
            return b""
        if self._plugin == _NATIVE:
            return _native(password.encode(), self._nonce[:20])
        if self._plugin == _SHA2:
            return _caching_sha2(password.encode(), self._nonce[:20])
        raise CheckFailed(f"the server asks to sign in by {shown(self._plugin)}, not known here")

    async def _full_proof(self, password: str) -> None:
        clear = password.encode() + b"\0"
        if self._encrypted:
            self._send(clear)
            return
        self._send(b"\x02")  # asks for the server's public key
        packet = await self._packet()
        try:
            key = load_pem_public_key(packet[1:])
        except ValueError:
            raise ProtocolBroken("the server's public key cannot be read") from None
        if not isinstance(key, rsa.RSAPublicKey):
            raise CheckFailed("the server's public key cannot be used")
        mask = self._nonce[:20] * (len(clear) // 20 + 1)
        mixed = bytes(a ^ b for a, b in zip(clear, mask, strict=False))
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
        self._send(key.encrypt(mixed, oaep))

    def _send(self, payload: bytes) -> None:
        self._wire.send(struct.pack("<I", len(payload))[:3] + bytes([self._sequence]) + payload)
        self._sequence = (self._sequence + 1) % 256

    async def _packet(self, limit: int = MAX_PACKET) -> bytes:
        head = await self._wire.exactly(4)
        size = int.from_bytes(head[:3], "little")
        if not 0 < size <= limit:
            raise ProtocolBroken("the server does not speak the MySQL protocol")
        self._sequence = (head[3] + 1) % 256
        packet = await self._wire.exactly(size)
        if packet[0] == _ERROR:
            raise Refused(packet)
        return packet


def _native(password: bytes, nonce: bytes) -> bytes:
    once = hashlib.sha1(password, usedforsecurity=False).digest()
    twice = hashlib.sha1(once, usedforsecurity=False).digest()
    other = hashlib.sha1(nonce + twice, usedforsecurity=False).digest()
    return bytes(a ^ b for a, b in zip(once, other, strict=True))


def _caching_sha2(password: bytes, nonce: bytes) -> bytes:
    once = hashlib.sha256(password).digest()
    other = hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest()
    return bytes(a ^ b for a, b in zip(once, other, strict=True))
