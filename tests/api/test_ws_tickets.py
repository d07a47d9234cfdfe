"""/ws-tickets: a stand-in for a token, for a moment and once."""

import pytest

from app.platform.errors import Unauthorized
from app.security import tickets


def test_a_ticket_stands_for_the_token_once(app, alice):
    answer = alice.call("POST", "/ws-tickets")
    assert answer.status_code == 201
    assert answer.json["expires_in_seconds"] == 30
    ticket = answer.json["ticket"]
    assert alice.token not in ticket
    with app.app_context():
        assert tickets.redeem(ticket) == (alice.token, None)
        with pytest.raises(Unauthorized):
            tickets.redeem(ticket)


def test_a_ticket_needs_a_caller(client):
    assert client.post("/api/v1/ws-tickets").status_code == 401
