"""Configuration, database and Redis bound to a Flask application without routes.

Every process starts here: workers, scheduler and command line use it as it is, the web process
adds its routes in `app/web.py`.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import Flask, current_app
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import configure_mappers

import app.models  # noqa: F401  the metadata must be complete before the first query
from app.models.organization import Organization
from app.platform import logs
from app.platform.config import Config
from app.platform.counters import Counters
from app.platform.crypto import Vault
from app.platform.events import Feed
from app.platform.extensions import db, jwt
from app.platform.pool import (
    call_it_away,
    check_at_checkout,
    keep_prepared,
    set_at_begin,
    settings_at_connect,
)
from app.platform.queue import Hints
from app.platform.redis_client import connect
from app.platform.standby import Standby

_STANDBY = "standby"  # the name of its engine
TOKEN_LIFETIME = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Resources that a process holds open: reach them with `runtime()`."""

    config: Config
    redis: Redis
    hints: Hints
    feed: Feed
    standby: Standby | None  # None without DATABASE_READ_URL
    counters: Counters
    vault: Vault


def bootstrap(config: Config | None = None, *, pool_size: int = 5) -> Flask:
    """Return an application bound to configuration, database and Redis. Raises ConfigError."""
    config = config or Config.from_env()
    logs.configure(log_format=config.log_format, level=config.log_level)
    app = Flask("app", static_folder=None)
    is_pooled = config.database_pooler == "transaction"
    options = {
        "pool_size": pool_size,
        "max_overflow": pool_size,
        "pool_timeout": 2,
        "pool_use_lifo": True,  # a server's process for what is needed seldom stays small
        "hide_parameters": True,  # an error in the log must not show e-mails or hashes
        "connect_args": {
            "connect_timeout": 3,
            "application_name": "alertifypro",
            **settings_at_connect(is_pooled=is_pooled),
        },
    }
    read_url = config.database_read_url
    app.config.update(
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=options,
        SQLALCHEMY_BINDS={_STANDBY: {"url": read_url, **options}} if read_url else {},
        JWT_SECRET_KEY=config.jwt_secret,
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_ACCESS_TOKEN_EXPIRES=TOKEN_LIFETIME,
        JWT_IDENTITY_CLAIM="user_id",
    )
    db.init_app(app)
    with app.app_context():
        engines = db.engines
    for engine in engines.values():
        check_at_checkout(engine)
        call_it_away(engine)
        if is_pooled:
            set_at_begin(engine)
        else:
            keep_prepared(engine)
    jwt.init_app(app)
    redis = connect(config.redis_url)
    standby = Standby(engines[_STANDBY], engines[None], redis) if read_url else None
    app.extensions["runtime"] = Runtime(
        config=config,
        redis=redis,
        hints=Hints(redis),
        feed=Feed(redis, standby.note_writes if standby else None),
        standby=standby,
        counters=Counters(redis),
        vault=Vault(config.encryption_key),
    )
    return app


def warm_up(app: Flask) -> None:
    """Make what the first query of a process makes, without a connection, for forks to share."""
    configure_mappers()
    with app.app_context():
        select(Organization).compile(db.engine)


def runtime() -> Runtime:
    """Return what the current application holds open."""
    result: Runtime = current_app.extensions["runtime"]
    return result
