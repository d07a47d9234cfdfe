"""Checks of OpenSSH, Mosquitto, OpenLDAP, BIND, Unbound and OpenSSL as Debian ships them."""

import subprocess

import pytest

from tests.checks.real_servers import ask, expect, needs, others


@pytest.fixture(scope="module")
def name_servers():
    with others.bind() as bind, others.unbound(bind) as unbound:
        yield bind, unbound


@needs("openssh-server", "sshd", "ssh-keygen")
def test_openssh_shows_each_of_its_keys():
    with others.sshd() as server:
        for kind in ("ed25519", "ecdsa", "rsa"):
            run = subprocess.run(
                ["ssh-keygen", "-lf", server.home / f"{kind}.pub"],
                capture_output=True,
                text=True,
                check=True,
            )
            config = {"host_key_fingerprint": run.stdout.split()[1]}
            expect(ask("SSH", server.endpoint(), config))
        expect(
            ask("SSH", server.endpoint(), {"host_key_fingerprint": f"SHA256:{'A' * 43}"}),
            "the host key is SHA256:",
        )
        for kind in ("FTP", "SMTP"):
            expect(ask(kind, server.endpoint()), 'expected 220 as the greeting, got "SSH-2.0-')
        observation = ask("HTTP", f"http://{server.endpoint()}/")
        expect(observation, "the answer is not HTTP; the port speaks SSH")
        assert observation.evidence["body"].startswith("SSH-2.0-")


@needs("mosquitto", "mosquitto")
def test_mosquitto():
    hello = {
        "send": r"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test",
        "expect": r"\x20\x02\x00\x00",
    }
    with others.mosquitto() as server:
        expect(ask("TCP", server.endpoint(), hello))
        expect(ask("TCP", server.endpoint(1), {"tls": True, **hello}))
        url = f"ws://{server.endpoint(2)}/"
        expect(ask("WEBSOCKET", url, {"subprotocol": "mqtt"}))
        expect(
            ask("WEBSOCKET", url, {"subprotocol": "stomp"}),
            "the server closed the connection without answering; it may not speak stomp",
        )


@needs("slapd", "slapd")
def test_openldap():
    bind = {
        "send": r"\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00",
        "expect": r"\x0a\x01\x00",
    }
    with others.slapd() as server:
        expect(ask("TCP", server.endpoint(), bind))
        expect(ask("TCP", server.endpoint(1), {"tls": True, **bind}))
        expect(ask("SSL", server.endpoint(1)))
        expect(
            ask("SSL", server.endpoint()),
            "the server closed the connection during the TLS handshake; it may not speak TLS",
        )


@needs("bind9 and unbound", "named", "unbound")
class TestNameServers:
    SPF = "v=spf1 include:_spf.example.test ip4:192.0.2.0/24 ip4:198.51.100.0/24 -all"

    @pytest.mark.parametrize("resolver", [0, 1])
    @pytest.mark.parametrize(
        ("name", "config", "reason"),
        [
            ("EXAMPLE.Test", {"exactly": ["192.0.2.10", "192.0.2.11"]}, None),
            ("example.test", {"exactly": ["192.0.2.10"]}, '"192.0.2.11" is not expected'),
            ("example.test", {"record_type": "AAAA", "expected_value": "2001:0DB8:0::1"}, None),
            ("www.example.test", {"expected_value": "192.0.2.10"}, None),
            ("www.example.test", {"record_type": "CNAME", "exactly": "example.test"}, None),
            ("loop.example.test", {}, "the name server answered SERVFAIL"),
            ("example.test", {"record_type": "TXT", "exactly": SPF}, None),
            (
                "quoted.example.test",
                {"record_type": "TXT", "exactly": 'say "hello"; it\'s 100%\\done'},
                None,
            ),
            ("long.example.test", {"record_type": "TXT", "contains": "wexGLiwg"}, None),
            ("big.example.test", {"record_type": "TXT", "contains": "019yyy"}, None),
            ("big.example.test", {"record_type": "TXT", "transport": "tcp"}, None),
            ("example.test", {"record_type": "MX", "expected_value": "mail.example.test"}, None),
            ("_sip._tcp.example.test", {"record_type": "SRV", "contains": "5060"}, None),
            (
                "example.test",
                {"record_type": "HTTPS", "expected_value": '1 . alpn="h2,h3"'},
                None,
            ),
            ("_443._tcp.example.test", {"record_type": "TLSA", "contains": "8cb0fc6c"}, None),
            (
                "example.test",
                {"record_type": "CAA", "expected_value": "0 issue letsencrypt.org"},
                None,
            ),
            ("any.wild.example.test", {"expected_value": "192.0.2.15"}, None),
            ("gone.example.test", {}, "does not exist (NXDOMAIN)"),
            ("example.test", {"min_ttl": 600}, "below 600 s"),
        ],
    )
    def test_records(self, name_servers, resolver, name, config, reason):
        asked = {"resolver": name_servers[resolver].endpoint(host="127.0.0.1"), **config}
        expect(ask("DNS", name, asked), reason)


CLIENT_CERTIFICATE = ("-Verify", "1", "-verify_return_error")


@needs("openssl", "openssl")
class TestOpenssl:
    WAYS = (
        ("HTTP", "https://{}/", {}),
        ("WEBSOCKET", "wss://{}/", {}),
        ("TCP", "{}", {"tls": True, "send": "x", "expect": "y"}),
        ("SMTP", "{}", {"tls": True}),
        ("IMAP", "{}", {"tls": True}),
        ("POP3", "{}", {"tls": True}),
        ("FTP", "{}", {"implicit_tls": True}),
        ("REDIS", "{}", {"tls": True}),
        ("MONGODB", "{}", {"tls": True}),
        ("GRPC", "{}", {"tls": True}),
    )

    @pytest.mark.parametrize(
        ("options", "reason"),
        [
            # With TLS 1.3 the alert comes after the handshake, when something is read.
            (("-tls1_3", *CLIENT_CERTIFICATE), "the server asks for a client certificate"),
            (("-tls1_2", *CLIENT_CERTIFICATE), "it may want a client certificate"),
            (("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"), "no TLS version that is still safe"),
        ],
    )
    def test_who_refuses_the_handshake_is_understood(self, options, reason):
        with others.openssl(*options) as server:
            for kind, form, config in self.WAYS:
                expect(ask(kind, form.format(server.endpoint()), config), reason)

    @pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
    def test_who_speaks_http2_alone_is_understood(self, version):
        with others.openssl(version, "-alpn", "h2") as server:
            for kind, form, config in self.WAYS[:2]:
                expect(
                    ask(kind, form.format(server.endpoint()), config),
                    "the server speaks no HTTP/1.1 over TLS, only another protocol such as HTTP/2",
                )
