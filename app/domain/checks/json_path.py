"""A small, strict JSONPath: names, indices and wildcards, never an expression to evaluate.

Supported of RFC 9535: `$`, `.name`, `['name']`, `[0]`, `[-1]`, `[*]`, `.*`. The leading `$` may be
left out. Filters, slices and recursive descent are refused when the path is read.
"""

import re
from functools import lru_cache
from itertools import islice

MAX_PATH = 500
MAX_STEPS = 50
MAX_MATCHES = 10_000

_STEP = re.compile(
    r"""\.(?P<name>[^\s.\[\]'"*$?@()]+)
      | \[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
      | \[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
      | \[\s*(?P<index>-?[0-9]{1,9})\s*\]
      | (?P<every>\.\*|\[\s*\*\s*\])""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")


class _Every:
    """The wildcard step."""


EVERY = _Every()
PathStep = str | int | _Every


@lru_cache(maxsize=5_000)
def parse(path: str) -> tuple[PathStep, ...]:
    """Return the steps of a path. Raises ValueError with a sentence."""
    if len(path) > MAX_PATH:
        raise ValueError(f"the path is longer than {MAX_PATH} characters")
    text = path.strip()
    if text.startswith("$"):
        text = text[1:]
    elif text and text[0] not in ".[":
        text = f".{text}"
    steps: list[PathStep] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise ValueError(
                f"cannot read the path {path!r} at {text[position:]!r}: "
                "use $.name, ['name'], [0], [-1] or [*]"
            )
        steps.append(_step(match))
        position = match.end()
    if len(steps) > MAX_STEPS:
        raise ValueError(f"the path has more than {MAX_STEPS} steps")
    return tuple(steps)


def find(document: object, path: str) -> list[object]:
    """Return what a path selects in a document, in order. Raises ValueError for a bad path."""
    result: list[object] = [document]
    for step in parse(path):
        children = (child for parent in result for child in _children(parent, step))
        result = list(islice(children, MAX_MATCHES))
    return result


def _step(match: re.Match[str]) -> PathStep:
    if match["every"]:
        return EVERY
    if match["index"] is not None:
        return int(match["index"])
    if match["name"] is not None:
        return match["name"]
    quoted = match["single"] if match["single"] is not None else match["double"]
    return _ESCAPED.sub(r"\1", quoted)


def _children(parent: object, step: PathStep) -> list[object]:
    if isinstance(step, _Every):
        if isinstance(parent, dict):
            return list(parent.values())
        return parent if isinstance(parent, list) else []
    if isinstance(step, int):
        inside = isinstance(parent, list) and -len(parent) <= step < len(parent)
        return [parent[step]] if inside else []  # type: ignore[index]
    return [parent[step]] if isinstance(parent, dict) and step in parent else []
