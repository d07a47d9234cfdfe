"""Bodies that are told apart by one word: flat copies of a schema, one for each group of words.

A schema that is composed of others cannot refuse unknown fields in each of them.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from app.schemas.bulk import ALLOWED, NEEDED

# Schemas whose `action` decides what else stands in them.
_BY_ACTION = ("ServiceBulk", "AlertBulk")


def choice(
    schemas: dict[str, Any], name: str, word: str, variants: Mapping[str, tuple[list[str], Any]]
) -> None:
    """Replace a schema by a choice of variants: for each name, the values of `word` and the schema.

    The first variant is what examples show.
    """
    schemas |= {variant: schema for variant, (_, schema) in variants.items()}
    mapping = {
        value: f"#/components/schemas/{variant}"
        for variant, (values, _) in variants.items()
        for value in values
    }
    schemas[name] = {
        "description": schemas[name].get("description", f"Told apart by `{word}`."),
        "oneOf": [{"$ref": f"#/components/schemas/{variant}"} for variant in variants],
        "discriminator": {"propertyName": word, "mapping": mapping},
    }


def split_actions(schemas: dict[str, Any]) -> None:
    """Say of actions on many objects which fields each of them takes."""
    for name in _BY_ACTION:
        whole = schemas[name]
        groups: dict[tuple[str | None, str | None], list[str]] = {}
        for action in whole["properties"]["action"]["enum"]:
            groups.setdefault((NEEDED.get(action), ALLOWED.get(action)), []).append(action)
        variants = {
            f"{actions[0].capitalize()}{name}": (actions, _of_actions(whole, actions, *fields))
            for fields, actions in groups.items()
        }
        choice(schemas, name, "action", variants)


def _of_actions(
    whole: dict[str, Any], actions: list[str], needed: str | None, allowed: str | None
) -> dict[str, Any]:
    result = deepcopy(whole)
    others = (set(NEEDED.values()) | set(ALLOWED.values())) - {needed, allowed}
    result["properties"] = {
        name: schema for name, schema in result["properties"].items() if name not in others
    }
    result["properties"]["action"] = {"type": "string", "enum": actions}
    result["required"] = [*result["required"], *([needed] if needed else [])]
    return result
