"""The benchmarks, which no run of the tests carries out, can at least be started."""

import importlib
import pkgutil

import pytest

from tests import bench

NAMES = [one.name for one in pkgutil.iter_modules(bench.__path__) if one.name.startswith("bench_")]


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_finds_what_it_imports(name):
    assert callable(importlib.import_module(f"tests.bench.{name}").run)
