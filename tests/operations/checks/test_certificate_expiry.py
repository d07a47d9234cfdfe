"""Certificates that end: each threshold told once, whatever happens in between."""

from datetime import timedelta

import pytest

from app.operations.checks import certificate_expiry, certificates
from app.platform.clock import utcnow
from tests.alerting import make_window
from tests.event_messages import at_once, certificate, check, kinds, listen, live_events, planned
from tests.factories import make_service


@pytest.fixture(autouse=True)
def nothing_remembered():
    certificates._written.clear()


@pytest.fixture
def shop(alice):
    return make_service(alice)


@pytest.fixture
def show(app, rows):
    """Let the service show a certificate with so many days left."""

    def show(days, fingerprint="aa", **changes):
        valid_to = utcnow() + timedelta(days=days)
        certificates._written.clear()
        check(app, rows, shown=certificate(valid_to, fingerprint, **changes))

    return show


@pytest.fixture
def warn(app):
    def warn():
        with app.app_context():
            return certificate_expiry.warn()

    return warn


def test_every_threshold_is_told_once(app, alice, rows, shop, show, warn):
    listen(alice, "ssl.expiring")
    for days in (31, 29.9, 20, 13.9, 7, 6.9, 2.9, 0.9, -0.1, -5):
        show(days)
        warn()
        assert warn() == 0
    assert planned(rows) == [
        ("ssl.expiring", "info", 30),
        ("ssl.expiring", "warning", 14),
        ("ssl.expiring", "warning", 7),
        ("ssl.expiring", "warning", 3),
        ("ssl.expiring", "warning", 1),
        ("ssl.expired", "critical", 0),
    ]
    events = live_events(app, alice, "ssl")
    assert [event["data"]["threshold_days"] for event in events] == [30, 14, 7, 3, 1, 0]
    assert events[0]["type"] == "ssl.expiring"
    assert events[-1]["type"] == "ssl.expired"
    assert events[0]["data"]["service_id"] == shop["id"]


def test_one_first_seen_late_is_told_at_the_closest(alice, rows, shop, show, warn):
    listen(alice, "ssl.expiring")
    show(5)
    assert warn() == 1
    assert [row[2] for row in planned(rows)] == [7]
    ((message,),) = rows("SELECT message FROM notifications")
    assert message["certificate"]["threshold_days"] == 7
    assert message["certificate"]["days_until_expiry"] == 4
    assert message["certificate"]["domain"] == "shop.example.com"
    assert message["service"]["name"] == "Shop"
    assert "config" not in message["service"]


def test_a_renewed_certificate_starts_anew_and_an_old_one_does_not(alice, rows, shop, show, warn):
    listen(alice, "ssl.expiring")
    for fingerprint in ("aa", "bb", "aa", "bb"):  # two servers behind one name
        show(5, fingerprint)
        warn()
    assert [row[2] for row in planned(rows)] == [7, 7]
    assert rows("SELECT count(DISTINCT subject_key) FROM notifications") == [(2,)]


def test_without_a_listener_the_feed_says_it_once(app, alice, rows, shop, show, warn):
    listen(alice, "alert.fired")
    show(5)
    assert [warn(), warn()] == [1, 0]
    assert kinds(rows) == []
    assert len(live_events(app, alice, "ssl")) == 1
    listen(alice, "ssl.expiring")
    assert warn() == 0, "it was told before anybody listened"


def test_paused_services_and_others_certificates_are_left_alone(
    alice, charlie, rows, shop, show, warn
):
    listen(alice, "ssl.expiring")
    show(5)
    alice.post(f"/services/{shop['id']}/pause")
    assert warn() == 0
    rows("UPDATE ssl_certificates SET last_checked_at = now() - interval '3 days'")
    alice.post(f"/services/{shop['id']}/resume")
    assert warn() == 0, "what was seen before the pause is old"
    show(2)
    assert warn() == 1
    assert [row[2] for row in planned(rows)] == [3]


def test_maintenance_puts_it_off(alice, rows, shop, show, warn):
    listen(alice, "ssl.expiring")
    window = make_window(alice, service_ids=[shop["id"]])
    show(5)
    assert warn() == 0
    alice.post(f"/maintenance-windows/{window['id']}/end")
    assert warn() == 1


@pytest.mark.parametrize(
    ("min_severity", "days", "told"),
    [
        ("info", 29, 1),
        ("warning", 29, 0),
        ("warning", 13, 1),
        ("critical", 1, 0),
        ("critical", -1, 1),
    ],
)
def test_channels_choose_by_severity(alice, rows, shop, show, warn, min_severity, days, told):
    listen(alice, "ssl.expiring", min_severity=min_severity)
    show(days)
    warn()
    assert len(planned(rows)) == told


def test_quiet_hours_hold_a_warning(alice, rows, shop, show, warn):
    now = utcnow()
    quiet = {
        "timezone": "UTC",
        "from": f"{now - timedelta(hours=1):%H:%M}",
        "to": f"{now + timedelta(hours=2):%H:%M}",
    }
    listen(alice, "ssl.expiring", quiet_hours=quiet)
    show(5)
    warn()
    assert rows("SELECT next_try_at > now() + interval '1 hour' FROM notifications") == [(True,)]


def test_ticks_at_once_tell_once(app, alice, rows, warn):
    channels = [listen(alice, "ssl.expiring"), listen(alice, "ssl.expiring", name="Second")]
    rows("UPDATE organizations SET max_services = 100")
    for _ in range(5):
        make_service(alice)
    check(app, rows, shown=certificate(utcnow() + timedelta(days=5)))
    assert sum(at_once(app, certificate_expiry.warn)) == 5
    assert rows("SELECT count(*) FROM ssl_notices") == [(5,)]
    assert len(planned(rows)) == 5 * len(channels)
    assert len(live_events(app, alice, "ssl")) == 5


def test_a_kill_before_the_commit_leaves_it_to_the_next_tick(
    app, alice, rows, shop, show, warn, monkeypatch
):
    listen(alice, "ssl.expiring")
    show(5)

    def killed(*_args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(certificate_expiry, "_enqueue_expiry", killed)
        with pytest.raises(KeyboardInterrupt):
            warn()
    assert rows("SELECT count(*) FROM ssl_notices") == [(0,)]
    assert warn() == 1
    assert len(planned(rows)) == 1


def test_one_that_cannot_be_told_holds_up_no_other_one(app, alice, rows, warn, monkeypatch, caplog):
    services = [make_service(alice, name=f"Shop {number}") for number in range(3)]
    check(app, rows, shown=certificate(utcnow() + timedelta(days=5)))
    warn_of = certificate_expiry.warn_of

    def broken(service_id):
        if str(service_id) == services[1]["id"]:
            raise RuntimeError("broken")
        return warn_of(service_id)

    monkeypatch.setattr(certificate_expiry, "warn_of", broken)
    assert warn() == 2
    assert "certificate expiry not announced" in caplog.text


def test_a_change_is_told_once_for_each_certificate(app, alice, rows, shop, show):
    listen(alice, "ssl.changed")
    for fingerprint in ("aa", "aa", "bb", "aa", "bb", "aa"):
        show(90, fingerprint)
    assert planned(rows) == [("ssl.changed", "info", 0)] * 2
    first, second = (
        row[0]["certificate"]
        for row in rows("SELECT message FROM notifications ORDER BY created_at")
    )
    assert (first["previous_fingerprint"], first["fingerprint_sha256"]) == ("aa", "bb")
    assert (second["previous_fingerprint"], second["fingerprint_sha256"]) == ("bb", "aa")
    assert len(live_events(app, alice, "ssl")) == 4, "the feed shows each"


def test_another_address_is_no_change(app, alice, rows, shop, show):
    listen(alice, "ssl.changed")
    show(90, "aa")
    show(90, "bb", domain="blog.example.com")
    assert planned(rows) == []
    assert live_events(app, alice, "ssl") == []
    assert alice.get(f"/ssl-certificates/{shop['id']}").json["previous_fingerprint"] is None


def test_a_change_in_maintenance_waits_for_its_end(alice, rows, shop, show):
    listen(alice, "ssl.changed")
    show(90, "aa")
    make_window(alice)
    show(90, "bb")
    assert rows("SELECT kind, next_try_at > now() FROM notifications") == [("ssl.changed", True)]


def test_events_can_be_subscribed(alice):
    events = ["ssl.expired", "ssl.changed", "ssl.expiring"]
    path = f"/notification-channels/{listen(alice, *events)}"
    assert alice.get(path).json["events"] == events
    assert alice.patch(path, {"events": ["ssl.renewed"]}).status_code == 422
