"""What a dead process had in hand is known by its journal, and done alone at the first loss."""

import ctypes
import faulthandler
import os
import subprocess
import sys
import time
from pathlib import Path

from app.operations.checks import claim as checks_claim
from app.operations.health import quarantine
from app.operations.health.quarantine import Loss
from app.platform import work_journal
from tests.factories import make_service
from workers import alone_forks, check_quarantine

ROOT = Path(__file__).parents[2]


def dies_with(state: Path, kind: str, key: str) -> None:
    """Have a process end with work in hand, and with work that is over."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom app.platform import work_journal\n"
        "work_journal.open_for_process(Path(sys.argv[1]))\n"
        "with work_journal.in_hand(sys.argv[2], ['over']):\n    pass\n"
        "with work_journal.in_hand(sys.argv[2], [sys.argv[3]]):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", code, str(state), kind, key]
    assert subprocess.run(command, cwd=ROOT, timeout=300).returncode == -9


def test_a_check_that_a_dead_process_had_in_hand_is_alone_at_its_first_loss(
    context, alice, rows, tmp_path
):
    for name in ("Sick", "Well"):
        make_service(alice, name=name)
    claims = {c.snapshot.name: c for c in checks_claim.claim("default", 10).claims}
    dies_with(tmp_path, "check", claims["Sick"].key)
    work_journal.take_left_behind(tmp_path, quarantine.suspect)
    rows("UPDATE schedule_entries SET lease_until = now() - interval '1 second'")
    claims = {c.snapshot.name: c for c in checks_claim.claim("default", 10).claims}
    assert claims["Sick"].loss == Loss(1, True)
    assert claims["Well"].loss == Loss(1, False), "of it nothing but the lease is known"
    known = check_quarantine.CheckQuarantine()
    known.refresh([])
    assert known.runs_alone(claims["Sick"]._replace(loss=Loss())), "also where it was given back"
    assert list((tmp_path / "work").iterdir()) == []


def test_a_message_that_a_dead_process_had_in_hand_is_alone_at_its_first_loss(
    context, lost_twice, tmp_path
):
    send = lost_twice()
    dies_with(tmp_path, "message", str(send.id))
    work_journal.take_left_behind(tmp_path, quarantine.suspect)
    assert lost_twice().loss == Loss(1, True)


def test_a_damaged_journal_ends_nobody_and_hides_nothing_else(context, rows, tmp_path):
    cut = "check " + "ü" * 80  # in the middle of a character
    for name, slots in (
        ("a", [b"\xff\xfe \xff\0", b"check one\0two", cut.encode()[:128], b"check well"]),
        ("b", [b"\xff" * 128, b"\0" * 7]),
    ):
        (tmp_path / "work").mkdir(exist_ok=True)
        content = b"".join(slot.ljust(128, b"\0") for slot in slots)
        (tmp_path / "work" / f"1-{name}.journal").write_bytes(content)
    work_journal.take_left_behind(tmp_path, quarantine.suspect)
    assert {key for (key,) in rows("SELECT key FROM quarantine")} == {"well", "ü" * 61}
    assert list((tmp_path / "work").iterdir()) == []


def test_what_a_living_process_has_in_hand_is_nobody_elses_business(tmp_path):
    holds = (
        "import sys\nfrom pathlib import Path\nfrom app.platform import work_journal\n"
        "work_journal.open_for_process(Path(sys.argv[1]))\n"
        "with work_journal.in_hand('check', ['its own']):\n    print(flush=True)\n    input()\n"
    )
    command = [sys.executable, "-c", holds, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1) as process:
        process.stdout.readline()
        found = []
        work_journal.take_left_behind(tmp_path, found.extend)
        assert found == []
        process.kill()
        process.wait()
        work_journal.take_left_behind(tmp_path, found.extend)
        assert found == [("check", "its own")]


def test_what_begins_together_is_written_together(tmp_path, monkeypatch):
    journal = work_journal.WorkJournal(tmp_path)
    writes = []
    write = os.pwrite

    def noted(file, entries, place):
        writes.append(len(entries) // 128)
        return write(file, entries, place)

    def in_hand():
        (path,) = tmp_path.iterdir()
        content = path.read_bytes()
        slots = [content[at : at + 128].strip(b"\0") for at in range(0, len(content), 128)]
        return {entry.decode() for entry in slots if entry}

    monkeypatch.setattr(os, "pwrite", noted)
    one = journal.begin("check", ["one"])
    many = journal.begin("check", [f"of many {number}" for number in range(200)])
    two = journal.begin("check", ["two"])
    assert writes == [1, 200, 1]
    assert in_hand() == {"check one", "check two"} | {f"check of many {n}" for n in range(200)}
    journal.end(one)
    journal.end(many)
    assert in_hand() == {"check two"}
    assert writes == [1, 200, 1, 1, 200]
    around = journal.begin("check", [f"around it {number}" for number in range(300)])
    assert writes[5:] == [201, 99], "the slot of what is still in hand is left out"
    assert in_hand() == {"check two"} | {f"check around it {n}" for n in range(300)}
    journal.end(around)
    journal.end(two)
    assert in_hand() == set()


def test_work_that_finds_no_slot_is_done_all_the_same(tmp_path):
    journal = work_journal.WorkJournal(tmp_path)
    most = journal.begin("check", map(str, range(9000)))
    assert len(most) == 8192
    assert journal.begin("check", ["one more"]) == []
    journal.end([])
    journal.end(most[:1])
    assert journal.begin("check", ["one", "two"]) == most[:1]


def test_each_piece_of_work_alone_has_a_fork_of_its_own(tmp_path):
    def do(work):
        faulthandler.enable(file=2)  # as in the product; pytest's own writes into the run's output
        if work == "ends":
            ctypes.string_at(0)
        if work == "stalls":
            time.sleep(60)
        if work == "fails":
            raise RuntimeError("a fault of ours")
        (tmp_path / work).touch()

    names = ["one", "ends", "two", "stalls", "three", "fails"]
    traces = dict(zip(names, alone_forks.each(do, names, 1.0), strict=True))
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two", "three"}
    assert [name for name in names if traces[name] is None] == ["one", "two", "three"]
    assert "signal 11" in traces["ends"]
    assert "string_at" in traces["ends"]
    assert "stalled" in traces["stalls"]
    assert "a fault of ours" in traces["fails"]
