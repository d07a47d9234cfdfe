"""Image of a Dockerfile: its instructions, executed in a Debian root that stands for its base."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import cache_from_source
from pathlib import Path

from tests.production import PROJECT

SUITE = "bookworm"
PACKAGES = ("python3", "python3-pip", "ca-certificates", "tini")
INSTRUCTIONS = {"FROM", "WORKDIR", "RUN", "COPY", "ENV", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}
PATH = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Image:
    """Root folder, and what the instructions say of the processes that run in it."""

    root: Path
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    directory: str = "/"
    user: str = "root"
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()


class UnknownInstruction(Exception):
    """Instruction that this reader does not run."""


def build(dockerfile: Path, base: Path, root: Path) -> Image:
    """Return the image of a Dockerfile, made in `root`; `base` keeps a plain Debian for next time.

    Raises CalledProcessError when an instruction fails, UnknownInstruction for one that is not
    carried out here.
    """
    if not (base / "debootstrap.done").exists():
        shutil.rmtree(base, ignore_errors=True)
        include = f"--include={','.join(PACKAGES)}"
        subprocess.run(["debootstrap", "--variant=minbase", include, SUITE, base], check=True)
        (base / "debootstrap.done").touch()
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "-a", base, root], check=True)
    _resemble_python_image(root)
    image = Image(root)
    for word, rest in instructions(dockerfile.read_text()):
        _note(image, word, rest)
        _run_instruction(image, word, rest)
    return image


def copied(dockerfile: Path, root: Path) -> Image:
    """Return an image that holds what is copied into it, and neither a base nor packages."""
    image = Image(root)
    for word, rest in instructions(dockerfile.read_text()):
        _note(image, word, rest)
        if word in ("WORKDIR", "COPY"):
            _run_instruction(image, word, rest)
    _bring_compiled(image.root / image.directory.lstrip("/"))
    return image


def _bring_compiled(folder: Path) -> None:
    """Have the compiled files that an image makes, as far as they are here for the same source."""
    for file in folder.rglob("*.py"):
        source = PROJECT / file.relative_to(folder)
        compiled = Path(cache_from_source(source))
        if compiled.exists():
            found = source.stat()  # Python compares the times of both
            os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
            target = Path(cache_from_source(file))
            target.parent.mkdir(exist_ok=True)
            shutil.copy(compiled, target)


def read(dockerfile: Path, root: Path) -> Image:
    """Return an image that has been built in `root` before."""
    image = Image(root)
    for word, rest in instructions(dockerfile.read_text()):
        _note(image, word, rest)
    return image


def instructions(text: str) -> Iterator[tuple[str, str]]:
    """The instructions of a Dockerfile: the word, and what follows it as one line."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", " ", kept).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


def _note(image: Image, word: str, rest: str) -> None:
    match word:
        case "ENV":
            image.environment |= dict(part.split("=", 1) for part in shlex.split(rest))
        case "WORKDIR":
            image.directory = rest
        case "USER":
            image.user = rest
        case "HEALTHCHECK":
            image.health = tuple(json.loads(rest[rest.index("[") :]))
        case "CMD":
            image.command = tuple(json.loads(rest))


def _run_instruction(image: Image, word: str, rest: str) -> None:
    match word:
        case "FROM":
            if not rest.startswith("python:3.11-"):
                raise UnknownInstruction(f"FROM {rest}: a root of Debian {SUITE} has Python 3.11")
        case "WORKDIR":
            (image.root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        case "RUN":
            run(image, rest)
        case "COPY":
            *sources, target = shlex.split(rest)
            for source in sources:
                _copy(image, source, target)
        case _ if word not in INSTRUCTIONS:
            raise UnknownInstruction(f"{word} {rest}")


def run(image: Image, line: str) -> None:
    """Run a line of shell in the image, as its user, with the network of this machine."""
    for name in ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt"):
        if Path(name).exists():
            shutil.copy(name, image.root / name.lstrip("/"))
    script = f"cd {shlex.quote(image.directory)} && {line}"
    kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    subprocess.run(
        ["chroot", f"--userspec={image.user}", image.root, "/bin/sh", "-c", script],
        env={**kept, **image.environment},
        check=True,
    )


def _copy(image: Image, source: str, target: str) -> None:
    # What a clone holds: compiled files and leftovers of this folder stay outside.
    listed = ["git", "-C", PROJECT, "ls-files", "--", source]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.splitlines()
    whole = (PROJECT / source).is_dir()
    for name in names:
        below = Path(name).relative_to(source) if whole else Path(name).name
        to = image.root / image.directory.lstrip("/") / target / below
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, to)


def _resemble_python_image(root: Path) -> None:
    """Give a Debian the names of the official Python image, and its pip that may install."""
    (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    for marker in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        marker.unlink()
