"""Client of an agent: requests to its own server over HTTPS, and nothing else.

The server is the operator's choice, not a target: the address guard has no say here. Proxies of the
environment are honoured, redirects are not followed: the key goes to the server alone.
"""

import gzip
import threading
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

import orjson

PROTOCOL_HEADER = "AlertifyPro-Protocol"
_CONNECT_SECONDS = 5.0
_AWAY_STATUSES = (408, 429, 500, 502, 503, 504)


class ServerAway(Exception):
    """The server cannot be reached, or cannot answer now."""


class ServerRefused(Exception):
    """The server answered that it will not; `status` is that of HTTP."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(f"{sentence} ({status})")
        self.status = status


class ServerSettings(Protocol):
    """The part of an agent's settings that its client reads."""

    @property
    def server_url(self) -> str: ...
    @property
    def location_key(self) -> str: ...
    @property
    def server_ca_file(self) -> str: ...
    @property
    def server_fingerprints(self) -> tuple[str, ...]: ...


class ServerClient:
    """Client for any thread; each has connections of its own."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._local = threading.local()
        self.protocol = 0  # agreed on by `hello`

    def post(self, name: str, body: Mapping[str, Any], seconds: float = 15.0) -> dict[str, Any]:
        """Return the answer to a request. Raises ServerAway and ServerRefused."""
        return self.post_packed(name, gzip.compress(orjson.dumps(body), 1), seconds)

    def post_packed(self, name: str, data: bytes, seconds: float = 15.0) -> dict[str, Any]:
        """Return the answer to a request whose body is JSON in gzip; raises as `post`."""
        try:
            answer = self._session().post(
                f"{self._settings.server_url}/api/v1/agent/{name}",
                data=data,
                headers={PROTOCOL_HEADER: str(self.protocol)},
                timeout=(min(_CONNECT_SECONDS, seconds), seconds),
                allow_redirects=False,
                # Said here: a session's own would stand behind REQUESTS_CA_BUNDLE.
                verify=self._settings.server_ca_file or True,
            )
        except OSError as error:  # as which the library raises what goes wrong
            raise ServerAway(_brief(error)) from error
        if answer.status_code in _AWAY_STATUSES:
            raise ServerAway(f"the server answered {answer.status_code}")
        try:
            result = orjson.loads(answer.content) if answer.content else {}
        except orjson.JSONDecodeError:
            result = None
        if answer.status_code != 200:
            sentence = result.get("error") if isinstance(result, dict) else None
            if sentence is None and answer.status_code != 401:
                # Not our server's way to refuse: a proxy or a portal stands between.
                raise ServerAway(f"something else answered {answer.status_code}")
            raise ServerRefused(answer.status_code, str(sentence or "unauthorized"))
        if not isinstance(result, dict):
            raise ServerAway("what answered is not the server")
        return result

    def _session(self) -> Any:
        result = getattr(self._local, "session", None)
        if result is None:
            # The library, 4 MB, which processes beside the server import with the agent's modules
            # and never need.
            make = import_module("app.network.server_session").make
            result = self._local.session = make(self._settings)
        return result


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:500] if str(error) else type(error).__name__
