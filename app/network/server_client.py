"""Client of an agent: requests to its own server over HTTPS, and nothing else.

The server is the operator's choice, not a target: the address guard has no say here. Proxies of the
environment are honoured, redirects are not followed: the key goes to the server alone.
"""

import gzip
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import orjson
import requests
from requests.adapters import BaseAdapter, HTTPAdapter

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


class _PinningAdapter(HTTPAdapter):
    """Accepts one certificate alone, on top of what TLS verifies anyway."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Hand the fingerprint to urllib3."""
        super().init_poolmanager(*args, assert_fingerprint=self._fingerprint, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Hand the fingerprint to urllib3 where a proxy is between."""
        return super().proxy_manager_for(*args, assert_fingerprint=self._fingerprint, **kwargs)


class _AnyPinAdapter(BaseAdapter):
    """Accepts one of several certificates: the one in use, and the one that comes next."""

    def __init__(self, fingerprints: Sequence[str]) -> None:
        super().__init__()
        self._adapters = [_PinningAdapter(one) for one in fingerprints]

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the answer; nothing is sent before a certificate was accepted."""
        for adapter in self._adapters[:-1]:
            try:
                answer = adapter.send(*args, **kwargs)
            except requests.exceptions.SSLError:
                continue
            self._adapters.sort(key=lambda one: one is not adapter)  # it is asked first from now on
            return answer
        return self._adapters[-1].send(*args, **kwargs)

    def close(self) -> None:
        """Close the connections."""
        for adapter in self._adapters:
            adapter.close()


class ServerClient:
    """Sends requests, from any thread; each has connections of its own."""

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
        except requests.RequestException as error:
            raise ServerAway(_brief(error)) from error
        if answer.status_code in _AWAY_STATUSES:
            raise ServerAway(f"the server answered {answer.status_code}")
        try:
            found = orjson.loads(answer.content) if answer.content else {}
        except orjson.JSONDecodeError:
            found = None
        if answer.status_code != 200:
            sentence = found.get("error") if isinstance(found, dict) else None
            if sentence is None and answer.status_code != 401:
                # Not our server's way to refuse: a proxy or a portal stands between.
                raise ServerAway(f"something else answered {answer.status_code}")
            raise ServerRefused(answer.status_code, str(sentence or "unauthorized"))
        if not isinstance(found, dict):
            raise ServerAway("what answered is not the server")
        return found

    def _session(self) -> requests.Session:
        found: requests.Session | None = getattr(self._local, "session", None)
        if found is None:
            found = self._local.session = requests.Session()
            found.headers.update(
                {
                    "Authorization": f"Bearer {self._settings.location_key}",
                    "Content-Type": "application/json",
                    "Content-Encoding": "gzip",
                }
            )
            # Not the .netrc of whoever runs us, which would replace the key.
            found.auth = _keep_header
            if self._settings.server_fingerprints:
                found.mount("https://", _AnyPinAdapter(self._settings.server_fingerprints))
        return found


def _keep_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _brief(error: Exception) -> str:
    return str(error).splitlines()[0][:500] if str(error) else type(error).__name__
