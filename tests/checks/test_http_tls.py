"""HTTPS checks: good and bad certificates, and ports that speak something else."""

import pytest
import trustme

from app.domain.types import Status
from app.network.errors import tls_sentence
from tests import certificates, loopback
from tests.loopback import go, probe


def ask_tls(context, config=None, host="localhost", **options):
    """Probe a TLS server."""

    async def story():
        async with loopback.http(tls=context) as (peer, _):
            return await probe("HTTP", peer.url("/", "https", host), config, **options)

    return go(story())


class TestTls:
    def test_a_good_certificate_is_recorded(self):
        observation = ask_tls(certificates.tls_server(days=90))
        certificate = observation.certificate
        assert observation.status is Status.GREEN
        assert observation.phases.tls_ms > 0
        assert certificate.chain_valid
        assert certificate.domain == "localhost"
        assert "localhost" in certificate.sans
        assert len(certificate.fingerprint_sha256) == 64
        assert certificate.key_type.startswith("EC")

    def test_a_certificate_that_ends_soon_is_yellow(self):
        observation = ask_tls(certificates.tls_server(days=5))
        assert observation.status is Status.YELLOW
        assert observation.error.startswith("certificate expires in 5 days, on 2")
        silent = ask_tls(certificates.tls_server(days=5), {"ssl_expiry_warning_days": 3})
        assert silent.status is Status.GREEN

    @pytest.mark.parametrize(
        ("context", "host", "reason"),
        [
            (lambda: certificates.tls_server(days=-3), "localhost", "certificate expired on 20"),
            (
                lambda: certificates.tls_server("a.example", "b.example"),
                "localhost",
                "certificate is for a.example, b.example, not localhost",
            ),
            (
                lambda: certificates.tls_server(of=trustme.CA()),
                "127.0.0.1",
                "the certificate chain is incomplete, or its authority is not trusted",
            ),
        ],
    )
    def test_a_bad_certificate_is_red_unless_verification_is_off(self, context, host, reason):
        observation = ask_tls(context(), host=host)
        assert observation.status is Status.RED
        assert observation.error.startswith(reason)
        assert observation.certificate is not None
        assert not observation.certificate.chain_valid
        assert observation.evidence["certificates"]
        assert ask_tls(context(), {"verify_tls": False}, host).status is Status.GREEN

    def test_a_self_signed_certificate_is_named(self):
        async def story():
            context = certificates.self_signed("localhost")
            async with loopback.http(tls=context) as (peer, _):
                return await probe("HTTP", peer.url("/", "https", "localhost"))

        assert go(story()).error == "self-signed certificate"

    def test_plain_http_on_a_tls_port_and_the_reverse(self):
        async def story():
            async with (
                loopback.tcp(loopback.garbage) as plain,
                loopback.tcp(loopback.silent) as silent,
                loopback.http(tls=certificates.tls_server()) as (secure, _),
            ):
                return (
                    await probe("HTTP", plain.url("/", "https")),
                    await probe("HTTP", silent.url("/", "https"), timeout_seconds=0.3),
                    await probe("HTTP", secure.url("/", "http")),
                )

        tls_to_plain, tls_to_silent, plain_to_tls = go(story())
        assert tls_to_plain.error == "the server does not speak TLS on this port"
        assert tls_to_silent.error == (
            "timed out after 0.3 s while negotiating TLS; a port without TLS may stay silent here"
        )
        assert plain_to_tls.status is Status.RED


def test_a_reset_after_the_handshake_may_want_a_client_certificate():
    async def story():
        async with loopback.tcp(loopback.reset_at_once, certificates.tls_server()) as peer:
            return await probe("HTTP", peer.url(scheme="https", host="localhost"))

    assert go(story()).error.endswith("; it may want a client certificate")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("TLSV1_ALERT_ACCESS_DENIED", "broke off the TLS handshake: access denied"),
        ("ssl/tls alert decode error", "broke off the TLS handshake: decode error"),
        ("TLSV1_UNRECOGNIZED_NAME", "no certificate for this name"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "no TLS version that is still safe"),
    ],
)
def test_an_alert_says_who_broke_off_the_handshake(reason, words):
    assert words in tls_sentence(reason)
