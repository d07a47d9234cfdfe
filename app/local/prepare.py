"""Virtual environment with what a command needs: `python -m app.local.prepare run`.

Runs on the machine's own Python with nothing installed, so it imports the standard library only.
When nothing has changed it costs a few milliseconds and needs no network.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from app.local import LaunchError

PROJECT = Path(__file__).resolve().parents[2]
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
NEEDS = {
    "run": ("requirements.txt", "requirements-local.txt"),
    "dev": ("requirements.txt", "requirements-local.txt", "requirements-dev.txt"),
}
# Every package of every platform with its hashes: made of the list, and current while it says so.
LOCKS = {
    "requirements.lock": ("requirements.txt",),
    "requirements-local.lock": ("requirements-local.txt",),
    "requirements-dev.lock": (
        "requirements.txt",
        "requirements-local.txt",
        "requirements-dev.txt",
    ),
}
OVERRIDES = "requirements-overrides.txt"
OF = "# Made by `make lock`, of "
NO_VENV = (
    "This Python cannot make virtual environments: on Debian or Ubuntu run "
    "`apt-get install python3-venv`, or install `virtualenv` or `uv`."
)


def main() -> int:
    """Prepare for the command named by the only argument."""
    wanted = sys.argv[1]
    try:
        if wanted == "lock":
            lock()
        else:
            prepare(wanted)
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def prepare(wanted: str) -> None:
    """Return when the environment holds what is wanted."""
    if _is_prepared(wanted):
        return
    _require_writable()
    # Two commands started at once on a fresh checkout: the second waits for the first.
    with (PROJECT / "requirements.txt").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_prepared(wanted):
            if not _works(PYTHON):
                _make_venv()
            _install(NEEDS[wanted][-1:] if wanted == "dev" else NEEDS[wanted])
            _stamp(wanted).write_text(_digest(wanted))


def _require_writable() -> None:
    """Refuse where this user cannot make the environment. Raises LaunchError."""
    place = VENV if VENV.exists() else PROJECT
    if not os.access(place, os.W_OK | os.X_OK):
        raise LaunchError(
            f"{place} cannot be written by this user, and the packages go to {VENV}: run it as the"
            " owner of that folder, or in a copy of your own."
        )


def _is_prepared(wanted: str) -> bool:
    # What the tests need contains what a run needs.
    return any(
        _stamp(each).exists() and _stamp(each).read_bytes() == _digest(each).encode()
        for each in {wanted, "dev"}
        if PYTHON.exists()
    )


def _stamp(wanted: str) -> Path:
    return VENV / f"prepared-{wanted}"


def _digest(wanted: str) -> str:
    digest = hashlib.sha256()
    for name in (*NEEDS[wanted], *map(_lock_of, NEEDS[wanted])):
        if (PROJECT / name).exists():
            digest.update((PROJECT / name).read_bytes() + b"\0")
    return digest.hexdigest()


def _lock_of(requirements: str) -> str:
    return requirements.replace(".txt", ".lock")


def inputs_digest(lock_name: str) -> str:
    """Return what a lock says of the lists that it was made of."""
    digest = hashlib.sha256()
    for name in (*LOCKS[lock_name], OVERRIDES):
        path = PROJECT / name
        digest.update(path.read_bytes() + b"\0" if path.exists() else b"\0")
    return digest.hexdigest()


def is_current(lock_name: str) -> bool:
    """Say whether a lock was made of the lists as they are."""
    path = PROJECT / lock_name
    if lock_name not in LOCKS or not path.exists():
        return False
    with path.open() as lock_file:
        return lock_file.readline().strip() == OF + inputs_digest(lock_name)


def lock() -> None:
    """Make the locks anew: every version and hash, for every platform and Python from 3.11 on.

    Needs a package index. Raises LaunchError.
    """
    prepare("run")
    for name, lists in LOCKS.items():
        command = [str(PYTHON), "-m", "uv", "pip", "compile", "--quiet", "--universal"]
        command += ["--generate-hashes", "--python-version", "3.11", "--no-header"]
        command += ["--no-annotate", "--no-emit-index-url", "--override", OVERRIDES, lists[-1]]
        made = subprocess.run(
            command, cwd=PROJECT, env=_whole_index(), capture_output=True, text=True, check=False
        )
        if made.returncode:
            raise LaunchError(f"{name} could not be made: {made.stderr.strip()[-2000:]}")
        (PROJECT / name).write_text(f"{OF}{inputs_digest(name)}\n{made.stdout}")
        print(f"Made {name}", flush=True)


def _works(python: Path) -> bool:
    """False for a missing or half-made environment, and for one whose Python was removed."""
    question = "import sys, pip; raise SystemExit(sys.version_info < (3, 11))"
    return python.exists() and _run([str(python), "-c", question], quiet=True)


def _make_venv() -> None:
    print("Making the virtual environment in .venv", flush=True)
    base = str(getattr(sys, "_base_executable", sys.executable))  # not the one we replace
    own = [base, "-m", "venv", "--clear", str(VENV)]
    has_venv = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    if has_venv and _run(own):
        return
    for tool, command in (
        ("uv", ["uv", "venv", "--clear", "--seed", "--python", base, str(VENV)]),
        ("virtualenv", ["virtualenv", "--clear", "--python", base, str(VENV)]),
    ):
        if shutil.which(tool) and _run(command):
            return
    raise LaunchError(NO_VENV if not has_venv else f"{VENV} could not be made; see above why.")


def _install(files: Sequence[str]) -> None:
    """Install with uv, which takes a fifth of the time, or else with pip."""
    locks = [_lock_of(name) for name in files]
    exact: list[str] = []
    if all(map(is_current, locks)):
        # Exactly what is in the lock: what it leaves out on purpose is not wanted as a dependency.
        files, exact = locks, ["--require-hashes", "--no-deps"]
    else:
        print("The lock is not of these lists; renew it with `make lock`.", flush=True)
    print(f"Installing {', '.join(files)}", flush=True)
    requirements = exact + [part for name in files for part in ("-r", str(PROJECT / name))]
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # Six processes that import the same packages at the first start should find them compiled.
    uv = [str(PYTHON), "-m", "uv", "pip", "install", "--compile-bytecode", "--python", str(PYTHON)]
    has_uv = _run([str(PYTHON), "-c", "import uv"], quiet=True) or _run([*pip, "uv"], quiet=True)
    if has_uv and _run([*uv, *requirements], quiet=True, env=_uv_environment()):
        return
    if not _run([*pip, *requirements]):
        raise LaunchError(
            "The packages could not be installed; the lines above say why. "
            "The first start needs access to a Python package index."
        )


def _whole_index() -> dict[str, str]:
    """Environment in which uv asks the index alone: what lies beside it on one machine, a folder of
    wheels or a second index, often holds one file of a release, and a lock names all of them."""
    return {
        name: value
        for name, value in _uv_environment().items()
        if name not in ("UV_INDEX", "UV_FIND_LINKS", "UV_EXTRA_INDEX_URL")
    }


def _uv_environment() -> dict[str, str]:
    """uv does not read pip's configuration: hand on where this machine gets its packages."""
    env = dict(os.environ)
    for option, variable in (
        ("index-url", "UV_DEFAULT_INDEX"),
        ("extra-index-url", "UV_INDEX"),
        ("find-links", "UV_FIND_LINKS"),
    ):
        value = _pip_option(option)
        if value and variable not in env:
            separator = "," if variable == "UV_FIND_LINKS" else " "
            env[variable] = separator.join(value.split())
    if "UV_INDEX" in env:  # all indexes are equal to pip; uv would stop at the first with a name
        env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return env


def _pip_option(option: str) -> str:
    for section in (":env:", "global", "install"):
        answer = subprocess.run(
            [str(PYTHON), "-m", "pip", "config", "get", f"{section}.{option}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if answer.returncode == 0 and answer.stdout.strip():
            return answer.stdout.strip()
    return ""


def _run(command: Sequence[str], quiet: bool = False, env: dict[str, str] | None = None) -> bool:
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(command, stdout=output, stderr=output, env=env, check=False)
    except OSError:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
