"""Libraries that validate JSON Schema: imported by the first test that asks, as it takes 4 s.

`jsonschema` compiles the grammars of RFC 3987 as soon as it is imported, and every process of a run
imports every file of tests.
"""

from importlib import import_module
from types import ModuleType


def jsonschema() -> ModuleType:
    """Return the library of that name."""
    return import_module("jsonschema")


def openapi_schema_validator() -> ModuleType:
    """Return the library of that name."""
    return import_module("openapi_schema_validator")


def openapi_spec_validator() -> ModuleType:
    """Return the library of that name."""
    return import_module("openapi_spec_validator")
