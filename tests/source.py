"""The program's source as the architecture tests read it: modules, their trees, their imports."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = ("app", "workers", "scheduler")


@cache
def modules() -> list[tuple[str, Path, ast.Module]]:
    """Return the name, the path and the tree of every module; read once."""
    return list(_read())


def _read() -> Iterator[tuple[str, Path, ast.Module]]:
    for top in PROGRAM:
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield name.removesuffix(".__init__"), path, ast.parse(path.read_text())


def imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(tree: ast.Module) -> set[str]:
    """Return the program's modules that a module names; a package only where it names no module."""
    found, names = set(), _names()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in names else node.module)
    return found & names


@cache
def _names() -> set[str]:
    return {name for name, _, _ in modules()}


def is_below(name: str, parents: set[str]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)
