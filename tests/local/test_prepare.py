"""Preparing the virtual environment: once per change of the requirements, and never twice."""

import ast
import importlib.metadata
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.local import LaunchError, prepare
from app.local.settings import PROJECT

PRODUCT_FOLDERS = ("app", "workers", "scheduler", "migrations")
OWN = {"app", "workers", "scheduler"}


@pytest.fixture
def installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """A project without an environment, and the record of what was installed in it."""
    done: list[tuple[str, ...]] = []
    for names in prepare.NEEDS.values():
        for name in names:
            (tmp_path / name).write_text(name)
    venv = tmp_path / ".venv"

    def make_venv() -> None:
        shutil.rmtree(venv, ignore_errors=True)
        (venv / "bin").mkdir(parents=True)
        # Not a link: a Python that is linked to looks for its packages, pip among them, elsewhere.
        python = venv / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)

    monkeypatch.setattr(prepare, "PROJECT", tmp_path)
    monkeypatch.setattr(prepare, "VENV", venv)
    monkeypatch.setattr(prepare, "PYTHON", venv / "bin" / "python")
    monkeypatch.setattr(prepare, "_make_venv", make_venv)
    monkeypatch.setattr(prepare, "_install", lambda files: done.append(tuple(files)))
    return done


def test_the_second_time_nothing_is_installed(installs: list[tuple[str, ...]]) -> None:
    prepare.prepare("run")
    prepare.prepare("run")
    assert installs == [("requirements.txt", "requirements-local.txt")]


def test_what_the_tests_need_is_enough_for_a_run(installs: list[tuple[str, ...]]) -> None:
    prepare.prepare("dev")
    prepare.prepare("run")
    assert installs == [("requirements-dev.txt",)]


def test_a_changed_requirement_is_installed(
    installs: list[tuple[str, ...]], tmp_path: Path
) -> None:
    prepare.prepare("run")
    (tmp_path / "requirements.txt").write_text("something newer")
    prepare.prepare("run")
    assert len(installs) == 2


def test_without_any_way_to_make_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "_run", lambda *_arguments, **_options: False)
    monkeypatch.setattr(prepare.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LaunchError, match="apt-get install python3-venv"):
        prepare._make_venv()


def test_a_folder_that_cannot_be_written_is_named(
    installs: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(prepare.os, "access", lambda path, mode: False)
    with pytest.raises(LaunchError, match=f"{tmp_path} cannot be written by this user"):
        prepare.prepare("run")
    assert installs == []


def test_a_venv_that_fails_for_another_reason_is_not_put_down_to_a_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(prepare, "_run", lambda *_arguments, **_options: False)
    monkeypatch.setattr(prepare.importlib.util, "find_spec", lambda name: object())
    with pytest.raises(LaunchError, match="could not be made"):
        prepare._make_venv()


def test_make_explains_itself() -> None:
    answer = subprocess.run(["make"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for command in ("run", "test", "bench", "soak", "lint", "format", "migrate", "help"):
        assert f"make {command} " in answer.stdout


def test_make_says_which_python_it_needs(tmp_path: Path) -> None:
    shutil.copy(PROJECT / "Makefile", tmp_path)
    shell = shutil.which("sh")
    make = shutil.which("make")
    assert shell is not None
    assert make is not None
    (tmp_path / "sh").symlink_to(shell)
    answer = subprocess.run(
        [make, "run"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 2
    assert "needs Python 3.11 or newer" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_every_imported_package_is_a_pinned_requirement() -> None:
    lines = (PROJECT / "requirements.txt").read_text().splitlines()
    pinned = {canonical(re.split(r"[\[=]", line)[0]) for line in lines if "==" in line}
    distributions = importlib.metadata.packages_distributions()
    for module, file in sorted(imported().items()):
        if module in sys.stdlib_module_names or module in OWN:
            continue
        names = {canonical(name) for name in distributions.get(module, [module])}
        assert names & pinned, f"{file} imports {module}; add {names} to requirements.txt"


def imported() -> dict[str, Path]:
    """Top-level modules that the product imports, each with one file that does."""
    found: dict[str, Path] = {}
    for folder in PRODUCT_FOLDERS:
        for file in (PROJECT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    found |= {alias.name.split(".")[0]: file for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                    found[node.module.split(".")[0]] = file
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower().strip()
