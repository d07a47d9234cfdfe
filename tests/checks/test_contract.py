"""Contract of check types: names, a described config, endpoints that are validated."""

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from dnslib import QTYPE, RR, A
from marshmallow import ValidationError, fields

from app.checks import CHECK_TYPES
from app.domain.types import FailureKind, Status
from app.network.network import Network
from tests.checks.matrix import WAYS
from tests.checks.servers import name_server
from tests.loopback import ANYWHERE, go, probe

KINDS = [kind for kind, _ in CHECK_TYPES.items()]
# The table of the contract (api.md, section 3).
CONTRACT = {
    "HTTP": ("HTTPS",),
    "TCP": ("TELNET",),
    "UDP": (),
    "PING": ("ICMP",),
    "DNS": (),
    "WEBSOCKET": ("WS",),
    "SMTP": (),
    "IMAP": (),
    "POP3": (),
    "FTP": (),
    "SSH": (),
    "REDIS": (),
    "MYSQL": ("MARIADB",),
    "POSTGRES": ("POSTGRESQL",),
    "MONGODB": ("MONGO",),
    "GRPC": (),
    "SSL": (),
    "MULTI_STEP": (),
}
KEYS = {
    "HTTP": "method headers body expected_status follow_redirects verify_tls basic_auth "
    "bearer_token body_contains body_not_contains body_regex json_path header_contains "
    "ssl_expiry_warning_days",
    "TCP": "send expect tls",
    "UDP": "payload payload_hex expect",
    "PING": "count max_loss_percent",
    "DNS": "record_type expected_value resolver min_ttl max_ttl",
    "WEBSOCKET": "headers send expect subprotocol verify_tls",
    "SMTP": "starttls tls",
    "IMAP": "tls starttls",
    "POP3": "tls",
    "FTP": "tls",
    "SSH": "host_key_fingerprint",
    "REDIS": "username password tls db",
    "MYSQL": "username password database query",
    "POSTGRES": "username password database query sslmode",
    "MONGODB": "username password tls",
    "GRPC": "service tls metadata",
    "SSL": "expiry_warning_days verify_chain",
    "MULTI_STEP": "steps",
}
GARBAGE = [
    "",
    " ",
    "a b",
    "http://",
    "\x00",
    "host\n:80",
    "\ud800",
    "a" * 5000,
    "file:///etc/passwd",
    "unix:///run/x.sock",
    "host=/var/run/postgresql",
    "mongodb+srv://a.test/?tlsCAFile=/etc/passwd",
    "redis+unix:///tmp/x",
    "user:pass@a.test:80",
    "http://user:pass@a.test/",
    "a.test:80:81",
    "a.test:99999",
    "a.test,b.test",
    "2130706433",
    "0x7f.1:80",
    "-f",
    "$(id)",
    ";id",
    "http://127.0.0.1\\@a.test/",
]


def all_fields(schema):
    """Yield every field of a schema and of the schemas within it."""
    for name, field in schema._declared_fields.items():
        yield name, field
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from all_fields(type(inner.schema))


def test_the_contracts_types_are_there_with_their_aliases():
    assert {kind: CHECK_TYPES[kind].aliases for kind in KINDS} == CONTRACT


@pytest.mark.parametrize("kind", KINDS)
def test_aliases_fold_to_the_first_name(kind):
    for name in (kind, *CONTRACT[kind]):
        assert CHECK_TYPES.canonical(name) == kind


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_the_contract_is_accepted_and_no_other(kind):
    schema = CHECK_TYPES[kind].config_schema
    assert set(KEYS[kind].split()) <= set(schema._declared_fields)
    with pytest.raises(ValidationError):
        schema().load({"no_such_key": 1})


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_described_and_its_example_is_valid(kind):
    schema = CHECK_TYPES[kind].config_schema
    for name, field in all_fields(schema):
        assert field.metadata.get("description"), f"{kind}.{name} has no description"
        assert "example" in field.metadata, f"{kind}.{name} has no example"
        field.deserialize(field.metadata["example"])


@pytest.mark.parametrize("kind", KINDS)
def test_passwords_tokens_and_headers_are_marked_as_secret(kind):
    for name, field in all_fields(CHECK_TYPES[kind].config_schema):
        if name in ("password", "bearer_token"):
            assert field.metadata["secret"] is True
        if name in ("headers", "metadata"):
            assert field.metadata["secret"] == "headers"


@pytest.mark.parametrize("kind", KINDS)
def test_the_config_can_stand_in_an_openapi_document(kind):
    spec = APISpec("t", "1", "3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema(kind, schema=CHECK_TYPES[kind].config_schema)
    assert spec.to_dict()["components"]["schemas"][kind]["properties"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_type_describes_itself(kind):
    check = CHECK_TYPES[kind]
    assert len(check.description) > 20
    assert check.slow_after_ms == (500 if kind == "REDIS" else 1000)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "MULTI_STEP"])
@pytest.mark.parametrize("text", GARBAGE)
def test_garbage_is_no_endpoint(kind, text):
    with pytest.raises(ValueError, match=r"[a-z]"):
        CHECK_TYPES[kind].validate_endpoint(text)


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_good_endpoints_stay_as_they_are(way):
    for host in ("example.com", "192.0.2.10", "2001:db8::1"):
        kind, endpoint, config = way.target(host, 8080)
        assert CHECK_TYPES[kind].validate_endpoint(endpoint) == endpoint
        CHECK_TYPES[kind].config_schema().load(config)


@pytest.mark.parametrize("kind", KINDS)
def test_default_ports_apply(kind):
    check = CHECK_TYPES[kind]
    if check.default_port is not None:
        assert check.validate_endpoint("Example.com") == "example.com"


class Here:
    """A name server: every name is this machine."""

    def resolve(self, request, handler):
        reply = request.reply()
        if QTYPE[request.q.qtype] == "A":
            reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A("127.0.0.1"), ttl=0))
        return reply


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_an_endpoint_is_run(kind):
    """Whatever is told of these names is about the network, never about the check."""
    config = {"steps": [{"url": "http://www.example.com:1/"}]} if kind == "MULTI_STEP" else {}

    async def story():
        with name_server(Here()) as server:
            network = Network(ANYWHERE, nameservers=(server,))
            try:
                example = CHECK_TYPES[kind].example
                return await probe(kind, example, config, network=network, timeout_seconds=1)
            finally:
                network.close()

    told = go(story())
    may_not_ping = kind == "PING" and told.failure_kind is FailureKind.OWN_LIMIT
    assert told.status in (Status.GREEN, Status.YELLOW, Status.RED) or may_not_ping, told
    assert told.failure_kind not in (FailureKind.OWN_FAULT, FailureKind.CONFIGURATION)
