"""Client of the live feed, for tests that stand at its other end."""

import json

import simple_websocket

from tests.waiting import stretched


class FeedClient(simple_websocket.Client):
    """Client that also reads the frames which come in one segment with the answer to its upgrade.

    The library takes the answer alone out of what it has read, and looks at the rest only when
    more comes: a `hello` that was quick would be read with the first `ping`, 20 seconds later.
    """

    def handshake(self):
        super().handshake()
        self.connected = self._handle_events()

    def frame(self, seconds=5):
        """Return the next frame, read. Raises AssertionError where none comes in that time."""
        message = self.receive(timeout=stretched(seconds))
        assert message is not None, f"no frame within {stretched(seconds):.0f} s"
        return json.loads(message)
