"""The file of trusted authorities that joins the public ones with an operator's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.network import tls
from app.platform import scratch
from tests.loopback import ca_file

ROOT = Path(__file__).parents[2]
JOINS = "import sys\nfrom app.network import tls\nprint(tls.authorities(sys.argv[1]), flush=True)\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of files that live in memory, empty."""
    monkeypatch.setattr(scratch, "folder", lambda: str(tmp_path))
    tls.authorities.cache_clear()
    yield tmp_path
    tls.authorities.cache_clear()


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_both_are_in_it(folder):
    joined = Path(tls.authorities(ca_file())).read_text()
    assert Path(ca_file()).read_text().strip() in joined
    assert joined.count("BEGIN CERTIFICATE") > 50


def test_processes_that_are_killed_leave_nothing_of_their_own():
    found = set()
    for _ in range(3):
        command = [sys.executable, "-c", f"{JOINS}input()", ca_file()]
        process = subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, text=True)
        found.add(process.stdout.readline())
        process.kill()
        process.communicate()
    assert len(found) == 1
    assert Path(found.pop().strip()).stat().st_uid == os.geteuid()


def test_a_file_that_is_damaged_or_gone_is_made_again(folder):
    path = Path(tls.authorities(ca_file()))
    whole = path.read_bytes()
    for damage in (lambda: path.write_bytes(whole[:100]), path.unlink):
        damage()
        tls.authorities.cache_clear()
        assert tls.authorities(ca_file()) == str(path)
        assert files(folder) == [path]
        assert path.read_bytes() == whole


@pytest.mark.parametrize("kind", ["open to others", "a link", "a file"])
def test_a_folder_that_others_can_write_to_is_not_used(folder, tmp_path_factory, kind):
    place = folder / f"alertifypro-{os.geteuid()}"
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    if kind == "open to others":
        place.mkdir()
        place.chmod(0o777)
    elif kind == "a link":
        place.symlink_to(elsewhere)
    else:
        place.write_text("")
    path = Path(tls.authorities(ca_file()))
    assert path.parent != place
    assert path.parent.stat().st_mode & 0o077 == 0
    assert files(elsewhere) == []
