"""Watch over another installation, which watches this one: PEER_URL.

An installation that is gone tells nobody. Its peer asks it whether it is ready, and tells its own
operators when it does not answer, or says of itself that it is behind, at two looks in a row.
"""

import asyncio
import json
from datetime import datetime

from app.domain.checks.addresses import AddressPolicy
from app.network.errors import NetworkError
from app.network.http import HttpRequest
from app.network.network import Network
from app.platform.clock import utcnow

_CONFIRMATIONS = 2
_PATIENCE_SECONDS = 10.0
_MAX_TEXT = 300


class PeerWatch:
    """Watch over one other installation."""

    def __init__(self, url: str, ca_file: str | None) -> None:
        self._url = url
        self._ca_file = ca_file
        self._since: datetime | None = None
        self._looks = 0

    def look(self) -> tuple[str | None, bool]:
        """Return what is confirmed to be wrong, if anything, and whether all was well just now."""
        wrong = asyncio.run(self._ask())
        if wrong is None:
            self._since, self._looks = None, 0
            return None, True
        self._since = self._since or utcnow()
        self._looks += 1
        if self._looks < _CONFIRMATIONS:
            return None, False
        return f"{self._url} {wrong}, since {self._since:%Y-%m-%d %H:%M:%S} UTC", False

    async def _ask(self) -> str | None:
        # The operator's own address: it may lie anywhere, in their network as well.
        network = Network(AddressPolicy(), ca_file=self._ca_file)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                answer = await network.http(HttpRequest(f"{self._url}/ready"))
        except TimeoutError:
            return f"has not answered within {_PATIENCE_SECONDS:g} s"
        except (NetworkError, ValueError) as error:
            return f"has not answered ({str(error)[:_MAX_TEXT]})"
        finally:
            network.close()
        return wrong_with(answer.status_code, answer.body)


def wrong_with(status_code: int, body: bytes) -> str | None:
    """Return what an answer of `/ready` says is wrong, None for one of an installation in order."""
    try:
        found = json.loads(body)
        parts = [str(part) for part in found.get("degraded", [])]
    except (ValueError, AttributeError, TypeError):
        return f"has answered {status_code}, and nothing that an AlertifyPro says"
    if status_code != 200:
        return f"has answered {status_code}: it is not ready"
    return f"says that it is behind with {', '.join(parts)[:_MAX_TEXT]}" if parts else None
