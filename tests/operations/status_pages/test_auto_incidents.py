"""Alerts that stand open incidents on pages, each once."""

from datetime import timedelta

import pytest

from app.operations.status_pages import auto_incidents
from app.platform.clock import utcnow
from tests.alerting import make_alert, make_subscriber
from tests.status_pages import make_shown


@pytest.fixture
def page(alice, configure):
    configure(smtp_url="smtp://127.0.0.1:9")
    auto = {"mode": "publish", "after_minutes": 3, "resolve_minutes": 10}
    page, services = make_shown(alice, "Checkout", auto_incidents=auto)
    make_subscriber(alice, page)
    return page | {"services": services}


def advance(app):
    with app.app_context():
        return [auto_incidents.advance(id) for id in auto_incidents.pages()]


def incidents(alice, page):
    return alice.get(f"/status-pages/{page['id']}/incidents").json


def test_an_alert_that_stands_becomes_an_incident_and_ends_with_it(
    app, alice, page, connection, rows
):
    fired_at = utcnow() - timedelta(minutes=2)
    secret = "connection refused by 10.1.2.3"
    alert = make_alert(connection, page["services"][0], fired_at=fired_at, message=secret)
    advance(app)
    assert incidents(alice, page) == []
    rows("UPDATE alerts SET fired_at = fired_at - interval '2 minutes'")
    advance(app)
    advance(app)
    (made,) = incidents(alice, page)
    assert made["title"] == "Problem with Checkout"
    assert (made["is_automatic"], made["is_draft"], made["status"]) == (
        True,
        False,
        "investigating",
    )
    assert secret not in str(made)
    rows("UPDATE alerts SET status = 'resolved', resolved_at = now() WHERE id = %s", alert)
    advance(app)
    assert incidents(alice, page)[0]["status"] == "monitoring"
    rows("UPDATE page_incidents SET recovered_at = now() - interval '11 minutes'")
    advance(app)
    (done,) = incidents(alice, page)
    assert done["status"] == "resolved"
    assert len(done["updates"]) == 3
    assert rows("SELECT count(*) FROM notifications WHERE kind = 'subscriber.news'")[0][0] >= 1


def test_by_default_it_is_a_draft(app, alice, page, connection):
    alice.patch(f"/status-pages/{page['id']}", {"auto_incidents": True})
    make_alert(connection, page["services"][0], fired_at=utcnow() - timedelta(hours=1))
    advance(app)
    assert incidents(alice, page)[0]["is_draft"] is True
    alice.patch(f"/status-pages/{page['id']}", {"auto_incidents": False})
    assert advance(app) == []
