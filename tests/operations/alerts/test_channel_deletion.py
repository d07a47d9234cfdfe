"""Channels that are deleted while workers notify of alerts: nobody waits in a circle."""

from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.alerting import make_channel, stored_messages
from tests.waiting import seconds_until

_WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


def test_a_deletion_and_a_worker_that_plans_messages_wait_in_no_circle(
    alice, rows, fail, database_url
):
    channel = make_channel(alice)
    alert = fail()
    with psycopg.connect(database_url) as worker, ThreadPoolExecutor(1) as pool:
        # As a worker does it: the alert, its messages, then whom it is to notify.
        worker.execute("SELECT FROM alerts WHERE id = %s FOR NO KEY UPDATE", (alert["id"],))
        deletion = pool.submit(alice.delete, f"/notification-channels/{channel['id']}")
        seconds_until(lambda: rows(_WAITING)[0][0] >= 1, 10)
        worker.execute(
            "SELECT FROM notifications WHERE alert_id = %s FOR NO KEY UPDATE", (alert["id"],)
        )
        worker.execute(
            "SELECT FROM notification_channels WHERE id = %s FOR KEY SHARE", (channel["id"],)
        )
        worker.commit()
        assert deletion.result().status_code == 204
    assert [status for *_, status in stored_messages(rows)] == ["cancelled"]


def test_a_deletion_and_a_result_that_is_stored_wait_in_no_circle(alice, rows, fail, database_url):
    channel = make_channel(alice)
    alert = fail()
    with psycopg.connect(database_url) as sender, ThreadPoolExecutor(1) as pool:
        # As a sender does it: the channel, whose circuit it writes, then the message.
        sender.execute(
            "SELECT FROM notification_channels WHERE id = %s FOR NO KEY UPDATE", (channel["id"],)
        )
        deletion = pool.submit(alice.delete, f"/notification-channels/{channel['id']}")
        seconds_until(lambda: rows(_WAITING)[0][0] >= 1, 10)
        sender.execute(
            "SELECT FROM notifications WHERE alert_id = %s FOR NO KEY UPDATE", (alert["id"],)
        )
        sender.commit()
        assert deletion.result().status_code == 204
    assert [status for *_, status in stored_messages(rows)] == ["cancelled"]
