"""The house rules, read off the source: layers, single doors, file length."""

import ast

import pytest

from tests.source import ROOT, imported_modules, imports, is_below, modules

MAX_LINES = 300

# Which packages a layer may import from `app`; a name covers everything below it.
FOUNDATION = {
    "app.domain",
    "app.platform.clock",
    "app.platform.config",
    "app.platform.crypto",
    "app.platform.errors",
    "app.platform.logs",
    "app.platform.registry",
    "app.platform.scratch",
    "app.platform.server_urls",
    "app.platform.settings_reader",
}
ADAPTERS = FOUNDATION | {
    "app.models",
    "app.platform",
    "app.security.actor",
    "app.security.alert_links",
    "app.security.future_ids",
    "app.security.limits",
    "app.security.link_errors",
    "app.security.principals",
    "app.security.sealing",
    "app.security.session_cookie",
    "app.security.subscription_links",
    "app.security.tickets",
}
LAYERS = {
    "app.domain": {"app.domain"},
    "app.platform.clock": set(),
    "app.platform.config": {
        "app.platform.errors",
        "app.platform.server_urls",
        "app.platform.settings_reader",
    },
    "app.platform.settings_reader": {"app.platform.errors"},
    "app.platform.server_urls": {"app.platform.errors"},
    "app.platform.redis_client": {"app.platform.clock", "app.platform.server_urls"},
    "app.platform.cooperative": set(),
    "app.platform.errors": set(),
    "app.platform.registry": set(),
    "app.platform.scratch": set(),
    "app.platform.crypto": set(),
    "app.platform.logs": set(),
    "app.platform.extensions": {"app.models"},
    "app.platform.queue": {"app.platform.clock"},
    "app.platform.events": {"app.platform.clock"},
    "app.platform.transaction": {"app.platform.extensions", "app.platform.pool"},
    "app.platform.bootstrap": ADAPTERS,
    "app.security": ADAPTERS,
    "app.security.future_ids": ADAPTERS,
    "app.security.sealing": {"app.platform.crypto", "app.domain"},
    "app.security.actor": {"app.platform.extensions"},
    "app.models": {"app.models", "app.platform.registry", "app.domain"},
    "app.network": FOUNDATION | {"app.network"},
    "app.checks": FOUNDATION | {"app.network", "app.checks"},
    "app.channels": FOUNDATION | {"app.network", "app.channels"},
    "app.operations": ADAPTERS | {"app.operations", "app.checks", "app.channels"},
    "app.schemas": {  # shapes of requests and answers: nothing here reads, seals or decides
        "app.domain",
        "app.platform.clock",
        "app.platform.errors",
        "app.platform.events",
        "app.schemas",
        "app.checks",
        "app.channels",
    },
    "app.ingest": ADAPTERS | {"app.ingest", "app.operations"},
    "app.realtime": ADAPTERS | {"app.realtime", "app.security.access"},
    "workers": ADAPTERS
    | {"app.operations", "app.checks", "app.channels", "app.network", "workers"},
    "scheduler": ADAPTERS | {"app.operations", "scheduler"},
}
PURE_STANDARD = {
    "socket",
    "requests",
    "flask",
    "sqlalchemy",
    "redis",
    "rq",
    "os",
    "time",
    "psycopg",
}


def test_there_is_something_to_check():
    assert len(modules()) > 40


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_go_one_way(layer):
    allowed = LAYERS[layer]
    known = {name for name, _, tree in modules() if len(tree.body) > 1}  # more than a docstring
    for name, _, tree in modules():
        if not is_below(name, {layer}):
            continue
        ours = {found for found in imports(tree) if found in known and found != "app"}
        wrong = {found for found in ours if not is_below(found, allowed | {layer})}
        assert not wrong, f"{name} may not import {sorted(wrong)}"


@pytest.mark.parametrize("layer", ["app.operations", "app.domain"])
def test_areas_do_not_import_each_other_in_circles(layer):
    needs: dict[str, set[str]] = {}
    for name, _, tree in modules():
        area, _, module = name.removeprefix(f"{layer}.").partition(".")
        if name.startswith(f"{layer}.") and module:
            found = {each for each in imports(tree) if each.startswith(f"{layer}.")}
            areas = {each.removeprefix(f"{layer}.").partition(".")[0] for each in found}
            needs.setdefault(area, set()).update(areas - {area})
    while free := {area for area, others in needs.items() if not others & needs.keys()}:
        needs = {area: others for area, others in needs.items() if area not in free}
    assert not needs, f"these areas of {layer} import each other in a circle: {sorted(needs)}"


def test_modules_do_not_import_each_other_in_circles():
    """Imports for annotations and within functions count as well: they hide a circle, no more."""
    needs = {name: imported_modules(tree) - {name} for name, _, tree in modules()}
    while free := {name for name, others in needs.items() if not others & needs.keys()}:
        needs = {name: others for name, others in needs.items() if name not in free}
    assert not needs, f"among these modules is a circle of imports: {sorted(needs)}"


def test_the_root_of_the_program_holds_packages():
    beside = [path.name for path in (ROOT / "app").iterdir() if path.is_file()]
    assert len(beside) <= 8, beside


def test_app_never_imports_its_processes():
    for name, _, tree in modules():
        if name.startswith("app."):
            wrong = {found for found in imports(tree) if is_below(found, {"workers", "scheduler"})}
            assert not wrong, f"{name} imports {wrong}: name the job by its path instead"


def test_decisions_are_pure():
    for name, _, tree in modules():
        if name.startswith("app.domain"):
            wrong = {found.split(".")[0] for found in imports(tree)} & PURE_STANDARD
            assert not wrong, f"{name} imports {wrong}"


def uses(tree: ast.Module, *dotted: str) -> set[str]:
    return {
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in dotted
    }


@pytest.mark.parametrize(
    ("what", "door"),
    [
        (("os.environ", "os.getenv"), ("app.platform.config", "app.local")),
        (
            ("datetime.now", "datetime.utcnow", "time.time"),
            ("app.platform.clock", "app.platform.queue", "app.local"),
        ),
        (
            ("db.session.commit", "tx.session.commit", "session.commit"),
            ("app.platform.transaction",),
        ),
    ],
)
def test_one_door_each(what, door):
    for name, _, tree in modules():
        if not is_below(name, set(door)):
            assert not uses(tree, *what), f"{name} goes past the door {door[0]}"


def test_files_of_a_process_lie_in_the_folder_of_scratch_files():
    """The folder that `tempfile` takes by itself may be full or read-only."""
    # Beside a backup; of developers; and the one that says which folder that is.
    elsewhere = {"app.local", "app.console.vendoring", "app.platform.scratch"}
    for name, _, tree in modules():
        if is_below(name, elsewhere):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("tempfile."):
                given = {word.arg for word in node.keywords}
                assert "dir" in given, f"{name}:{node.lineno} names no folder"


@pytest.mark.parametrize(
    ("package", "door"),
    [
        ("rq", {"app.platform.queue", "app.console"}),
        ("rq_scheduler", {"app.platform.queue"}),
        ("pycurl", {"app.network"}),
        ("requests", {"app.network.server_session"}),  # which is imported when it is needed
        ("aiohttp", set()),
        ("httpx", set()),
    ],
)
def test_one_door_to_each_library(package, door):
    for name, _, tree in modules():
        if package in {found.split(".")[0] for found in imports(tree)}:
            assert is_below(name, door), f"{name} imports {package}, which belongs in {door}"


def test_a_lock_lets_other_rows_refer_to_the_locked_one():
    # FOR UPDATE also stops inserts that refer to the row: two transactions that lock and refer in
    # another order then wait in a circle. Only a deletion needs that much.
    deletions = {("app.operations.accounts.organization", "delete")}
    for name, _, tree in modules():
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef) or (name, function.name) in deletions:
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call):
                    assert not _locks_too_much(node), f"{name}.{function.name}: FOR UPDATE"


def _locks_too_much(call):
    given = {word.arg: word.value for word in call.keywords}
    if isinstance(call.func, ast.Attribute) and call.func.attr == "with_for_update":
        return "key_share" not in given
    return "with_for_update" in given and not isinstance(given["with_for_update"], ast.Dict)


def test_no_import_inside_a_function():
    for name, _, tree in modules():
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [
                    n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)
                ]
                assert not inner, f"{name}.{function.name} imports inside"


def test_files_stay_readable():
    paths = [path for _, path, _ in modules()]
    paths += sorted((ROOT / "tests").rglob("*.py"))
    long = {
        str(p.relative_to(ROOT)): n
        for p in paths
        if (n := len(p.read_text().splitlines())) > MAX_LINES
    }
    assert not long


def test_every_module_says_what_it_is_for():
    silent = [name for name, _, tree in modules() if not ast.get_docstring(tree)]
    assert not silent


def test_jobs_named_by_path_exist():
    known = {
        f"{name}.{node.name}"
        for name, _, tree in modules()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    named = {
        node.value
        for _, _, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("workers.")
        and node.value.count(".") == 2
        and " " not in node.value
    }
    assert named
    assert named <= known, f"no such job: {named - known}"
