"""The RQ dashboard at /ops/rq, for operators: it has neither access control nor CSRF of its own."""

from functools import partial
from typing import Any

import rq_dashboard
from flask import Flask, Response, request
from rq import Worker, requeue_job
from rq.serializers import JSONSerializer
from rq_dashboard import web as dashboard
from werkzeug.exceptions import MethodNotAllowed

from app.console import operator_sessions
from app.platform.queue import JsonJob
from app.platform.redis_client import connect
from app.security.access import guarded_by

PATH = "/ops/rq"
_NAME = rq_dashboard.blueprint.name
# Its pages carry their scripts inline.
_CONTENT_SECURITY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
)


def install(app: Flask) -> None:
    """Mount the dashboard behind the operators' sign-in."""
    # Jobs are JSON: the dashboard must not read Redis with pickle, its default.
    dashboard.config.serializer = JSONSerializer
    dashboard.Job = JsonJob
    dashboard.Worker = _JsonWorker
    dashboard.from_url = lambda url, **_: (None, connect(url))
    dashboard.requeue_job = partial(requeue_job, serializer=JSONSerializer)
    app.config["RQ_DASHBOARD_REDIS_URL"] = app.extensions["runtime"].config.redis_url
    dashboard.setup_rq_connection(app)
    app.register_blueprint(rq_dashboard.blueprint, url_prefix=PATH)
    for endpoint in [name for name in app.view_functions if name.startswith(f"{_NAME}.")]:
        guarded_by(app, endpoint, operator_sessions.GUARD)
    app.before_request(_refuse_deeds_by_get)
    app.after_request(_allow_its_scripts)
    app.url_build_error_handlers.append(_favicon)


class _JsonWorker(Worker):
    """A worker as the dashboard lists it: what it is busy with is JSON, like every job."""

    @classmethod
    def all(cls, *args: Any, **kwargs: Any) -> list[Any]:
        """Return the workers there are, reading their jobs as JSON."""
        found = super().all(*args, **{"job_class": JsonJob, "serializer": JSONSerializer} | kwargs)
        return [worker for worker in found if worker is not None]


def _refuse_deeds_by_get() -> None:
    if request.endpoint == f"{_NAME}.requeue_all" and request.method != "POST":
        raise MethodNotAllowed(["POST"])


def _allow_its_scripts(answer: Response) -> Response:
    if request.blueprint == _NAME:
        answer.headers["Content-Security-Policy"] = _CONTENT_SECURITY
        answer.headers["Referrer-Policy"] = "same-origin"  # its deeds say where they come from
    return answer


def _favicon(error: Exception, endpoint: str, values: dict[str, Any]) -> str:
    """Answer its pages' wish for a file of the application, which has no static files itself."""
    if endpoint == "static" and values.get("filename") == "favicon.ico":
        return f"{PATH}/favicon.ico"
    raise error
