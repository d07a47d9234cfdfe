"""Plug-ins: a kind and its aliases name one decorated function in one file of a package."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """Plug-ins by kind. Two plug-ins of one kind stop the start."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._plugins: dict[str, T] = {}
        self._canonical: dict[str, str] = {}

    def add(self, plugin: T, kind: str, *aliases: str) -> None:
        """Register a plug-in under its canonical kind and its aliases."""
        for name in (kind, *aliases):
            if name in self._canonical:
                raise ValueError(f"two plug-ins claim the {self._what} {name}")
            self._canonical[name] = kind
        self._plugins[kind] = plugin

    def canonical(self, name: str) -> str | None:
        """Fold an alias to the canonical kind; None when nobody claims the name."""
        return self._canonical.get(name)

    def __getitem__(self, kind: str) -> T:
        return self._plugins[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._plugins)

    def items(self) -> list[tuple[str, T]]:
        """Return (kind, plug-in) pairs in alphabetical order."""
        return sorted(self._plugins.items())

    def names(self) -> list[str]:
        """Return every accepted name, aliases included, in alphabetical order."""
        return sorted(self._canonical)


def import_modules(package: ModuleType) -> list[ModuleType]:
    """Import every module that lies directly in a package, so that its decorators run."""
    return [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
        if not module.name.startswith("_")
    ]
