"""Certificates as hosts show them, and in words what is wrong with one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import NameOID

from app.domain.types import Certificate

MAX_NAMES = 100
_SHOWN = (x509.DNSName, x509.IPAddress)
_CACHED = 2_000
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Leaf certificate, without who showed it."""

    subject: str
    issuer: str
    sans: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    fingerprint_sha256: str
    key_type: str
    self_signed: bool

    def shown_by(
        self, domain: str, port: int, *, chain_valid: bool, error: str | None = None
    ) -> Certificate:
        """Return the certificate as one that a host has shown, with at most 100 of its names."""
        sans = self.sans
        if len(sans) > MAX_NAMES:  # the host's own stay among those that are kept
            sans = tuple(dict.fromkeys((*_covering(sans, domain), *sans)))[:MAX_NAMES]
        return Certificate(
            domain=domain,
            port=port,
            subject=self.subject,
            issuer=self.issuer,
            sans=sans,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            fingerprint_sha256=self.fingerprint_sha256,
            key_type=self.key_type,
            chain_valid=chain_valid,
            error=error,
        )


@lru_cache(maxsize=_CACHED)  # hosts show the same certificate for weeks; reading one costs 0.2 ms
def read_pem(text: bytes) -> Leaf:
    """Read the first certificate in PEM text. Raises ValueError."""
    match = _PEM.search(text)
    if match is None:
        raise ValueError("there is no certificate in this text")
    return _read(x509.load_pem_x509_certificate(match[0]))


@lru_cache(maxsize=_CACHED)
def read_der(data: bytes) -> Leaf:
    """Read a certificate in DER form. Raises ValueError."""
    return _read(x509.load_der_x509_certificate(data))


def complaint(leaf: Leaf, host: str, now: datetime) -> str | None:
    """Say what a person would find wrong with a certificate for this host, or None."""
    return complaint_about(leaf, host, now) or (
        "self-signed certificate" if leaf.self_signed else None
    )


def complaint_about(leaf: Leaf | Certificate, host: str, now: datetime) -> str | None:
    """Say what is wrong with a certificate's dates or names, or None."""
    if leaf.valid_to < now:
        return f"certificate expired on {leaf.valid_to:%Y-%m-%d}"
    if leaf.valid_from > now:
        # Within a day it is the hour that counts, or a clock that is wrong.
        soon = leaf.valid_from - now < timedelta(days=1)
        begins = f"{leaf.valid_from:%Y-%m-%d %H:%M} UTC" if soon else f"{leaf.valid_from:%Y-%m-%d}"
        return f"certificate is not valid before {begins}"
    if not leaf.sans:
        name = f"its common name {leaf.subject}" if leaf.subject else "its common name"
        return f"certificate names no host: {name} does not count, only subject alternative names"
    if not covers(leaf, host):
        names = ", ".join(leaf.sans[:3])
        more = f" and {len(leaf.sans) - 3} more" if len(leaf.sans) > 3 else ""
        return f"certificate is for {names}{more}, not {host}"
    return None


def expiry_warning(certificate: Certificate, days: int, now: datetime) -> str | None:
    """Say that a certificate ends within so many days, or None."""
    left = certificate.valid_to - now
    if left > timedelta(days=days):
        return None
    if left < timedelta():
        return f"certificate expired on {certificate.valid_to:%Y-%m-%d}"
    whole = left.days
    when = f"in {whole} {'day' if whole == 1 else 'days'}" if whole else "within a day"
    return f"certificate expires {when}, on {certificate.valid_to:%Y-%m-%d}"


def covers(leaf: Leaf | Certificate, host: str) -> bool:
    """Tell whether a certificate names this host (RFC 9525: SANs only, one wildcard label)."""
    return bool(_covering(leaf.sans, host))


def _covering(sans: Sequence[str], host: str) -> list[str]:
    """Return those of a certificate's names that cover a host."""
    try:
        address = str(ip_address(host.partition("%")[0]))
    except ValueError:
        wanted = host.lower()
        parent = wanted.partition(".")[2]
        # A wildcard over a top-level domain covers nothing, for browsers and OpenSSL alike.
        names = (wanted, f"*.{parent}") if "." in parent else (wanted,)
        return [name for name in sans if name.lower() in names]
    return [name for name in sans if name == address]


def _read(certificate: x509.Certificate) -> Leaf:
    return Leaf(
        subject=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        sans=_names(certificate),
        valid_from=certificate.not_valid_before_utc,
        valid_to=certificate.not_valid_after_utc,
        fingerprint_sha256=certificate.fingerprint(hashes.SHA256()).hex(),
        key_type=_key_type(certificate),
        self_signed=certificate.subject == certificate.issuer,
    )


def _name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value)[:200] if common else name.rfc4514_string()[:200]


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(_shown(entry) for entry in extension.value if isinstance(entry, _SHOWN))


def _shown(entry: x509.GeneralName) -> str:
    """Return a name; an address written as a name, where it counts for nothing, as DNS:address."""
    text = str(entry.value)[:253]
    if isinstance(entry, x509.DNSName):
        try:
            return f"DNS:{ip_address(text)}"
        except ValueError:
            pass
    return text


def _key_type(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):  # new to the library, no fault of the host
        return "unknown"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {key.curve.name}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    return type(key).__name__
