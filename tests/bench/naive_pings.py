"""Pings as a first version would take them: each request a transaction of its own, by the ORM."""

from datetime import timedelta

from flask import Flask, Response, jsonify, request
from sqlalchemy import select

from app.models.heartbeats import Heartbeat, HeartbeatPing
from app.platform.bootstrap import bootstrap
from app.platform.transaction import transaction


def create() -> Flask:
    """Return the application."""
    naive = bootstrap(pool_size=20)

    @naive.get("/health")
    def health() -> str:
        return "OK"

    @naive.post("/api/v1/heartbeat/<key>")
    def ping(key: str) -> Response:
        with transaction() as tx:
            heartbeat = tx.session.scalars(
                select(Heartbeat).where(Heartbeat.unique_key == key).with_for_update()
            ).one()
            now = tx.now()
            tx.session.add(
                HeartbeatPing(
                    heartbeat_id=heartbeat.id,
                    received_at=now,
                    kind="success",
                    body=request.get_data()[:10_000],
                    remote_addr=request.remote_addr,
                    user_agent=request.headers.get("User-Agent"),
                )
            )
            heartbeat.status, heartbeat.last_ping_at = "healthy", now
            heartbeat.next_expected_at = heartbeat.next_look_at = now + timedelta(hours=1)
            answer = {"status": "ok", "monitor": heartbeat.name, "pinged_at": now.isoformat()}
        return jsonify(answer)

    return naive


app = create()


def start() -> None:
    """Start nothing: gunicorn.conf.py asks it of each application, and this one only answers."""
