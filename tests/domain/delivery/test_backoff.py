from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.delivery import backoff
from app.domain.delivery.backoff import Circuit

NOW = datetime(2026, 3, 2, 14, tzinfo=UTC)
MIDDLE = 0.5  # the jitter that changes nothing


@pytest.mark.parametrize(
    ("attempt", "jitter", "retry_after", "elapsed", "expected", "why"),
    [
        (1, MIDDLE, None, None, 2, "a page is tried again soon"),
        (2, MIDDLE, None, None, 4, "then twice as late"),
        (5, MIDDLE, None, None, 32, "and so on"),
        (11, MIDDLE, None, None, 2048, "half an hour"),
        (12, MIDDLE, None, None, 3600, "then every hour"),
        (30, MIDDLE, None, None, 3600, "for a day"),
        (10_000, MIDDLE, None, None, None, "not for ever"),
        (1, 0.0, None, None, 1.6, "jitter takes up to a fifth"),
        (1, 0.999999, None, None, pytest.approx(2.4, abs=1e-5), "or adds one"),
        (1, MIDDLE, 7, None, 7, "the receiver asked for seven seconds"),
        (8, MIDDLE, 7, None, 256, "the delay is longer than that"),
        (1, MIDDLE, 999_999_999, 10, 86_390, "a receiver cannot postpone past the end"),
        (3, MIDDLE, None, 86_399.0, 1, "the last try falls on the end"),
        (3, MIDDLE, None, 86_400.0, None, "a day has passed"),
        (3, MIDDLE, 60, 90_000.0, None, "whatever the receiver asks"),
        (30, MIDDLE, None, 0.0, 3600, "few tries took long, many took short: time decides"),
    ],
)
def test_delay(attempt, jitter, retry_after, elapsed, expected, why):
    assert backoff.delay(attempt, jitter, retry_after, elapsed) == expected, why


def test_tries_spread_over_exactly_a_day():
    waits = []
    while (wait := backoff.delay(len(waits) + 1, MIDDLE)) is not None:
        waits.append(wait)
    assert len(waits) == 34
    assert sum(waits) == 86_400
    assert sum(waits[:5]) < 65, "six tries in the first minute or so"


@given(
    st.integers(1, 60),
    st.floats(0, 1, exclude_max=True),
    st.none() | st.floats(0, 1e9),
    st.none() | st.floats(0, 2e5),
)
def test_a_delay_is_never_negative_and_never_past_the_end(attempt, jitter, retry_after, elapsed):
    wait = backoff.delay(attempt, jitter, retry_after, elapsed)
    assert wait is None or 0 < wait <= backoff.GIVE_UP_AFTER_SECONDS - (elapsed or 0)


def failed(times: int, at: datetime = NOW) -> Circuit:
    circuit = Circuit()
    for _ in range(times):
        circuit = backoff.after_send(circuit, at, delivered=False)
    return circuit


@pytest.mark.parametrize(
    ("failures", "rest"),
    [(1, None), (4, None), (5, 30), (6, 60), (7, 120), (9, 480), (10, 900), (99, 900)],
)
def test_the_circuit_opens_after_five_failures_and_rests_ever_longer(failures, rest):
    circuit = failed(failures)
    assert circuit.retry_at == (None if rest is None else NOW + timedelta(seconds=rest))


def test_after_the_rest_a_failure_doubles_it_and_a_delivery_ends_it():
    circuit, later = failed(5), NOW + timedelta(seconds=30)
    assert backoff.after_send(circuit, later, delivered=True) == Circuit()
    worse = backoff.after_send(circuit, later, delivered=False)
    assert worse == Circuit(6, later + timedelta(seconds=60))


def test_one_delivery_forgets_the_failures():
    assert backoff.after_send(failed(4), NOW, delivered=True) == Circuit()
