"""Services in the OpenAPI document: one schema for each check type, told apart by `check_type`.

A client that reads a service must know which config it has. The variants are flat copies, because
a schema that is composed of others cannot refuse unknown fields in each of them.
"""

from copy import deepcopy
from typing import Any

from app.api.openapi.variants import choice
from app.checks import CHECK_TYPES

# Whole services, which always say their check type; by whether aliases are accepted.
_WHOLE = {"Service": False, "ServiceInput": True}
# Parts of services, which need not say it: their config is any object.
_PARTS = ("ServiceChange", "ServiceReplacement")
_FIRST = "HTTP"


def config_name(kind: str) -> str:
    """Return the name of the schema of a check type's config."""
    return f"{kind.title().replace('_', '')}Config"


def discriminate(schemas: dict[str, Any], min_interval_seconds: int) -> None:
    """Replace the schemas of services by a choice of one for each check type."""
    for kind, check_type in CHECK_TYPES.items():
        schemas[config_name(kind)]["description"] = check_type.description
    for name in (*_WHOLE, *_PARTS):
        schemas[name]["properties"]["check_interval_seconds"]["minimum"] = min_interval_seconds
    for name in _PARTS:
        schemas[name]["properties"]["config"]["additionalProperties"] = {}
        schemas[name]["properties"]["config"]["description"] += (
            " As the service's check type has it: see the schemas of services."
        )
    for name, with_aliases in _WHOLE.items():
        _split(schemas, name, with_aliases=with_aliases)


def _split(schemas: dict[str, Any], name: str, *, with_aliases: bool) -> None:
    whole = schemas[name]
    variants = {}
    for kind in sorted((kind for kind, _ in CHECK_TYPES.items()), key=lambda k: (k != _FIRST, k)):
        names = [kind, *CHECK_TYPES[kind].aliases] if with_aliases else [kind]
        variant = f"{kind.title().replace('_', '')}{name}"
        variants[variant] = names, _variant(whole, kind, names)
    choice(schemas, name, "check_type", variants)


def _variant(whole: dict[str, Any], kind: str, names: list[str]) -> dict[str, Any]:
    result = deepcopy(whole)
    check_type = CHECK_TYPES[kind]
    result["description"] = f"{check_type.label}. {check_type.description}"
    properties = result["properties"]
    properties["check_type"] = {"type": "string", "enum": names, "examples": [kind]}
    properties["endpoint"]["description"] = f"{check_type.endpoint_hint[:1].upper()}"
    properties["endpoint"]["description"] += f"{check_type.endpoint_hint[1:]}."
    properties["endpoint"]["examples"] = [check_type.example]
    properties["config"] = {"$ref": f"#/components/schemas/{config_name(kind)}"}
    return result
