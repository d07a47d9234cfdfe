"""Heartbeats in one line, and time that passes at will."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask

from app.operations.heartbeats import flips as heartbeat_flips
from app.operations.heartbeats import sweep as heartbeat_sweep
from tests.factories import Person

Rows = Callable[..., list[tuple[Any, ...]]]

_TIMES = (
    "created_at",
    "basis_at",
    "next_expected_at",
    "miss_at",
    "last_success_at",
    "last_ping_at",
    "next_look_at",
    "status_changed_at",
)


def make_heartbeat(person: Person, **changes: Any) -> dict[str, Any]:
    """Create a heartbeat over the API and return its answer."""
    answer = person.post("/heartbeats", {"name": "Nightly backup"} | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def age(rows: Rows, heartbeat_id: str, **by: float) -> None:
    """Move everything about a heartbeat into the past: `age(rows, id, minutes=5)`."""
    moved = ", ".join(f"{column} = {column} - %s" for column in _TIMES)
    delta = timedelta(**by)
    rows(f"UPDATE heartbeats SET {moved} WHERE id = %s", *[delta] * len(_TIMES), heartbeat_id)
    rows(
        "UPDATE heartbeats SET open_runs = (SELECT coalesce(jsonb_agg(jsonb_build_array("
        " run -> 0, (run ->> 1)::timestamptz - %s, (run ->> 2)::timestamptz - %s, run -> 3)), '[]')"
        " FROM jsonb_array_elements(open_runs) AS run) WHERE id = %s",
        delta,
        delta,
        heartbeat_id,
    )


def prove(rows: Rows, **ago: float) -> None:
    """Say that pings could be received until now, or until some time ago."""
    rows(
        "INSERT INTO ingest_beacons (id, last_at) VALUES (1, now() - %s)"
        " ON CONFLICT (id) DO UPDATE SET last_at = EXCLUDED.last_at",
        timedelta(**ago),
    )


def sweep(app: Flask, rows: Rows) -> None:
    """Evaluate lateness as the tick does, just after a proof that pings come in."""
    prove(rows)
    with app.app_context():
        heartbeat_sweep.sweep()
        heartbeat_flips.handle()
        heartbeat_flips.release()
