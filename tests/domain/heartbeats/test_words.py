"""What an alert of a heartbeat says."""

from datetime import UTC, datetime

import pytest

from app.domain.heartbeats import words
from app.domain.heartbeats.states import HeartbeatStatus as Status

AT = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def test_text_of_a_missed_heartbeat():
    assert words.message(Status.MISSED, "no ping came by noon", AT, AT) == (
        "No ping came by noon. The last came 2026-03-02 14:05:00 UTC;"
        " the next was expected 2026-03-02 14:05:00 UTC."
    )
    assert words.message(Status.MISSED, None, None, None) == "Missed. No ping has ever come."


def test_failure():
    assert words.message(Status.FAILED, "the job ended with exit status 3", AT, AT) == (
        "The job ended with exit status 3."
    )


def test_recovery():
    assert words.recovery(Status.HEALTHY, None) == "a ping came"
    assert words.recovery(Status.PAUSED, None) == "the heartbeat was paused"


@pytest.mark.parametrize(
    "body",
    [
        "Größe".encode(),
        "\ufeffGröße".encode(),
        "\ufeffGröße".encode("utf-16-le"),  # as PowerShell redirects into files
        "Größe".encode("cp1252"),
        "Größe ü".encode()[:-1],  # cut within a character
    ],
)
def test_what_a_job_says_is_read_whichever_way_it_is_written(body):
    assert words.shown(body).rstrip("\ufffd ") == "Größe"
