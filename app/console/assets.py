"""Files of the console as they are sent: found once, compressed once, named by their content.

All of them stand under one hash, so that modules import each other by relative paths and a browser
never mixes two versions. A file that is edited changes the hash with the next page: nothing is
compiled or restarted.
"""

import gzip
import hashlib
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".mjs": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
# Sent as one file, in this order: each further request costs a phone a round trip.
STYLES = ("base.css", "parts.css", "forms.css", "lists.css", "forced.css")
STYLESHEET = "console.css"
_COMMENT = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)  # of no use to a phone
# Comments of a module that stand on lines of their own, as all of them do that say much.
_COMMENT_LINES = re.compile(rb"^[ \t]*(?://[^\n]*|/\*\*.*?\*/[ \t]*)$", re.DOTALL | re.MULTILINE)
_COMPRESSIBLE = {".mjs", ".css", ".json", ".svg", ".webmanifest", ".txt"}
_STATIC_IMPORT = re.compile(
    rb"""^\s*(?:import|export)\s(?:[^"';]*?\sfrom\s*)?\s*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE
)
# A line of the route table: a path, and on the same line the module that is loaded for it.
_ROUTE = re.compile(rb"""["'`](/[^"'`\s]*)["'`][^\n]*?\bimport\(\s*["'](\.{1,2}/[^"']+)["']""")
_PARAMETER = re.compile(r"^[:{*<]")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent, and the modules that it imports at its start.

    `compressed` is None where gzip would gain nothing.
    """

    type: str
    body: bytes
    compressed: bytes | None
    imports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Release:
    """Every file of the console at one moment, by path, and the hash they are addressed under."""

    hash: str
    assets: dict[str, Asset]
    shell: str
    routes: tuple[tuple[tuple[str, ...], str], ...]

    def preloads(self, path: str) -> list[str]:
        """Return the modules that a page of this address imports at its start, `app.mjs` aside:
        those of the frame, and those of the screen that the route table names."""
        found: dict[str, None] = {}
        self._follow("app.mjs", found)
        screen = self._screen(path)
        if screen is not None:
            self._follow(screen, found)
        return [name for name in found if name != "app.mjs"]

    def _follow(self, name: str, found: dict[str, None]) -> None:
        if name in found or name not in self.assets:
            return
        found[name] = None
        for target in self.assets[name].imports:
            self._follow(target, found)

    def _screen(self, path: str) -> str | None:
        asked = _segments(path)
        fitting = [
            (sum(map(_is_parameter, pattern)), module)
            for pattern, module in self.routes
            if _fits(pattern, asked)
        ]
        return min(fitting)[1] if fitting else None  # the fewest parameters: /new before /:id


class Assets:
    """Cache of the files in a folder, read anew when one of them has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._seen: tuple[tuple[str, int, int], ...] = ()
        self._release: Release | None = None

    def current(self) -> Release:
        """Return the files as they are now."""
        with self._lock:
            seen = tuple(self._stamps())
            if self._release is None or seen != self._seen:
                self._seen, self._release = seen, self._read()
            return self._release

    def find(self, hash: str, path: str) -> Asset | None:
        """Return a file of the release with this hash; None when there is none."""
        release = self._release
        if release is None or release.hash != hash:
            release = self.current()  # another process may have seen an edit before this one
        return release.assets.get(path) if release.hash == hash else None

    def _stamps(self) -> Iterator[tuple[str, int, int]]:
        """Yield each file, when it was written and its length, as every page asks: cheaply."""
        for folder, _, names in os.walk(self._folder):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    found = os.stat(path)
                except OSError:  # a link of an editor that leads nowhere, or gone in between
                    continue
                yield path, found.st_mtime_ns, found.st_size

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._folder.rglob("*") if path.is_file())

    def _read(self) -> Release:
        digest = hashlib.sha256()
        assets: dict[str, Asset] = {}
        shell = ""
        for path in self._paths():
            name, body = path.relative_to(self._folder).as_posix(), path.read_bytes()
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
            if name == "shell.html":
                shell = body.decode()
            elif path.suffix in TYPES:
                assets[name] = _asset(name, _shortened(name, body))
        styles = [assets[name].body for name in STYLES if name in assets]
        assets[STYLESHEET] = _asset(STYLESHEET, _COMMENT.sub(b"", b"\n".join(styles)))
        app = assets.get("app.mjs")
        routes = tuple(_routes("app.mjs", app.body)) if app else ()
        for name in app.imports if app else ():
            if name in assets:  # the table may stand in a module of its own
                routes += tuple(_routes(name, assets[name].body))
        return Release(digest.hexdigest()[:16], assets, shell, routes)


def _shortened(name: str, body: bytes) -> bytes:
    """Return a module of ours without its comments; every line keeps its number."""
    if not name.endswith(".mjs") or name.startswith("vendor/"):
        return body
    return _COMMENT_LINES.sub(lambda found: b"\n" * found[0].count(b"\n"), body)


def _asset(name: str, body: bytes) -> Asset:
    suffix = Path(name).suffix
    compressed = gzip.compress(body, 9, mtime=0) if suffix in _COMPRESSIBLE else None
    if compressed is not None and len(compressed) >= len(body):
        compressed = None
    return Asset(TYPES[suffix], body, compressed, tuple(_imports(name, body)))


def _imports(name: str, body: bytes) -> Iterator[str]:
    """Yield the modules that a module imports at its start; `import()` waits until it is called."""
    if name.endswith(".mjs"):
        for target in _STATIC_IMPORT.findall(body):
            yield _resolve(name, target.decode())


def _routes(name: str, body: bytes) -> Iterator[tuple[tuple[str, ...], str]]:
    for pattern, target in _ROUTE.findall(body):
        yield _segments(pattern.decode()), _resolve(name, target.decode())


def _resolve(name: str, target: str) -> str:
    parts = name.split("/")[:-1]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _segments(path: str) -> tuple[str, ...]:
    return tuple(part for part in path.split("/") if part)


def _is_parameter(segment: str) -> bool:
    return _PARAMETER.match(segment) is not None


def _fits(pattern: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    return len(pattern) == len(asked) and all(
        _is_parameter(wanted) or wanted == given
        for wanted, given in zip(pattern, asked, strict=True)
    )
