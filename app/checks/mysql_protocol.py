"""The part of the MySQL protocol that a check needs: handshake, TLS, sign-in, one statement.

Source: https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
"""

import hashlib
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from nacl import bindings

from app.checks.base import CheckFailed, ProtocolBroken
from app.checks.wire import Wire
from app.domain.checks.assertions import shown

MAX_PACKET = 64 * 1024
_PROTOCOL = "the MySQL protocol"
MAX_RESULT = 1024 * 1024
_CONNECT_WITH_DB, _PROTOCOL_41, _SSL = 0x8, 0x200, 0x800
_TRANSACTIONS, _SECURE, _PLUGIN_AUTH = 0x2000, 0x8000, 0x80000
_UTF8MB4 = 45
_OK, _MORE, _LOCAL_INFILE, _SWITCH, _ERROR = 0x00, 0x01, 0xFB, 0xFE, 0xFF
_NATIVE, _SHA2, _OLD_SHA2 = "mysql_native_password", "caching_sha2_password", "sha256_password"
_ED25519, _CLEAR = "client_ed25519", "mysql_clear_password"
_FAST_DONE, _FULL = b"\x03", b"\x04"
_KEY_PLEASE = {_SHA2: b"\x02", _OLD_SHA2: b"\x01"}  # asks for the server's public key


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
        self._verified = False

    @property
    def offers_tls(self) -> bool:
        """Tell whether the server's handshake offers TLS."""
        return bool(self._capabilities & _SSL)

    async def read_handshake(self) -> None:
        """Read the server's first packet."""
        self._wire.stage("waiting for the handshake")
        packet = await self._packet()
        if packet[:1] != b"\x0a":
            raise await self._wire.other_protocol(_PROTOCOL, packet)
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
        self._encrypted = True

    async def start_tls(self, *, verify: bool) -> None:
        """Change over to TLS, as the handshake offered."""
        self.ask_for_tls()
        await self._wire.start_tls(verify=verify)
        self._verified = verify

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in with the server's plug-in or the one it switches to."""
        self._wire.stage("signing in")
        self._introduce(username, self._proof(password))
        while True:
            packet = await self._packet()
            if packet[0] == _OK:
                return
            if packet[0] == _SWITCH:
                self._switch(packet)
                self._send(self._proof(password))
            elif packet[0] == _MORE:
                self._go_on(packet[1:], password)
            else:
                raise ProtocolBroken("the server breaks off the sign-in")

    async def leave(self) -> None:
        """End a conversation that was only to hear the handshake, as a nameless user.

        A server counts whoever hangs up before the sign-in has ended, and after max_connect_errors
        of them blocks the host. A refused sign-in is not counted; and one without a name is none
        that programs which ban guessers of passwords look for (fail2ban's mysqld-auth).
        Raises Refused and whatever else a sign-in may.
        """
        self._wire.stage("leaving")
        self._introduce("", self._proof(""))
        packet = await self._packet()
        if packet[0] == _SWITCH:
            self._switch(packet)
            self._send(self._proof(""))
            packet = await self._packet()
        if packet[0] == _OK:
            self.quit()

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

    def _introduce(self, username: str, proof: bytes) -> None:
        flags = self._flags() | (_SSL if self._encrypted else 0)
        names = username.encode() + b"\0" + bytes([len(proof)]) + proof
        names += self._database.encode() + b"\0" if self._database else b""
        head = struct.pack("<IIB23x", flags, MAX_PACKET, _UTF8MB4)
        self._send(head + names + self._plugin.encode() + b"\0")

    def _switch(self, packet: bytes) -> None:
        name, _, self._nonce = packet[1:].partition(b"\0")
        self._plugin = name.decode("latin-1")

    def _proof(self, password: str) -> bytes:
        """Return what the plug-in in force first says of a password."""
        secret = password.encode()
        if self._plugin == _ED25519:
            return _ed25519(secret, self._nonce[:32])
        if self._plugin == _OLD_SHA2 and not password:
            return b"\0"
        if not password:
            return b""
        if self._plugin == _NATIVE:
            return _native(secret, self._nonce[:20])
        if self._plugin == _SHA2:
            return _caching_sha2(secret, self._nonce[:20])
        if self._plugin == _OLD_SHA2:
            return secret + b"\0" if self._encrypted else _KEY_PLEASE[_OLD_SHA2]
        if self._plugin == _CLEAR and self._verified:
            return secret + b"\0"
        if self._plugin == _CLEAR:
            raise CheckFailed(
                "the server asks for the password as it is, which is sent only with `tls` and a"
                " certificate that is verified"
            )
        raise CheckFailed(f"the server asks to sign in by {shown(self._plugin)}, not known here")

    def _go_on(self, said: bytes, password: str) -> None:
        """Answer what SHA-2's plug-ins ask for after the first proof."""
        if said == _FULL:
            clear = password.encode() + b"\0"
            self._send(clear if self._encrypted else _KEY_PLEASE[_SHA2])
        elif said.startswith(b"-----BEGIN"):
            self._send(self._sealed(password, said))
        elif said != _FAST_DONE:
            raise ProtocolBroken("the server breaks off the sign-in")

    def _sealed(self, password: str, public_key: bytes) -> bytes:
        try:
            key = load_pem_public_key(public_key)
        except ValueError:
            raise ProtocolBroken("the server's public key cannot be read") from None
        if not isinstance(key, rsa.RSAPublicKey):
            raise CheckFailed("the server's public key cannot be used")
        clear = password.encode() + b"\0"
        mask = self._nonce[:20] * (len(clear) // 20 + 1)
        mixed = bytes(a ^ b for a, b in zip(clear, mask, strict=False))
        oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)  # noqa: S303
        return key.encrypt(mixed, oaep)

    def _send(self, payload: bytes) -> None:
        self._wire.send(struct.pack("<I", len(payload))[:3] + bytes([self._sequence]) + payload)
        self._sequence = (self._sequence + 1) % 256

    async def _packet(self, limit: int = MAX_PACKET) -> bytes:
        head = await self._wire.exactly(4)
        size = int.from_bytes(head[:3], "little")
        if not 0 < size <= limit:
            raise await self._wire.other_protocol(_PROTOCOL, head)
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


def _ed25519(password: bytes, nonce: bytes) -> bytes:
    """Return MariaDB's signature: Ed25519 (RFC 8032 5.1.6) whose key is a password of any length.

    Source: https://mariadb.com/kb/en/authentication-plugin-ed25519/
    """
    digest = hashlib.sha512(password).digest()
    low = int.from_bytes(digest[:32], "little")
    scalar = (low & ((1 << 254) - 8) | 1 << 254).to_bytes(32, "little")
    public = bindings.crypto_scalarmult_ed25519_base_noclamp(scalar)
    once = _reduced(digest[32:] + nonce)
    point = bindings.crypto_scalarmult_ed25519_base_noclamp(once)
    challenge = _reduced(point + public + nonce)
    product = bindings.crypto_core_ed25519_scalar_mul(challenge, scalar)
    return bytes(point + bindings.crypto_core_ed25519_scalar_add(product, once))


def _reduced(message: bytes) -> bytes:
    digest = hashlib.sha512(message).digest()
    return bytes(bindings.crypto_core_ed25519_scalar_reduce(digest))
