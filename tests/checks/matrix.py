"""One working target per way to ask, for the tests that run over all check types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FINGERPRINT = "SHA256:uNiVztksCsDhcc0u9e8BrwexGLiwgMZBNBYbDRHxbQo"
LOGIN = {"username": "bob", "password": "s3cret"}


@dataclass(frozen=True)
class Way:
    """How one check type is asked; `endpoint` and texts in `config` may hold {host} and {port}."""

    check_type: str
    endpoint: str = "{host}:{port}"
    config: Mapping[str, Any] = field(default_factory=dict)
    tcp: bool = True

    def __str__(self) -> str:
        return "-".join([self.check_type, *map(str, self.config)])

    def target(self, host: str, port: int) -> tuple[str, str, dict[str, Any]]:
        """Return check type, endpoint and config for a host and a port."""
        written = f"[{host}]" if ":" in host else host

        def fill(value: Any) -> Any:
            if isinstance(value, str):
                return value.replace("{host}", written).replace("{port}", str(port))
            if isinstance(value, list):
                return [fill(item) for item in value]
            if isinstance(value, Mapping):
                return {name: fill(item) for name, item in value.items()}
            return value

        bare = host if self.endpoint == "{bare}" else fill(self.endpoint)
        return self.check_type, bare, fill(self.config)


WAYS = [
    Way("HTTP", "http://{host}:{port}/"),
    Way("HTTP", "https://{host}:{port}/", {"verify_tls": False}),
    Way("TCP", config={"expect": "never said"}),
    Way("TCP", config={"tls": True}),
    Way("WEBSOCKET", "ws://{host}:{port}/"),
    Way("WEBSOCKET", "wss://{host}:{port}/", {"verify_tls": False}),
    Way("SMTP"),
    Way("SMTP", config={"starttls": True}),
    Way("SMTP", config={"tls": True}),
    Way("IMAP"),
    Way("IMAP", config={"starttls": True}),
    Way("IMAP", config={"tls": True}),
    Way("POP3"),
    Way("POP3", config={"tls": True}),
    Way("FTP"),
    Way("FTP", config={"tls": True}),
    Way("SSH"),
    Way("SSH", config={"host_key_fingerprint": FINGERPRINT}),
    Way("REDIS"),
    Way("REDIS", config=LOGIN),
    Way("REDIS", config={"tls": True}),
    Way("MYSQL"),
    Way("MYSQL", config={**LOGIN, "query": "SELECT 1"}),
    Way("POSTGRES"),
    Way("POSTGRES", config={**LOGIN, "query": "SELECT 1"}),
    Way("POSTGRES", config={"sslmode": "disable"}),
    Way("MONGODB"),
    Way("MONGODB", config=LOGIN),
    Way("MONGODB", config={"tls": True}),
    Way("GRPC"),
    Way("GRPC", config={"tls": True}),
    Way("SSL"),
    Way("SSL", config={"starttls": "smtp"}),
    Way("SSL", config={"starttls": "mysql"}),
    Way("MULTI_STEP", "flow", {"steps": [{"url": "http://{host}:{port}/"}]}),
    Way("UDP", config={"expect": "never said"}, tcp=False),
    Way("DNS", "a.test", {"resolver": "{host}:{port}"}, tcp=False),
    Way("PING", "{bare}", tcp=False),
]
