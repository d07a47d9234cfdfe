"""Certificates for the servers of the tests: good, expired, for others, self-signed."""

import ssl
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@lru_cache(maxsize=1)
def authority() -> trustme.CA:
    """Return the authority that the tests trust."""
    return trustme.CA()


@lru_cache(maxsize=1)
def ca_file() -> str:
    """Return the path of its certificate; the file lives as long as the test process."""
    directory = tempfile.mkdtemp(prefix="loopback-")
    path = Path(directory) / "ca.pem"
    authority().cert_pem.write_to_path(str(path))
    return str(path)


def tls_server(
    *names: str, days: int = 365, of: trustme.CA | None = None, alpn: tuple[str, ...] = ()
) -> ssl.SSLContext:
    """Return a server's context with a certificate that ends in so many days."""
    issuer = of or authority()
    ends = datetime.now(UTC) + timedelta(days=days, minutes=1)
    begins = min(datetime.now(UTC), ends) - timedelta(days=30)
    certificate = issuer.issue_cert(
        *(names or ("localhost", "127.0.0.1")), not_before=begins, not_after=ends
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def signed_with_sha1(name: str) -> ssl.SSLContext:
    """Return a server's context with a certificate that the trusted authority signed with SHA-1.

    By the openssl program, because `cryptography` signs with SHA-1 no more. Raises OSError where
    it is missing (FileNotFoundError) or the system's policy forbids it (SSLError), and
    CalledProcessError.
    """
    with tempfile.TemporaryDirectory(prefix="sha1-") as directory:
        home = Path(directory)
        authority().cert_pem.write_to_path(str(home / "ca.pem"))
        authority().private_key_pem.write_to_path(str(home / "ca.key"))
        (home / "names").write_text(f"subjectAltName=DNS:{name}\n")
        asked = f"openssl req -new -newkey rsa:2048 -nodes -keyout key -out asked -subj /CN={name}"
        signed = (
            "openssl x509 -req -sha1 -days 30 -in asked -CA ca.pem -CAkey ca.key -set_serial 7"
            " -extfile names -out certificate"
        )
        for command in (asked, signed):
            subprocess.run(command.split(), cwd=home, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(home / "certificate", home / "key")
        return context


def self_signed(name: str) -> ssl.SSLContext:
    """Return a server's context with a certificate that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    with tempfile.NamedTemporaryFile("wb", suffix=".pem") as file:
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.flush()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file.name)
    return context
