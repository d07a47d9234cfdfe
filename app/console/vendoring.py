"""Vendored libraries of the console, for maintainers: `python -m app.console.vendoring`.

Packages are fetched by `npm pack` at the versions below, checked against their integrity, and put
together by esbuild into files without bare imports, so that the browser needs no import map. To
raise a version: change it here, take the integrity from `npm view <name>@<version> dist.integrity`,
run the module, run the tests, commit what it wrote. Nothing of this runs in the product.
"""

import hashlib
import json
import shutil
import subprocess
import tarfile
import tempfile
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

_CONSOLE = Path(__file__).parent / "static/vendor"
_ESBUILD = "esbuild@0.28.2"


@dataclass(frozen=True, slots=True)
class Package:
    """A package of the npm registry at one version."""

    name: str
    version: str
    integrity: str
    licence: str


PACKAGES = (
    Package(
        "preact",
        "11.2.0",
        "sha512-/HfHI/7N84e6GrWBJ3J280z3mLaRJiDcSvj/A+y/4AbLnND/1UlGHe1sR6oYuTGwId0nP7dqDU9OnLxMPZ7xBg==",
        "MIT",
    ),
    Package(
        "htm",
        "3.1.1",
        "sha512-983Vyg8NwUE7JkZ6NmOqpCZ+sh1bKv2iYTlUkzlWmA5JD2acKoxd4KVxbMmxX/85mtfdnDmTFoNKcg5DGAvxNQ==",
        "Apache-2.0",
    ),
    Package(
        "@preact/signals",
        "2.11.4",
        "sha512-Rb+5RPo9gWSaHtzJeauhHxiC8KP/IF2DEPkHPEOGOnuy2wnJzRqyeLRankUCYd6ADqtxS6GnWGv6Ie343d8aYw==",
        "MIT",
    ),
    Package(
        "@preact/signals-core",
        "1.14.5",
        "sha512-vcRv7Ityz5JVmeiVqIluLFzT/PDS/AlhHUpw3/aUWqcVUs6bDGIPXE/6RSC4evBNWYvnniozg5Syfj33al3gkg==",
        "MIT",
    ),
    Package(
        "uplot",
        "1.6.32",
        "sha512-KIMVnG68zvu5XXUbC4LQEPnhwOxBuLyW1AHtpm6IKTXImkbLgkMy+jabjLgSLMasNuGGzQm/ep3tOkyTxpiQIw==",
        "MIT",
    ),
)

_UI = """
export { h, render, Fragment, createContext, createRef } from "preact";
export { useCallback, useContext, useEffect, useId, useLayoutEffect, useMemo, useRef, useState }
  from "preact/hooks";
export { batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect }
  from "@preact/signals";
import { h } from "preact";
import htm from "htm";
export const html = htm.bind(h);
"""


def main() -> None:
    """Write every vendored file anew. Raises SystemExit where a package is not what it was."""
    with tempfile.TemporaryDirectory(prefix="alertifypro-vendoring-") as folder:
        work = Path(folder)
        _run(work, "npm", "install", "--no-save", "--no-audit", "--no-fund", _ESBUILD)
        for package in PACKAGES:
            _unpack(package, work)
        _CONSOLE.mkdir(parents=True, exist_ok=True)
        (work / "ui.mjs").write_text(_UI)
        _bundle(work, "ui.mjs", _CONSOLE / "ui.mjs")
        _bundle(work, "node_modules/uplot/dist/uPlot.esm.js", _CONSOLE / "uplot.mjs")
        _write_papers(work / "node_modules")


def _unpack(package: Package, work: Path) -> None:
    wanted = f"{package.name}@{package.version}"
    said = json.loads(_run(work, "npm", "pack", "--json", wanted))
    archive = work / said[0]["filename"]
    found = f"sha512-{b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()}"
    if found != package.integrity:
        raise SystemExit(f"{wanted}: integrity is {found}, expected {package.integrity}")
    with tarfile.open(archive) as packed, tempfile.TemporaryDirectory(dir=work) as folder:
        packed.extractall(folder, filter="data")
        target = work / "node_modules" / package.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(Path(folder) / "package", target)


def _bundle(work: Path, source: str, target: Path) -> None:
    options = ("--bundle", "--minify", "--format=esm", "--target=es2022", "--legal-comments=none")
    _run(work, "npx", "esbuild", source, *options, f"--outfile={target}")


def _write_papers(modules: Path) -> None:
    """Write which version of what lies here, and its licence."""
    for package in PACKAGES:
        paper = next(
            path for path in sorted((modules / package.name).iterdir()) if _is_licence(path)
        )
        name = package.name.removeprefix("@").replace("/", "-")
        shutil.copyfile(paper, _CONSOLE / f"LICENSE.{name}")
    rows = {
        each.name: {
            "version": each.version,
            "integrity": each.integrity,
            "licence": each.licence,
        }
        for each in PACKAGES
    }
    (_CONSOLE / "versions.json").write_text(json.dumps(rows, indent=2) + "\n")


def _is_licence(path: Path) -> bool:
    return path.name.upper().startswith(("LICENSE", "LICENCE"))


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    main()
