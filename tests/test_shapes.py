"""One shape for one thing, read off the source: what operations are given, take and return."""

import ast

import pytest

from tests.source import MODULES, imports, is_below


def test_an_operation_is_given_values_and_never_calls_back():
    edges = ("app.api", "app.pages", "app.console", "app.realtime")
    for name, _, tree in MODULES:
        if is_below(name, set(edges)):
            operations = _imported_names(tree, "app.operations")
            functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                called = ast.unparse(call.func)
                # Objects of a file are loaded one by one, as the ids that they name come to be.
                if called.partition(".")[0] in operations and called != "Kind":
                    given = [*call.args, *(word.value for word in call.keywords)]
                    back = [each for each in given if _is_function(each, functions)]
                    assert not back, f"{name}: {ast.unparse(call)} hands a function downwards"


def _imported_names(tree, package):
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and is_below(node.module or "", {package})
        for alias in node.names
    }


def _is_function(node, functions):
    return isinstance(node, ast.Lambda) or (isinstance(node, ast.Name) and node.id in functions)


@pytest.mark.parametrize(
    ("package", "registry"), [("app.checks", "CHECK_TYPES"), ("app.channels", "CHANNEL_TYPES")]
)
def test_operations_know_types_by_their_registry_alone(package, registry):
    for name, _, tree in MODULES:
        if name.startswith("app.operations"):
            taken = {found for found in imports(tree) if is_below(found, {package})}
            assert taken <= {package, f"{package}.{registry}"}, f"{name} imports {sorted(taken)}"
