"""Rules while their services, channels and alerts come and go."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import psycopg
import pytest

from app.operations.rules import rules as alert_rules
from app.operations.services import services
from app.platform.errors import Invalid
from tests.alerting import make_alert, make_rule
from tests.factories import make_service


def test_a_new_organization_gets_one_rule_and_nobody_elses(alice, charlie, rows):
    found = rows("SELECT organization_id FROM alert_rules WHERE name = 'Service down'")
    assert sorted(found) == sorted([(alice.organization_id,), (charlie.organization_id,)])


@pytest.mark.parametrize("_", range(5))
def test_a_rule_is_never_left_without_its_service(app, alice, rows, _):
    service_id = UUID(make_service(alice)["id"])
    barrier = Barrier(2)

    def create():
        with app.app_context():
            barrier.wait()
            try:
                alert_rules.create(
                    alice.organization_id,
                    {"name": "x", "severity": "info", "service_id": service_id},
                )
            except Invalid as error:
                return error
        return None

    def delete():
        with app.app_context():
            barrier.wait()
            services.delete(alice.organization_id, [service_id])

    with ThreadPoolExecutor(2) as pool:
        refused, _ = pool.submit(create), pool.submit(delete).result()
        assert refused.result() is None or "service_id" in refused.result().fields
    assert rows("SELECT count(*) FROM alert_rules WHERE service_id IS NOT NULL") == [(0,)]


def test_deleting_a_rule_resolves_what_a_worker_opens_meanwhile(
    app, alice, connection, database_url, rows
):
    service, other, rule = make_service(alice), make_service(alice, name="Blog"), make_rule(alice)
    make_alert(connection, service, alert_rule_id=rule["id"])
    with psycopg.connect(database_url) as worker, ThreadPoolExecutor(1) as pool:
        worker.execute("SELECT FROM alert_rules WHERE id = %s FOR SHARE", (rule["id"],))
        make_alert(worker, other, alert_rule_id=rule["id"])  # not committed
        deleting = pool.submit(alice.delete, f"/alert-rules/{rule['id']}")
        time.sleep(0.3)
        assert not deleting.done()
        worker.commit()
        assert deleting.result().status_code == 204
    assert rows("SELECT DISTINCT status, alert_rule_id FROM alerts") == [("resolved", None)]
