"""Documents for developers: every path, command and name that they tell of is there."""

import re
import subprocess
from functools import cache
from pathlib import PurePosixPath

import pytest

from tests.source import ROOT

DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "README.md")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"^\.?[\w-]+(?:/[\w.-]+)+/?$|^[\w-]+\.(?:py|mjs|md|css|yml|toml)$")
_LINK = re.compile(r"\]\(([\w./-]+)\)")
_NAME = re.compile(r"^[A-Za-z_]\w*(?:\.\w+)*(?:\(.*\))?$")
_MAKE = re.compile(r"`make ([a-z-]+)(?: ARGS=(?:\"--\w+ )?([a-z_]+))?")
# Of other programs and of a first start.
_NOT_OURS = {"hot_standby_feedback", ".venv/bin/flask"}
_TEXTS = {".py", ".mjs", ".yml", ".toml", ".example", ".html", ".css", ""}


@cache
def _files():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    return [PurePosixPath(path) for path in listed if (ROOT / path).is_file()]


@cache
def _places():
    """Return every file and folder, under its path and under each of the path's ends."""
    whole = {path for file in _files() for path in (file, *file.parents)}
    return {"/".join(path.parts[at:]) for path in whole for at in range(len(path.parts))}


@cache
def _words():
    texts = (ROOT / path for path in _files() if path.suffix in _TEXTS)
    return set(re.findall(r"\w+", "\n".join(path.read_text(errors="replace") for path in texts)))


def _codes(document):
    return {word.strip() for word in _CODE.findall((ROOT / document).read_text())} - _NOT_OURS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_that_are_told_of_exist(document):
    named = {
        word.rstrip("/:,")
        for code in _codes(document)
        for word in code.split()
        if _PATH.match(word.rstrip(":,")) and word not in _NOT_OURS
    }
    named.update(_LINK.findall((ROOT / document).read_text()))
    assert len(named) > 3
    assert named - _places() == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_names_that_are_told_of_exist(document):
    named = {code.partition("(")[0] for code in _codes(document) if _NAME.match(code)}
    assert len(named) > 5
    assert {name for name in named if name.rpartition(".")[2] not in _words()} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_that_are_told_of_exist(document):
    makefile = (ROOT / "Makefile").read_text()
    places = _places()
    commands = _MAKE.findall((ROOT / document).read_text())
    for target, argument in commands:
        assert re.search(rf"^{target}:.*##", makefile, re.MULTILINE), f"make {target}"
        if argument and target in ("soak", "bench"):
            known = (f"tests/soak/{argument}.py", f"tests/bench/bench_{argument}.py")
            assert set(known) & places, f"make {target} ARGS={argument}"
