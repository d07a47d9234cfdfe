"""Certificate chains as careless operators serve them: HTTP and SSL checks say the same."""

import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from app.domain.types import Status
from app.network.network import Network
from tests.loopback import ANYWHERE, go, probe, tcp

NAMES = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))
DAY = timedelta(days=1)
ROOT_KEY, KEY, OTHER_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))


FAR = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280 4.1.2.5: without an end


def certificate(
    subject,
    issuer,
    key,
    signer,
    *,
    ca=False,
    path_length=None,
    days=100,
    names=(),
    use=None,
    begins=None,
    ends=None,
    critical=(),
):
    """Return a certificate that ends in so many days, signed with the issuer's key."""
    now = datetime.now(UTC)
    subject, issuer = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (subject, issuer)
    )
    builder = (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(begins or now - 900 * DAY)
        .not_valid_after(ends or now + days * DAY)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length), critical=True)
    )
    for extension in critical:
        builder = builder.add_extension(extension, critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if use:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return builder.sign(signer, hashes.SHA256())


ROOT = certificate("Root", "Root", ROOT_KEY, ROOT_KEY, ca=True)


def pem(*chain):
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in chain)


def seen_by_both(chain, host="localhost", key=KEY, *, verify_chain=True):
    """Return the observations of an HTTP and of an SSL check of a server with this chain."""
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pem(*chain) + private)
        file.flush()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(file.name)

    async def handler(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()

    async def story(ca_file):
        network = Network(ANYWHERE, ca_file=ca_file)
        try:
            async with tcp(handler, context) as peer:
                return (
                    await probe(
                        "HTTP",
                        peer.url("/", "https", host),
                        {"verify_tls": verify_chain},
                        network=network,
                    ),
                    await probe(
                        "SSL",
                        f"{host}:{peer.port}",
                        {"verify_chain": verify_chain},
                        network=network,
                    ),
                )
        finally:
            network.close()

    with tempfile.NamedTemporaryFile(suffix=".pem") as file:
        file.write(pem(ROOT))
        file.flush()
        return go(story(file.name))


def leaf(*names, signer=ROOT_KEY, issuer="Root", key=KEY, **options):
    return certificate("localhost", issuer, key, signer, names=names or NAMES, **options)


def through(*critical, **options):
    """Return a chain through an authority with these extensions."""
    middle = certificate(
        "Middle", "Root", OTHER_KEY, ROOT_KEY, ca=True, critical=critical, **options
    )
    return leaf(signer=OTHER_KEY, issuer="Middle"), middle


def restricted(permitted=None, excluded=None):
    return x509.NameConstraints(
        permitted and [x509.DNSName(permitted)], excluded and [x509.DNSName(excluded)]
    )


def test_an_expired_cross_signature_hides_no_valid_root():
    ancient = certificate("Ancient", "Ancient", OTHER_KEY, OTHER_KEY, ca=True, days=-5)
    crossed = certificate("Root", "Ancient", ROOT_KEY, OTHER_KEY, ca=True, days=-5)
    for observation in seen_by_both((leaf(), crossed, ancient)):
        assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    ("chain", "key", "sentence"),
    [
        (
            (
                leaf(signer=OTHER_KEY, issuer="Middle"),
                certificate("Middle", "Root", OTHER_KEY, ROOT_KEY, ca=True, days=-5),
            ),
            KEY,
            "a certificate of the chain has expired",
        ),
        (
            (
                leaf(signer=OTHER_KEY, issuer="Middle"),
                certificate("Middle", "Root", OTHER_KEY, ROOT_KEY),
            ),
            KEY,
            "a certificate of the chain is signed by one that may sign none",
        ),
        (
            (leaf(use=ExtendedKeyUsageOID.CLIENT_AUTH),),
            KEY,
            "the certificate is not one for servers (key usage)",
        ),
        (
            (leaf(signer=OTHER_KEY, issuer="Middle"),),
            KEY,
            "the certificate chain is incomplete, or its authority is not trusted",
        ),
        (
            through(restricted("example.org")),
            KEY,
            "an authority of the chain may not sign for this name (name constraints)",
        ),
        (
            through(restricted(excluded="localhost")),
            KEY,
            "an authority of the chain may not sign for this name (name constraints)",
        ),
        (
            (
                leaf(signer=KEY, issuer="Below"),
                certificate("Below", "Middle", KEY, OTHER_KEY, ca=True),
                through(path_length=0)[1],
            ),
            KEY,
            "the certificate chain is longer than one of its authorities allows (path length)",
        ),
        (
            (
                leaf(
                    critical=(
                        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0"),
                    )
                ),
            ),
            KEY,
            "a certificate of the chain makes a condition that is not known here"
            " (critical extension)",
        ),
        (
            (leaf(signer=OTHER_KEY),),
            KEY,
            "a certificate of the chain was not signed by the authority that it names",
        ),
        ((leaf(begins=FAR - DAY, ends=FAR),), KEY, "certificate is not valid before 9999-12-30"),
    ],
)
def test_what_is_wrong_with_a_chain_is_named(chain, key, sentence):
    assert {observation.error for observation in seen_by_both(chain, key=key)} == {sentence}


def test_a_short_key_is_named():
    key = rsa.generate_private_key(65537, 1024)
    for observation in seen_by_both((leaf(key=key),), key=key):
        assert observation.error == "the key of the certificate is too short to be safe"


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("*.localhost", "a.localhost"),
        ("*.localhost", "a.b.localhost"),
        ("a*.x.localhost", "ab.x.localhost"),
        ("*.*.localhost", "a.b.localhost"),
        ("*", "localhost"),
        ("localhost.", "localhost"),
    ],
)
def test_names_that_cover_less_than_they_seem_to(name, host):
    sentence = f"certificate is for {name}, not {host}"
    found = {one.error for one in seen_by_both((leaf(x509.DNSName(name)),), host)}
    assert found == {sentence}


def test_an_address_written_as_a_name_does_not_count():
    for observation in seen_by_both((leaf(x509.DNSName("127.0.0.1")),), "127.0.0.1"):
        assert observation.error == "certificate is for DNS:127.0.0.1, not 127.0.0.1"


def test_a_wildcard_covers_one_label():
    for observation in seen_by_both((leaf(x509.DNSName("*.x.localhost")),), "a.x.localhost"):
        assert observation.status is Status.GREEN, observation.error


@pytest.mark.parametrize(
    "chain",
    [
        (leaf(ends=FAR),),
        through(restricted("localhost")),
        through(restricted(excluded="example.org")),
        # Sent in the wrong order, with what nobody asked for, and the authority's old certificate.
        (*through()[:1], ROOT, through(days=-5)[1], through()[1]),
    ],
)
def test_unusual_chains_are_green(chain):
    for observation in seen_by_both(chain):
        assert observation.status is Status.GREEN, observation.error


def test_a_start_within_a_day_is_told_by_the_hour():
    begins = datetime.now(UTC) + timedelta(hours=1)
    for observation in seen_by_both((leaf(begins=begins),)):
        assert observation.error == f"certificate is not valid before {begins:%Y-%m-%d %H:%M} UTC"


MANY = [x509.DNSName(f"h{number}.example") for number in range(150)]


def test_of_many_names_each_counts():
    """Some of a content network's certificates name hundreds of hosts."""
    chain = (leaf(*MANY, x509.DNSName("localhost"), signer=OTHER_KEY),)  # by nobody known
    for observation in seen_by_both(chain, verify_chain=False):
        assert observation.status is Status.GREEN, observation.error
        assert "localhost" in observation.certificate.sans
        assert len(observation.certificate.sans) == 100
    for observation in seen_by_both(chain):
        assert "not signed by the authority" in observation.error
    for observation in seen_by_both((leaf(*MANY),)):
        assert observation.error.endswith("and 147 more, not localhost")
