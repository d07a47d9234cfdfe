"""YAML and JSON of configuration files: read as JSON would be, without YAML's surprises.

Only what JSON can say is read: no tags, no anchors (a small file could name itself a billion
times), no dates, and no words that mean true or false but `true` and `false` (YAML 1.2, core
schema; the library follows 1.1, where `no` is false and 12:30 is a number).
"""

import json
import re
from typing import Any

import yaml

from app.domain import strict_json
from app.domain.strict_json import UnacceptableValue, UnreadableJson


class TextError(ValueError):
    """A text that cannot be read; the message says why and where."""


class UnacceptableText(TextError):
    """A text of which a value cannot be stored; `value` says which."""

    def __init__(self, value: UnacceptableValue) -> None:
        super().__init__(f"{'.'.join(map(str, value.path))}: {value.message}")
        self.value = value


# libyaml's where it is: a megabyte takes a second of it, and five to ten of the one in Python,
# during which the other requests of a process hardly get their turn.
_SAFE: Any = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
MAX_DEPTH = 100  # `strict_json` takes fewer; libyaml's stack has an end


# What a tag may say of a value is nothing but what it is anyway. The other tags of the library have
# constructors that no text of a stranger should reach: of `!!int "1:1:1:…"`, a number to the base
# of 60, a megabyte takes them a minute.
_TAGS = (None, "!", *(f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")))


class _Loader(_SAFE):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Return an object. Raises TextError for one that names a key twice, as in JSON."""
        result: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(result) != len(node.value):
            raise TextError(f"{_line(node.start_mark)}an object names the same key twice")
        return result


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|false|True|False|TRUE|FALSE)$", "tfTF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+0123456789."),
    ("null", r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read(body: bytes) -> Any:
    """Return the value of a YAML or JSON text. Raises TextError."""
    try:
        text = body.decode("utf-8-sig")
        _check_events(text)
        value = yaml.load(text, _Loader)  # noqa: S506  a child of the safe loader
        return strict_json.parse(json.dumps(value, allow_nan=False).encode())
    except TextError:
        raise
    except UnicodeDecodeError:
        raise TextError("the text is not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        problem = error.problem or "not readable as YAML"
        raise TextError(f"{_line(error.problem_mark)}{problem}") from None
    except UnacceptableValue as error:
        raise UnacceptableText(error) from None
    except (yaml.YAMLError, UnreadableJson, ValueError, TypeError, RecursionError) as error:
        raise TextError(f"not readable as YAML or JSON: {error}"[:200]) from None


def _check_events(text: str) -> None:
    """Raise TextError for an alias, a tag, or values within more than a hundred others."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent):
            raise TextError(f"{_line(event.start_mark)}aliases are not read")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) not in _TAGS:
            raise TextError(f"{_line(event.start_mark)}tags are not read")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise TextError(f"{_line(event.start_mark)}it is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _line(mark: Any) -> str:
    return f"line {mark.line + 1}: " if mark else ""


def write_json(document: Any) -> str:
    """Return a document as JSON, indented, with a line break at its end."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write(document: Any) -> str:
    """Return a document as YAML, its objects in the order in which they are given."""
    text: str = yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )
    return text
