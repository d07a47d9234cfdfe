"""SCRAM sign-in (RFC 5802, 7677), as PostgreSQL and MongoDB speak it."""

import asyncio
import hashlib
import hmac
import secrets
import unicodedata
from base64 import b64decode, b64encode

from app.checks.base import CheckFailed, ProtocolBroken

MAX_ITERATIONS = 100_000  # a hostile server must not buy our CPU time


class Scram:
    """The client's side of one sign-in. Methods raise CheckFailed for a server that cheats."""

    def __init__(self, algorithm: str, username: str, password: str) -> None:
        self._algorithm = algorithm
        self._password = unicodedata.normalize("NFKC", password).encode()
        name = username.replace("=", "=3D").replace(",", "=2C")
        self._first_bare = f"n={name},r={b64encode(secrets.token_bytes(18)).decode()}"
        self._server_signature = b""

    def first(self) -> bytes:
        """Return the client's first message."""
        return f"n,,{self._first_bare}".encode()

    async def final(self, server_first: bytes) -> bytes:
        """Return the client's answer to the server's first message."""
        text = server_first.decode("utf-8", "replace")
        values = _values(text)
        try:
            nonce, salt, iterations = values["r"], b64decode(values["s"]), int(values["i"])
        except (KeyError, ValueError):
            raise ProtocolBroken("the server's sign-in message cannot be read") from None
        if not nonce.startswith(self._first_bare.partition("r=")[2]):
            raise ProtocolBroken("the server answered somebody else's sign-in")
        if not 1 <= iterations <= MAX_ITERATIONS:
            raise ProtocolBroken(f"the server asks for {iterations} rounds of hashing")
        # In a thread, without the interpreter's lock: thousands of other probes go on meanwhile.
        salted = await asyncio.to_thread(
            hashlib.pbkdf2_hmac, self._algorithm, self._password, salt, iterations
        )
        without_proof = f"c=biws,r={nonce}"
        message = f"{self._first_bare},{text},{without_proof}".encode()
        client_key = self._hmac(salted, b"Client Key")
        stored = hashlib.new(self._algorithm, client_key).digest()
        signature = self._hmac(stored, message)
        proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
        self._server_signature = self._hmac(self._hmac(salted, b"Server Key"), message)
        return f"{without_proof},p={b64encode(proof).decode()}".encode()

    def verify(self, server_final: bytes) -> None:
        """Make sure that the server knows the password too."""
        values = _values(server_final.decode("utf-8", "replace"))
        if "e" in values:
            raise CheckFailed(f"sign-in refused: {values['e']}")
        wanted = b64encode(self._server_signature).decode()
        if not hmac.compare_digest(values.get("v", "").encode(), wanted.encode()):
            raise ProtocolBroken("the server could not prove that it knows the password")

    def _hmac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self._algorithm)


def _values(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(","))
    return {name: value for name, _, value in pairs}
