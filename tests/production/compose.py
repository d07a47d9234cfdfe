"""Compose file as data: interpolated, with anchors and merge keys resolved."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

# $$ | ${NAME} | ${NAME:-default} | ${NAME:?message}; a default may hold another one.
_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?::([-?])((?:[^{}]|\$\{(?:[^{}]|\{[^{}]*\})*\})*))?\})")


class MissingVariable(Exception):
    """Variable that the file demands and nobody has set."""


def load(path: Path, variables: Mapping[str, str]) -> dict[str, Any]:
    """Return the file's content with its variables filled in, as `docker compose config` shows it.

    Raises MissingVariable where `${NAME:?…}` finds none.
    """
    return _filled(yaml.safe_load(path.read_text()), variables)


def _filled(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {name: _filled(value, variables) for name, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, variables) for value in node]
    return interpolate(node, variables) if isinstance(node, str) else node


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with its variables filled in; an empty one counts as unset."""

    def fill(match: re.Match[str]) -> str:
        dollar, name, kind, rest = match.groups()
        if dollar:
            return "$"
        if found := variables.get(name):
            return found
        if kind == "?":
            raise MissingVariable(f"{name}: {rest}")
        return interpolate(rest or "", variables)

    return _VARIABLE.sub(fill, text)


def seconds(duration: str) -> float:
    """Seconds of a duration such as `1m30s`."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|[smh])", duration)
    return sum(float(number) * units[unit] for number, unit in parts)
