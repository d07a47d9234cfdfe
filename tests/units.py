"""What the processes of a test run do together, in which order, and what they keep."""

import gc
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests import installations, temporary

# Folders whose tests share one running product, which takes seven seconds of a core to start; of
# their files, those that share nothing, or wait far longer than a start takes.
_SHARING = {
    "flows": {
        "test_blind.py", "test_fault_story.py", "test_faults.py", "test_guide.py",
        "test_message_to_acknowledgement.py", "test_peers.py", "test_people_story.py",
    },
    "console": {"test_pages.py", "test_rq_dashboard.py", "test_source.py"},
}  # fmt: skip
# Files that read or import the same for seconds, or share a product of their own: one process does
# that for all of them. Those of the console that hold answers back wait more than they compute.
_TOGETHER = {
    "console/test_away.py": "console answers", "console/test_hanging.py": "console answers",
    "console/test_outages.py": "console answers", "console/test_proxy.py": "console answers",
    "console/test_races.py": "console answers", "console/test_sessions.py": "console answers",
    "console/test_silent.py": "console answers", "console/test_states.py": "console answers",
    "console/test_browser.py": "first account", "console/test_first_run.py": "first account",
    "test_architecture.py": "source", "test_docstrings.py": "source", "test_names.py": "source",
    "test_shapes.py": "source",
    "api/test_openapi.py": "schemas", "api/test_openapi_examples.py": "schemas",
    "api/test_service_overview.py": "schemas", "pages/test_schemas.py": "schemas",
}  # fmt: skip
# Before the other files of its unit, which fill the product further: it checks every screen, and
# the 200 newest entries of a long audit log take Axe six times as long as those of the sample.
_BEFORE_OTHERS = {"console/test_screens.py"}
# What takes longest, first: one that begins last has the other processes wait for it. What waits
# more than it computes stands beside what computes.
_LONGEST = (
    "console", "console answers", "flows", "api/test_schemathesis.py", "flows/test_fault_story.py",
    "flows/test_people_story.py", "pages/test_script.py", "flows/test_blind.py",
    "api/test_bad_input.py", "flows/test_faults.py", "pages/test_browser.py",
    "flows/test_peers.py", "test_upgrades.py", "local/test_backup.py", "api/test_isolation.py",
    "local/test_launcher.py", "operations/metrics/test_roll_up.py", "workers/test_quarantine.py",
    "operations/rules/test_deletion.py", "local/test_product.py", "channels/test_contract.py",
    "production/test_short_shape.py", "ingest/test_kills.py",
    "operations/rules/test_evaluation.py", "realtime/test_ending_access.py", "first account",
    "api/test_isolation_of_fields.py", "checks/test_runner.py", "platform/test_http_worker.py",
    "local/test_embedded.py", "schemas", "test_idle_ticks.py", "operations/rules/test_windows.py",
    "local/test_damaged_files.py", "pages/test_leaks.py", "checks/test_memory.py", "source",
    "flows/test_guide.py", "api/test_limits.py", "checks/test_websocket.py",
    "platform/test_shared_application.py", "channels/test_apprise.py",
    "operations/metrics/test_monthly.py", "checks/test_hostile.py",
    "operations/metrics/test_local_days.py", "checks/test_real_databases.py",
    "api/test_generated_clients.py", "local/test_fork_server.py", "api/test_heartbeat_ping.py",
    "workers/test_result_queue.py", "workers/test_announcements.py",
    "workers/test_agent_quarantine.py", "api/test_status_page_subscribers.py", "test_pooler.py",
    "pages/test_hostile.py", "api/test_prometheus.py", "api/test_status_page_views.py",
    "workers/test_loop_stalls.py", "platform/test_redis_client.py",
)  # fmt: skip


_TESTS = Path(__file__).parent


def _file(nodeid: str) -> str:
    """Return the file of a test, below the folder of tests."""
    return nodeid.partition("::")[0].removeprefix("tests/")


def _unit(nodeid: str) -> str:
    """Return what a test is done together with: its file, or what shares something with it."""
    file = _file(nodeid)
    folder, _, name = file.partition("/")
    if file in _TOGETHER:
        return _TOGETHER[file]
    return folder if name not in _SHARING.get(folder, {name}) else file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first; within a file, the order stays.

    The other files stand by their names, not by folders: many of one wait, of another compute.
    """
    ranks = {unit: rank for rank, unit in enumerate(_LONGEST)}

    def place(item: pytest.Item) -> tuple[int, bool, str, str]:
        file = _file(item.nodeid)
        rank = ranks.get(_unit(item.nodeid), len(ranks))
        name = file.rpartition("/")[2] if rank == len(ranks) else ""
        return rank, file not in _BEFORE_OTHERS, name, file

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """Have a place for temporary files, and one for installations that the processes share."""
    config.add_cleanup(temporary.begin())
    config.add_cleanup(installations.begin())
    if hasattr(config, "workerinput") and config.args == config.getini("testpaths"):
        _begin_elsewhere(config)


def _begin_elsewhere(config: pytest.Config) -> None:
    """Have each process of a whole run collect the folders from another one on.

    In a new checkout, pytest compiles the assertions of each file, five seconds in all, and keeps
    what it made: each process finds a part of it made by the others. The order of the tests is
    that of `pytest_collection_modifyitems`.
    """
    left_out = config.getini("norecursedirs")
    folders = {file.parent.relative_to(config.rootpath) for file in _TESTS.rglob("test_*.py")}
    tops = sorted({Path(*folder.parts[:2]) for folder in folders} - {Path("tests")})
    places = [str(each) for each in tops if str(each) not in left_out]
    places += sorted(str(each.relative_to(config.rootpath)) for each in _TESTS.glob("test_*.py"))
    number = int(config.workerinput["workerid"].removeprefix("gw"))
    first = number * len(places) // config.workerinput["workercount"]
    config.args[:] = places[first:] + places[:first]


def pytest_collection() -> None:
    """Collect no garbage while everything is imported, of which nothing goes before the end."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Spare the garbage collector the million objects that stay until the end of the run."""
    gc.freeze()
    gc.enable()


class _Units(LoadScopeScheduling):
    """Gives each process one unit after another."""

    def _split_scope(self, nodeid: str) -> str:
        return _unit(nodeid)


@pytest.hookimpl(optionalhook=True)  # a run of one process, `-p no:xdist`, has no such hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Return who gives the processes of a run their tests."""
    return _Units(config, log)
