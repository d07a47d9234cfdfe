"""HTTP session of an agent with its server, which may be pinned to certificates."""

from collections.abc import Sequence
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter

from app.network.server_client import ServerSettings


class _PinningAdapter(HTTPAdapter):
    """Adapter that accepts one certificate alone, on top of what TLS verifies anyway."""

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
    """Adapter that accepts one of several certificates: that in use, and the one to come."""

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


def make(settings: ServerSettings) -> requests.Session:
    """Return a session that carries the key of a location."""
    session = requests.Session()
    session.headers.update(
        {
            "Authorization": f"Bearer {settings.location_key}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }
    )
    # Not the .netrc of whoever runs us, which would replace the key.
    session.auth = _keep_header
    if settings.server_fingerprints:
        session.mount("https://", _AnyPinAdapter(settings.server_fingerprints))
    return session


def _keep_header(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
