"""Leases of a process that was killed are given back by whoever is started after it."""

import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from psycopg import OperationalError

from app.operations.checks import claim as checks_claim
from app.operations.checks.claim import Lease
from app.operations.health import quarantine
from app.operations.health.quarantine import NEVER_LOST, Loss, WorkKind
from app.operations.notifications import claim as outbox_claim
from app.operations.notifications import results as delivery_results
from app.platform import lease_journal
from tests.alerting import make_channel, make_pending
from tests.factories import make_service

ROOT = Path(__file__).parents[2]
ID = "7b0c2f9e-3a51-4f0e-9d7e-2f6f0f1a9c11"
HOLDS = (
    "import sys, orjson\nfrom pathlib import Path\nfrom app.platform import lease_journal\n"
    "lease_journal.open_for_process(Path(sys.argv[1]), sys.argv[2])\n"
    "for line in sys.stdin:\n"
    "    lease_journal.write(orjson.loads(line))\n    print(flush=True)\n"
)
CHECKS = {WorkKind.CHECK: checks_claim.give_back}
MESSAGES = {WorkKind.MESSAGE: delivery_results.give_back}


@pytest.fixture
def hold(tmp_path):
    """Have another process hold leases, the latest list of each call; return that process."""
    started = []

    def hold(kind, *lists):
        command = [sys.executable, "-c", HOLDS, str(tmp_path), kind]
        process = subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1)
        started.append(process)
        for leases in lists:
            process.stdin.write(orjson.dumps(list(map(tuple, leases))) + b"\n")
            process.stdin.flush()
            process.stdout.readline()
        return process

    yield hold
    for process in started:
        process.kill()
        process.communicate()


def kill(process):
    process.kill()
    process.wait()


def test_checks_of_a_killed_process_are_due_at_once_and_not_counted_as_lost(
    context, alice, hold, tmp_path, rows
):
    for name in ("Shop", "Search"):
        make_service(alice, name=name, timeout_seconds=60)
    claims = checks_claim.claim("default", 10).claims
    earlier = [[str(uuid4()), "default", 7]] * 100
    process = hold(WorkKind.CHECK, earlier, [Lease.of(claim) for claim in claims])
    lease_journal.take_left_behind(tmp_path, CHECKS)
    assert checks_claim.claim("default", 10).claims == [], "it lives"
    kill(process)
    lease_journal.take_left_behind(tmp_path, CHECKS)
    again = checks_claim.claim("default", 10).claims
    assert {claim.snapshot.name: claim.loss for claim in again} == {
        "Shop": NEVER_LOST,
        "Search": NEVER_LOST,
    }
    lease_journal.take_left_behind(tmp_path, CHECKS)
    assert len(checks_claim.still_leased(again)) == 2, "once is enough"
    assert list((tmp_path / "work").iterdir()) == []


def test_what_somebody_else_has_claimed_meanwhile_stays_theirs(
    context, alice, hold, tmp_path, rows
):
    make_service(alice)
    (claim,) = checks_claim.claim("default", 10).claims
    kill(hold(WorkKind.CHECK, [Lease.of(claim)]))
    rows("UPDATE schedule_entries SET lease_until = now() - interval '1 second'")
    theirs = checks_claim.claim("default", 10).claims
    lease_journal.take_left_behind(tmp_path, CHECKS)
    assert len(checks_claim.still_leased(theirs)) == 1
    assert checks_claim.claim("default", 10).claims == []


def test_messages_of_a_killed_process_are_sent_again_at_once(
    context, alice, connection, hold, tmp_path
):
    make_pending(alice, connection, make_channel(alice))
    (send,) = outbox_claim.claim(10)
    kill(hold(WorkKind.MESSAGE, [(send.id, send.lease_token)]))
    quarantine.suspect([(WorkKind.MESSAGE, str(send.id))])
    assert outbox_claim.claim(10) == []
    lease_journal.take_left_behind(tmp_path, MESSAGES)
    (again,) = outbox_claim.claim(10)
    assert (again.id, again.attempt) == (send.id, 2)
    assert again.loss == Loss(1, True), "it was in hand: it is sent from a process of its own"


def test_a_shorter_list_leaves_nothing_of_a_longer_one(hold, tmp_path):
    process = hold("kind", [["a", 1]] * 1000, [["b", 2]])
    kill(process)
    found = []
    lease_journal.take_left_behind(tmp_path, {"kind": found.extend})
    assert found == [["b", 2]]


def test_leases_wait_for_a_database_that_is_away(hold, tmp_path):
    kill(hold("kind", [["a", 1]]))

    def away(leases):
        raise OperationalError("the server closed the connection")

    with pytest.raises(OperationalError):
        lease_journal.take_left_behind(tmp_path, {"kind": away})
    found = []
    lease_journal.take_left_behind(tmp_path, {"kind": found.extend})
    assert found == [["a", 1]]


def _written(*leases):
    content = orjson.dumps([WorkKind.CHECK, leases])
    return len(content).to_bytes(8) + content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 40,
        b"\0" * 7 + b"\x02[]",
        b"\0" * 7 + b"\x09{",
        _written(7),
        _written([7, "default", 1]),
        _written(["not an id", "default", 1]),
        _written([ID, "default"]),
        _written([ID, "de\0fault", 1]),
        _written([ID, "default", 10**18 * 9.5]),
        _written([ID, "default", {"token": 1}]),
        _written([ID, "default", "1"], [ID, "default", 1]),
    ],
)
def test_a_damaged_journal_ends_nobody(context, tmp_path, content):
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "1-damaged.leases").write_bytes(content)
    lease_journal.take_left_behind(tmp_path, CHECKS)
    assert list(folder.iterdir()) == []


def test_what_was_done_before_a_process_was_killed_is_not_said_to_be_given_back(
    context, alice, connection, hold, tmp_path, rows, caplog
):
    make_service(alice)
    make_pending(alice, connection, make_channel(alice))
    checks = [Lease.of(claim) for claim in checks_claim.claim("default", 10).claims]
    messages = [(send.id, send.lease_token) for send in outbox_claim.claim(10)]
    assert checks
    assert messages
    rows("UPDATE schedule_entries SET lease_until = NULL")
    rows("UPDATE notifications SET lease_until = NULL, lease_token = NULL, status = 'sent'")
    kill(hold(WorkKind.CHECK, checks))
    kill(hold(WorkKind.MESSAGE, messages))
    lease_journal.take_left_behind(tmp_path, {**CHECKS, **MESSAGES})
    assert not [each for each in caplog.records if each.levelname == "WARNING"]
    assert list((tmp_path / "work").iterdir()) == []
