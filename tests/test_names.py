"""Names of the program: a public one is used by the program, and stands for one thing."""

import ast
from dataclasses import fields

from app.api.crud import Operations
from tests.source import is_below, modules


def _public_names(tree):
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            targets = [one for target in node.targets for one in getattr(target, "elts", [target])]
            yield from ((t.id, node) for t in targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node


def _loads(tree, but=None):
    """Return the names that a module reads, outside one of its statements."""
    inside = set(map(id, ast.walk(but))) if but is not None else set()
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in inside
    }


def _taken_from(tree, known):
    """Return the names of other modules that a module uses, dotted."""
    modules_by_name = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                dotted = f"{node.module}.{alias.name}"
                yield dotted
                if dotted in known:
                    modules_by_name[alias.asname or alias.name] = dotted
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules_by_name.get(node.value.id)
            if module:
                yield f"{module}.{node.attr}"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            if ast.unparse(node.value.func) == "import_module":  # only when it is needed
                yield f"{ast.literal_eval(node.value.args[0])}.{node.attr}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Operations.of":
            module = modules_by_name[ast.unparse(node.args[0])]
            yield from (f"{module}.{field.name}" for field in fields(Operations))


# What files of web servers and the fork server name, and what stands for a restart in tests.
_NAMED_ELSEWHERE = {
    "app.api.ping_middleware.only_pings",
    "app.channels.templates.close",
    "app.operations.rules.windows.forget",
    "app.pages.status.store.Watcher",
    "app.platform.http_worker.GuardedWorker",
    "app.platform.late_patch.rebind",
    "app.web.create_app",
    "workers.__main__.before_forks",  # by the fork server, of any module
    "app.web.rehearse",  # by gunicorn's master, in wsgi.py
}


def _is_registered(node):
    """Say whether a decorator hands a function or class over: a route, a command, a type."""
    decorators = getattr(node, "decorator_list", [])
    return any("dataclass" not in ast.unparse(decorator) for decorator in decorators)


def test_every_public_name_is_used_by_the_program():
    # A decision that only its tests call is not made: one that was missed an outage that way.
    known = {name for name, _, _ in modules()}
    taken = {dotted for _, _, tree in modules() for dotted in _taken_from(tree, known)}
    unused = {
        f"{module}.{name}"
        for module, _, tree in modules()
        if not is_below(module, {"app.models"})  # tables whole, as migrations make them
        for name, node in _public_names(tree)
        if not name.startswith("_")
        and not _is_registered(node)
        and f"{module}.{name}" not in taken
        and name not in _loads(tree, but=node)
    }
    assert unused == _NAMED_ELSEWHERE


# Tables, schemas and plug-ins have the name of what they store, describe and send.
_NAMESAKES = {"app.models", "app.schemas", "app.checks", "app.channels"}


def test_a_class_has_a_name_of_its_own():
    places: dict[str, list[str]] = {}
    for module, _, tree in modules():
        if not is_below(module, _NAMESAKES):
            for node in tree.body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places.setdefault(node.name, []).append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
