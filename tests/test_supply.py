"""What is installed is what was looked at: locks with hashes, licences, a list of components."""

import json
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from app.local import prepare
from tests import supply

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return {found[0].lower().replace("_", "-"): found[1] for found in PIN.findall(text)}


@pytest.mark.parametrize("lock", prepare.LOCKS)
def test_a_lock_is_of_the_lists_as_they_are(lock):
    assert prepare.is_current(lock), "the lists have changed: make lock"
    locked = pins(lock)
    for name in prepare.LOCKS[lock]:
        for package, version in pins(name).items():
            assert locked[package] == version


@pytest.mark.parametrize("lock", prepare.LOCKS)
def test_every_package_has_hashes_and_no_word_of_where_it_came_from(lock):
    text = (ROOT / lock).read_text()
    entries = re.split(r"\n(?=\S)", text)[1:]
    assert len(entries) == len(pins(lock))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert "index-url" not in text


def test_what_only_tests_of_others_need_is_not_in_production():
    assert "freezegun" not in pins("requirements.lock")
    assert "pytest" not in pins("requirements.lock")


def test_every_way_to_install_uses_the_lock(tmp_path, monkeypatch):
    assert "--require-hashes --no-deps -r requirements.lock" in (ROOT / "Dockerfile").read_text()
    ran = []
    monkeypatch.setattr(prepare, "_run", lambda command, **_: ran.append(list(command)) or True)
    prepare._install(["requirements.txt", "requirements-local.txt"])
    assert {"--require-hashes", "--no-deps", str(ROOT / "requirements.lock")} <= set(ran[-1])
    assert str(ROOT / "requirements.txt") not in ran[-1]


def same(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.lower())


def test_licences():
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    rows = supply.LICENSES.read_text().split("\n|")[1:]
    listed = {same(row.split("|")[0].strip()) for row in rows}
    # What is for another platform or Python is not installed here, and so not looked at.
    elsewhere = {"async-timeout", "cffi", "colorama", "pycparser", "tzdata", "typing-extensions"}
    assert {same(name) for name in supply.locked()} - listed <= elsewhere


def test_the_list_of_components_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(supply, "SBOM", tmp_path / "sbom.json")
    supply.sbom()
    found = json.loads(supply.SBOM.read_text())
    assert found["bomFormat"] == "CycloneDX"
    names = {component["name"].lower() for component in found["components"]}
    assert {"flask", "psycopg", "gunicorn"} <= names
    assert len(found["components"]) >= len(set(supply.locked()))
    assert all(component["version"] for component in found["components"])


def test_the_commands_are_there():
    done = subprocess.run(
        [sys.executable, "-m", "app.local.prepare", "run"], cwd=ROOT, capture_output=True
    )
    assert done.returncode == 0
    makefile = (ROOT / "Makefile").read_text()
    assert all(f"\n{name}: " in makefile for name in ("lock", "licenses", "sbom"))


@pytest.mark.parametrize("lock", prepare.LOCKS)
def test_a_lock_names_the_files_of_every_platform(lock: str) -> None:
    """Hashes of one machine's files would let nobody else install: another Python, another kind
    of processor. A package with compiled code has a file for each, any other one or two."""
    hashes: dict[str, int] = {}
    for line in (ROOT / lock).read_text().splitlines():
        if "==" in line and not line.startswith(("#", " ")):
            name = line.partition("==")[0].partition("[")[0]
            hashes[name] = 0
        elif line.lstrip().startswith("--hash="):
            hashes[name] += 1
    compiled = []
    for name, count in hashes.items():
        try:
            wheel = distribution(name).read_text("WHEEL") or ""
        except PackageNotFoundError:
            continue  # of another platform
        tags = re.findall(r"^Tag: \S+?-\S+?-(\S+)$", wheel, re.MULTILINE)
        if tags and "any" not in tags:
            compiled.append(name)
            assert count >= 3, f"{name} has {count} files in {lock}"
    assert compiled
