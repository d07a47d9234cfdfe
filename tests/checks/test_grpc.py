"""gRPC checks against a real server (grpcio) with and without the health service."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from hpack import Encoder

from app.domain.types import FailureKind, Status
from tests import certificates, loopback
from tests.loopback import go, probe

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@contextmanager
def server(statuses=None, credentials=None, interceptors=()):
    instance = grpc.server(ThreadPoolExecutor(2), interceptors=interceptors)
    if statuses is not None:
        servicer = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(servicer, instance)
        for service, status in statuses.items():
            servicer.set(service, status)
    if credentials:
        port = instance.add_secure_port("127.0.0.1:0", credentials)
    else:
        port = instance.add_insecure_port("127.0.0.1:0")
    instance.start()
    try:
        yield port
    finally:
        instance.stop(0).wait()


def ask(statuses=None, config=None, credentials=None, **options):
    with server(statuses, credentials, **options) as port:
        return go(probe("GRPC", f"localhost:{port}", config))


@pytest.mark.parametrize(
    ("statuses", "config", "status", "reason"),
    [
        ({"": SERVING}, {}, Status.GREEN, None),
        ({"": NOT_SERVING}, {}, Status.RED, "the health service reports NOT_SERVING"),
        ({"": SERVING, "orders": SERVING}, {"service": "orders"}, Status.GREEN, None),
        (
            {"": SERVING, "orders": NOT_SERVING},
            {"service": "orders"},
            Status.RED,
            "the health service reports NOT_SERVING",
        ),
        (
            {"": SERVING},
            {"service": "gone"},
            Status.RED,
            "the health service answered NOT_FOUND",
        ),
        (None, {}, Status.GREEN, None),  # no health service, but an orderly UNIMPLEMENTED
    ],
)
def test_health(statuses, config, status, reason):
    observation = ask(statuses, config)
    assert (observation.status, observation.error) == (status, reason)


def test_tls_and_metadata():
    seen = []

    class Interceptor(grpc.ServerInterceptor):
        def intercept_service(self, continuation, details):
            seen.append(dict(details.invocation_metadata))
            return continuation(details)

    certificate = certificates.authority().issue_cert("localhost")
    credentials = grpc.ssl_server_credentials(
        [(certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes())]
    )
    config = {"tls": True, "metadata": {"X-Key": "abc"}}
    observation = ask({"": SERVING}, config, credentials, interceptors=(Interceptor(),))
    assert (observation.status, observation.error) == (Status.GREEN, None)
    assert observation.certificate.chain_valid
    assert seen[0]["x-key"] == "abc"


def test_an_http_server_is_red():
    async def story():
        async with loopback.http() as (peer, _):
            return await probe("GRPC", peer.endpoint, timeout_seconds=1)

    assert go(story()).status is Status.RED


def test_a_service_needs_a_health_service_that_tells_of_it():
    with_service = ask(None, {"service": "orders"})
    assert with_service.status is Status.RED
    assert with_service.error == "the server has no health service that could tell of orders"
    assert ask(None).status is Status.GREEN


def asked_with(metadata, secrets=None):
    """Return the observation of a check, and the heads of the calls that its server saw."""
    heads = []

    async def handler(reader, writer):
        http2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        http2.initiate_connection()
        writer.write(http2.data_to_send())
        while data := await reader.read(65_536):
            for event in http2.receive_data(data):
                if isinstance(event, RequestReceived):
                    heads.append(event.headers)
                    answer = [(":status", "200"), ("grpc-status", "12")]
                    http2.send_headers(event.stream_id, answer, end_stream=True)
            writer.write(http2.data_to_send())

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("GRPC", peer.endpoint, {"metadata": metadata}, secrets=secrets)

    return go(story()), heads


def test_metadata_takes_the_place_of_what_a_call_says_by_itself():
    metadata = {"Host": "orders.internal", "User-Agent": "mine", "TE": "gzip", "X-Key": "k"}
    observation, (head,) = asked_with(metadata)
    assert (observation.status, observation.error) == (Status.GREEN, None)
    assert len(dict(head)) == len(head)
    said = dict(head)
    assert (said[":authority"], said["user-agent"]) == ("orders.internal", "mine")
    assert (said["te"], said["x-key"]) == ("trailers", "k")
    assert "host" not in said


def test_a_line_break_in_a_secret_is_told():
    metadata = {"authorization": "Bearer {{secrets.KEY}}"}
    observation, heads = asked_with(metadata, {"KEY": "k1\r\nX-Other: k2"})
    assert observation.error == "a header holds a line break"
    assert observation.failure_kind is FailureKind.CONFIGURATION
    assert heads == []


def test_a_web_server_is_named():
    async def handler(reader, writer):
        http2 = H2Connection(H2Configuration(client_side=False))
        http2.initiate_connection()
        writer.write(http2.data_to_send())
        while data := await reader.read(65_536):
            for event in http2.receive_data(data):
                if isinstance(event, RequestReceived):
                    http2.send_headers(event.stream_id, [(":status", "404")], end_stream=True)
            writer.write(http2.data_to_send())

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("GRPC", peer.endpoint)

    observation = go(story())
    assert observation.status is Status.RED
    assert observation.error == ("a web server answered with HTTP status 404: no gRPC on this port")


@pytest.mark.parametrize(
    ("frame", "name"),
    [
        (b"\0\0\x08\7\0\0\0\0\0" + b"\0\0\0\0" + b"\0\0\0\x0b", "ENHANCE_YOUR_CALM"),
        (b"\0\0\x08\7\0\0\0\0\0" + b"\0\0\0\0" + b"\0\0\0\0", "as before a restart"),
        (b"\0\0\4\3\0\0\0\0\1" + b"\0\0\0\7", "REFUSED_STREAM"),
    ],
)
def test_a_call_that_is_broken_off_names_the_error(frame, name):
    async def handler(reader, writer):
        await reader.read(24)
        writer.write(b"\0\0\0\4\0\0\0\0\0" + frame)
        await writer.drain()
        await reader.read()

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("GRPC", peer.endpoint)

    error = go(story()).error
    assert name in error
    assert not any(letter.isdigit() for letter in error.replace("HTTP/2", ""))


SETTINGS = b"\0\0\0\4\0\0\0\0\0"


def frame(kind, flags, stream, payload):
    head = len(payload).to_bytes(3) + bytes((kind, flags)) + stream.to_bytes(4)
    return head + payload


def answered(*frames):
    """Return the observation of a server that sends these frames after the request."""

    async def handler(reader, writer):
        await reader.read(24)
        for one in frames:
            writer.write(one)
        await writer.drain()
        await reader.read(100_000)
        await reader.read()

    async def story():
        async with loopback.tcp(handler) as peer:
            return await probe("GRPC", peer.endpoint)

    return go(story())


def call(message, *, status="0", said=None, headers=()):
    """Return the frames of an answer."""
    encoder = Encoder()
    begin = encoder.encode([(":status", "200"), ("content-type", "application/grpc"), *headers])
    trailers = [("grpc-status", status)] + ([("grpc-message", said)] if said else [])
    end = encoder.encode(trailers)
    return (frame(1, 4, 1, begin), frame(0, 0, 1, message), frame(1, 5, 1, end))


SERVES = b"\0\0\0\0\2\x08\1"


def test_a_call_that_has_begun_survives_an_orderly_farewell():
    """GOAWAY without an error, as a server sends it before it restarts (RFC 9113 6.8)."""
    farewell = frame(7, 0, 0, b"\x7f\xff\xff\xff" + b"\0\0\0\0")
    observation = answered(SETTINGS, farewell, *call(SERVES))
    assert (observation.status, observation.error) == (Status.GREEN, None)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (SERVES, None),
        (b"\0\0\0\0\7\x12\1x\x08\1\x18\5", None),  # with fields of a later version
        (b"\0\0\0\0\3\x08\x81\0", None),
        (b"\0\0\0\0\2\x08\2", "the health service reports NOT_SERVING"),
        (b"\0\0\0\0\0", "the health service reports UNKNOWN"),
        (b"\0\0\0\0\2\x08\x81", "the health service's answer cannot be read"),
        (b"\0\0\0\0\2\x12\x09", "the health service's answer cannot be read"),
        (b"\1\0\0\0\2\x08\1", "the health service's answer cannot be read"),
        (b"\0\0", "the health service's answer cannot be read"),
        (b"", "the health service's answer cannot be read"),
    ],
)
def test_messages_are_read_as_protocol_buffers(message, error):
    assert answered(SETTINGS, *call(message)).error == error


@pytest.mark.parametrize(
    ("status", "name"),
    [("4", "DEADLINE_EXCEEDED"), ("14", "UNAVAILABLE"), ("16", "UNAUTHENTICATED"), ("99", "99")],
)
def test_statuses_are_named(status, name):
    observation = answered(SETTINGS, *call(b"", status=status, said="caf%C3%A9 %zz"))
    assert observation.error == f"the health service answered {name}: café %zz"


def test_headers_may_hold_any_bytes():
    observation = answered(SETTINGS, *call(SERVES, headers=[(b"server", b"caf\xe9")]))
    assert (observation.status, observation.error) == (Status.GREEN, None)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            "the server does not speak HTTP/2; it answers in HTTP/1",
        ),
        (b"\x15\3\1\0\2\2\x46", "the server does not speak HTTP/2; the port speaks TLS"),
        (b"SSH-2.0-x\r\n", "the server does not speak HTTP/2; the port speaks SSH"),
        (
            SETTINGS + frame(1, 4, 1, Encoder().encode([("x", " y ")])),
            "the server does not follow the rules of HTTP/2",
        ),
    ],
)
def test_what_is_spoken_instead_is_named(data, error):
    assert answered(data).error == error
