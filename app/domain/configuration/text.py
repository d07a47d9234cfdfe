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


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node. Raises TextError for an alias."""
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise TextError(f"line {line}: aliases are not read")
        return super().compose_node(parent, index)


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
        value = yaml.load(text, _Loader)  # noqa: S506  a child of the safe loader
        return strict_json.parse(json.dumps(value, allow_nan=False).encode())
    except TextError:
        raise
    except UnicodeDecodeError:
        raise TextError("the text is not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise TextError(f"{line}{error.problem or 'not readable as YAML'}") from None
    except UnacceptableValue as error:
        raise UnacceptableText(error) from None
    except (yaml.YAMLError, UnreadableJson, ValueError, TypeError, RecursionError) as error:
        raise TextError(f"not readable as YAML or JSON: {error}"[:200]) from None


def write_json(document: Any) -> str:
    """Return a document as JSON, indented, with a line break at its end."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def write(document: Any) -> str:
    """Return a document as YAML, its objects in the order in which they are given."""
    text: str = yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False
    )
    return text
