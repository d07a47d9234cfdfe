"""The client of these tests reads what comes with the answer to its upgrade."""

import socket
import threading

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, TextMessage

from tests.live_feed import FeedClient


def test_a_frame_in_one_segment_with_the_answer_is_read():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            peer, _ = server.accept()
            peers.append(peer)
            ends = WSConnection(ConnectionType.SERVER)
            ends.receive_data(peer.recv(4096))
            assert list(ends.events())
            hello = TextMessage(data='{"type": "hello"}')
            peer.sendall(ends.send(AcceptConnection()) + ends.send(hello))

        peers = []
        threading.Thread(target=answer, daemon=True).start()
        client = FeedClient(f"ws://127.0.0.1:{server.getsockname()[1]}/")
        assert client.frame() == {"type": "hello"}
        client.close()
        peers[0].close()
