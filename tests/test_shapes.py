"""One shape for one thing, read off the source: what operations are given, take and return."""

import ast
import re

import pytest

from tests.source import ROOT, imports, is_below, modules


def test_an_operation_is_given_values_and_never_calls_back():
    edges = ("app.api", "app.pages", "app.console", "app.realtime")
    for name, _, tree in modules():
        if is_below(name, set(edges)):
            operations = _imported_names(tree, "app.operations")
            functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
            for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
                called = ast.unparse(call.func)
                # Objects of a file are loaded one by one, as the ids that they name come to be.
                if called.partition(".")[0] in operations and called != "ObjectKind":
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
    for name, _, tree in modules():
        if name.startswith("app.operations"):
            taken = {found for found in imports(tree) if is_below(found, {package})}
            assert taken <= {package, f"{package}.{registry}"}, f"{name} imports {sorted(taken)}"


def test_an_organization_is_locked_by_that_name_alone():
    for name, _, tree in modules():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name != "lock_organization":
                for call in _outermost_calls(function):
                    text = ast.unparse(call)
                    locks = "with_for_update" in text or "FOR UPDATE" in text
                    taken = "select(Organization)" in text or "(Organization," in text
                    assert not (locks and taken), f"{name}.{function.name} locks an organization"


def _outermost_calls(function):
    for statement in ast.walk(function):
        if isinstance(statement, ast.Assign | ast.Expr | ast.Return) and statement.value:
            yield from (node for node in [statement.value] if isinstance(node, ast.Call))


def test_pages_of_lists_are_cut_in_one_place():
    for name, _, tree in modules():
        if name.startswith("app.operations") and name != "app.operations.paging":
            sums = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp)]
            more = [node for node in sums if ast.unparse(node) == "limit + 1"]
            assert not more, f"{name} reads one row more by itself: app.operations.paging does"


def test_columns_of_rows_are_read_by_name():
    for name, _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                of_row = ast.unparse(node.value) in ("row", "rows[0]", "rows[-1]")
                of_row = of_row or _is_of_rows(node.value)
                by_place = of_row and isinstance(node.slice.value, int)
                assert not by_place, f"{name}:{node.lineno} reads {ast.unparse(node)}"


def _is_of_rows(node):
    """Say whether a node is one of the rows that a statement has just returned."""
    statements = ("fetchall", "single_statement", "rows")
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).rpartition(".")[2] in statements
    ) or (isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "fetchone")


def test_an_observation_has_at_most_fourteen_shapes_and_each_is_told_of():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    chapter = text.partition("### The shapes of one observation")[2].partition("\n### ")[0]
    shapes = re.findall(r"^\| `(\w+)` \(`([\w/.]+)`\)", chapter, re.MULTILINE)
    assert 0 < len(shapes) <= 14
    classes = {
        (node.name, path.relative_to(ROOT).as_posix())
        for _, path, tree in modules()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    assert set(shapes) <= classes
