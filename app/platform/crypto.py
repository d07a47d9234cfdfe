"""Passwords, random keys, and secrets at rest.

Passwords: argon2id with t=2, m=19 MiB, p=1 (OWASP Password Storage Cheat Sheet; RFC 9106).
Secrets: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and a key id for rotation.
"""

import base64
import hashlib
import json
import secrets
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified against when the e-mail address is unknown, so that both answers take the same time.
ABSENT_PASSWORD_HASH = _hasher.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    """Return the argon2id hash of a password. Takes tens of milliseconds of CPU."""
    return _hasher.hash(password)


def verify_password(password_hash: str, password: str) -> bool:
    """Say whether the password matches the hash. Takes tens of milliseconds of CPU."""
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def random_key(bits: int = 256) -> str:
    """Return that many random bits as lower-case hex."""
    return secrets.token_hex(bits // 8)


def digest(key: str) -> str:
    """Return the SHA-256 of a random key as hex: what is stored in place of the key."""
    return hashlib.sha256(key.encode()).hexdigest()


class Vault:
    """Vault that encrypts and decrypts secrets under one key."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)
        self.key_id = hashlib.sha256(b"key id" + key).hexdigest()[:8]

    def encrypt(self, plaintext: bytes) -> bytes:
        """Return nonce and ciphertext."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plaintext, None)

    def decrypt(self, sealed: bytes) -> bytes:
        """Return the plaintext. Raises ValueError when it was sealed under another key."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except InvalidTag:
            raise ValueError("sealed under another ENCRYPTION_KEY") from None

    def seal(self, value: str) -> dict[str, str]:
        """Return a JSON value that stands for a secret: `{"$sealed": "v1:<key id>:<base64>"}`."""
        data = base64.b64encode(self.encrypt(value.encode())).decode()
        return {"$sealed": f"v1:{self.key_id}:{data}"}

    def unseal(self, sealed: dict[str, str]) -> str:
        """Return the secret. Raises ValueError when it is damaged, or sealed under another key."""
        _, _, text = str(sealed["$sealed"]).rpartition(":")
        return self.decrypt(base64.b64decode(text)).decode()

    def encrypt_json(self, value: Any) -> bytes:
        """Encrypt a JSON value whole."""
        return self.encrypt(json.dumps(value).encode())

    def decrypt_json(self, sealed: bytes) -> Any:
        """Reverse `encrypt_json`. Raises ValueError when it was sealed under another key."""
        return json.loads(self.decrypt(sealed))
