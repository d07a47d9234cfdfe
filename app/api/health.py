"""/health and /ready: alive, and able to work; at the root and under the API."""

from typing import Any

import psycopg
from flask import Response
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.api.http import Blueprint, reply
from app.operations.self_monitoring import lateness
from app.platform.bootstrap import runtime
from app.platform.clock import monotonic
from app.platform.cooperative import Overdue, deadline
from app.platform.events import timestamp
from app.platform.extensions import db
from app.platform.transaction import transaction
from app.schemas.health import ReadySchema
from app.security.access import public

bp = Blueprint("health", __name__, description="Is it alive, is it able to work.")
_PATIENCE_SECONDS = 3.0
_FRESH_SECONDS = 5.0
_known: dict[str, tuple[float, list[dict[str, str]]]] = {}
root_bp = Blueprint("root_health", __name__, description="The same at the root.")


@public
@bp.returns(
    {"type": "string", "const": "OK"},
    content_type="text/plain",
    description="The process answers.",
)
def health() -> Response:
    """Say that the process is alive"""
    return Response("OK", mimetype="text/plain")


@public
@bp.describes(503, ReadySchema, description="The database is away.")
@bp.returns(ReadySchema, description="Requests can be served; `degraded` says what is missing.")
def ready() -> Response:
    """Say whether requests can be served

    Without the database nothing works. Without Redis the live feed rests and work is found by
    polling, which is a degraded service, but a service; so is one whose results, deliveries,
    escalations, sweeps or roll-ups are late: `degraded` names the part and `late` says since when.
    """
    try:
        with deadline(_PATIENCE_SECONDS):
            db.session.execute(text("SET LOCAL statement_timeout = 2000"))
            db.session.execute(text("SELECT FROM organizations LIMIT 1"))
            behind = _late()
    except (SQLAlchemyError, psycopg.Error, Overdue):
        db.session().invalidate()  # it may hang: nobody else should get this connection
        answer = reply({"status": "not ready", "error": "the database is not available"}, 503)
        answer.headers["Retry-After"] = "2"
        return answer
    degraded = [one["part"] for one in behind]
    try:
        runtime().redis.ping()
    except RedisError:
        degraded.append("redis")
    answer_body: dict[str, Any] = {"status": "ready"}
    if degraded:
        answer_body["degraded"] = degraded
    if behind:
        answer_body["late"] = behind
    return reply(answer_body)


def _late() -> list[dict[str, str]]:
    """Return what is late, asked for at most every five seconds: anybody may call this."""
    read_at, known = _known.get("late", (float("-inf"), []))
    if monotonic() - read_at > _FRESH_SECONDS:
        with transaction() as tx:
            known = [
                {
                    "part": one.part,
                    "since": timestamp(one.since),
                    "problem": one.problem,
                    "advice": one.advice,
                }
                for one in lateness.late(tx)
            ]
        _known["late"] = monotonic(), known
    return known


for blueprint in (bp, root_bp):
    blueprint.get("/health")(health)
    blueprint.get("/ready")(ready)
