"""Leases of work that is done alone: short, and renewed for as long as it takes."""

import pytest
from psycopg import OperationalError

from tests.waiting import seconds_until
from workers.isolation import renewed_lease


def test_a_lease_is_short_and_renewed_while_the_work_goes_on():
    seconds = []
    with renewed_lease(seconds.append):
        assert seconds == [8.0], "what a process that is killed leaves behind"
        seconds_until(lambda: len(seconds) >= 3, 10)
    assert set(seconds) == {8.0}


def test_a_renewal_is_tried_again_when_the_database_was_away():
    asked = []

    def extend(seconds):
        asked.append(seconds)
        if len(asked) == 2:
            raise OperationalError("the server closed the connection")

    with renewed_lease(extend):
        seconds_until(lambda: len(asked) >= 3, 10)


def test_work_does_not_begin_without_its_lease():
    def extend(seconds):
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError), renewed_lease(extend):
        pytest.fail("it has begun")
