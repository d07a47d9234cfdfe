"""/health and /ready: alive, and able to work; at the root and under the API."""

import threading
from datetime import datetime
from http import HTTPStatus
from typing import Any

import psycopg
from flask import Response
from redis import RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.api.http import Blueprint, reply
from app.operations.self_monitoring import health as self_health
from app.operations.self_monitoring import lateness
from app.platform.bootstrap import runtime
from app.platform.clock import monotonic, utcnow
from app.platform.cooperative import Overdue, deadline
from app.platform.events import timestamp
from app.platform.extensions import db
from app.platform.transaction import transaction
from app.schemas.health import ReadySchema
from app.security.access import public

bp = Blueprint("health", __name__, description="Is it alive, is it able to work.")
_PATIENCE_SECONDS = 3.0
_FRESH_SECONDS = 5.0
_ANSWER_SECONDS = 0.5  # anybody may ask, as often as they like
_redis_since: datetime | None = None
_Known = tuple[list[dict[str, str]], dict[str, Any]]
_known: dict[str, Any] = {}
_Answer = tuple[dict[str, Any], int]
_answering = threading.Lock()
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
    Looked up twice a second at most.
    """
    body, status = _answer()
    answer = reply(body, status)
    if status != HTTPStatus.OK:
        answer.headers["Retry-After"] = "2"
    return answer


def _answer() -> _Answer:
    """Return body and status; who comes while they are looked up waits for that one look."""
    with _answering:
        whose, read_at, found = _known.get("answer", (None, float("-inf"), ({}, 0)))
        is_fresh = monotonic() - read_at <= _ANSWER_SECONDS
        if whose is not runtime() or not is_fresh:
            found = _look()
            _known["answer"] = runtime(), monotonic(), found
    answer: _Answer = found
    return answer


def _look() -> _Answer:
    try:
        with deadline(_PATIENCE_SECONDS):
            db.session.execute(text("SET LOCAL statement_timeout = 2000"))
            db.session.execute(text("SELECT FROM organizations LIMIT 1"))
            behind, figures = _late()
    except (SQLAlchemyError, psycopg.Error, Overdue):
        db.session().invalidate()  # it may hang: nobody else should get this connection
        return {"status": "not ready", "error": "the database is not available"}, 503
    behind = [*behind, *_redis()]
    answer_body: dict[str, Any] = {"status": "ready", **figures}
    if behind:
        answer_body["degraded"] = [one["part"] for one in behind]
        answer_body["late"] = behind
    return answer_body, HTTPStatus.OK


def _redis() -> list[dict[str, str]]:
    """Return that Redis is away, or refuses: it does for want of disk and of memory."""
    global _redis_since
    try:
        runtime().redis.ping()
    except RedisError as error:
        _redis_since = _redis_since or utcnow()
        is_refusal = isinstance(error, ResponseError)
        return [
            {
                "part": "redis",
                "since": timestamp(_redis_since),
                "problem": "redis refuses commands" if is_refusal else "redis does not answer",
                "advice": "check that the disk and its memory are not full"
                if is_refusal
                else "check that it runs; until then work is found by polling",
            }
        ]
    _redis_since = None
    return []


def _late() -> _Known:
    """Return what is late, and figures; read at most every five seconds: anybody may call this."""
    read_at: float
    known: _Known
    read_at, known = _known.get("late", (float("-inf"), ([], {})))
    if monotonic() - read_at > _FRESH_SECONDS:
        with transaction() as tx:
            late = [
                {
                    "part": one.part,
                    "since": timestamp(one.since),
                    "problem": one.problem,
                    "advice": one.advice,
                }
                for one in lateness.late(tx)
            ]
            figures = {
                "age_seconds": self_health.ages(tx),
                "blind_seconds": self_health.unable_seconds(tx),
            }
            known = late, figures
        _known["late"] = monotonic(), known
    return known


for blueprint in (bp, root_bp):
    blueprint.get("/health")(health)
    blueprint.get("/ready")(ready)
