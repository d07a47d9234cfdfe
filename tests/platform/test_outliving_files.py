"""Files that outlive their process: each is read once, by one, and none of a process that lives."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.platform import outliving_files

ROOT = Path(__file__).parents[2]
READS = (
    "import sys\nfrom pathlib import Path\nfrom app.platform import outliving_files\n"
    "folder = Path(sys.argv[1])\nprint(flush=True)\n"
    "while not (folder / 'end').exists():\n"
    "    outliving_files.take_left_behind(folder, '.file', None, print)\n"
)


@pytest.fixture
def reader(tmp_path):
    """Process that reads what is left behind, again and again, until there is a file `end`."""
    command = [sys.executable, "-c", READS, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=-1, text=True)
    assert process.stdout.readline() == "\n"
    yield process
    process.kill()
    process.communicate()


def test_a_file_that_is_just_being_made_is_not_left_behind(tmp_path, reader):
    made = [outliving_files.create(tmp_path, ".file")[0] for _ in range(800)]
    (tmp_path / "end").touch()
    assert reader.communicate(timeout=300)[0] == ""
    assert [path.name for path in made if not path.exists()] == []
