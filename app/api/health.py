"""/health and /ready: alive, and able to work; at the root and under the API."""

import psycopg
from flask import Response
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.api.http import Blueprint, reply
from app.platform.bootstrap import runtime
from app.platform.cooperative import Overdue, deadline
from app.platform.extensions import db
from app.schemas.health import ReadySchema
from app.security.access import public

bp = Blueprint("health", __name__, description="Is it alive, is it able to work.")
_PATIENCE_SECONDS = 3.0
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
    polling, which is a degraded service, but a service.
    """
    try:
        with deadline(_PATIENCE_SECONDS):
            db.session.execute(text("SET LOCAL statement_timeout = 2000"))
            db.session.execute(text("SELECT FROM organizations LIMIT 1"))
    except (SQLAlchemyError, psycopg.Error, Overdue):
        db.session().invalidate()  # it may hang: nobody else should get this connection
        answer = reply({"status": "not ready", "error": "the database is not available"}, 503)
        answer.headers["Retry-After"] = "2"
        return answer
    try:
        runtime().redis.ping()
    except RedisError:
        return reply({"status": "ready", "degraded": ["redis"]})
    return reply({"status": "ready"})


for blueprint in (bp, root_bp):
    blueprint.get("/health")(health)
    blueprint.get("/ready")(ready)
