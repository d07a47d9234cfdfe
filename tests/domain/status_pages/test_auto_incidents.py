"""Which alerts make an incident, and when it is over."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.status_pages.auto_incidents import (
    Action,
    CriticalAlert,
    IncidentStep,
    KnownIncident,
    next_actions,
)

NOW = datetime(2026, 11, 27, 14, tzinfo=UTC)
A, B, HIDDEN, X, Y, ONE = (UUID(int=number) for number in range(1, 7))
LONG, SHORT = NOW - timedelta(minutes=3), NOW - timedelta(minutes=2, seconds=59)


def steps(open_alerts, known=()):
    return next_actions(
        open_alerts,
        known,
        {A, B},
        NOW,
        after=timedelta(minutes=3),
        resolve_after=timedelta(minutes=10),
    )


def known(recovered=None, alerts=(X,), services=(A,)):
    at = None if recovered is None else NOW - timedelta(minutes=recovered)
    return KnownIncident(ONE, frozenset(alerts), frozenset(services), at)


@pytest.mark.parametrize(
    ("open_alerts", "incidents", "expected"),
    [
        ([], [], []),
        ([CriticalAlert(X, X, A, SHORT)], [], []),
        ([CriticalAlert(X, X, A, LONG)], [], [(IncidentStep.OPEN, None)]),
        ([CriticalAlert(X, X, HIDDEN, LONG)], [], []),  # nobody sees what it hits
        # A hidden service is the cause of two that are shown: one incident.
        (
            [
                CriticalAlert(X, X, HIDDEN, LONG),
                CriticalAlert(Y, X, A, SHORT),
                CriticalAlert(ONE, X, B, SHORT),
            ],
            [],
            [(IncidentStep.OPEN, None)],
        ),
        ([CriticalAlert(X, X, A, LONG)], [known()], []),
        (
            [CriticalAlert(X, X, A, LONG), CriticalAlert(Y, X, B, LONG)],
            [known()],
            [(IncidentStep.JOIN, ONE)],
        ),
        ([], [known()], [(IncidentStep.RECOVER, ONE)]),
        ([], [known(recovered=9)], []),
        ([], [known(recovered=10)], [(IncidentStep.RESOLVE, ONE)]),
        # It flaps: another alert of the same service is the same incident.
        ([CriticalAlert(Y, Y, A, SHORT)], [known(recovered=5)], [(IncidentStep.JOIN, ONE)]),
    ],
)
def test_incidents_that_open_alerts_ask_for(open_alerts, incidents, expected):
    assert [(one.step, one.incident_id) for one in steps(open_alerts, incidents)] == expected


def test_an_incident_names_only_what_the_page_shows():
    (action,) = steps([CriticalAlert(X, X, HIDDEN, LONG), CriticalAlert(Y, X, A, LONG)])
    assert action == Action(IncidentStep.OPEN, None, frozenset({X, Y}), frozenset({A}))
