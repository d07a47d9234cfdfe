"""Circles among services that need one another."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis.strategies import dictionaries, integers, lists

from app.domain.checks.dependencies import find_cycle


@pytest.mark.parametrize(
    ("needs", "graph", "cycle"),
    [
        ([], {}, None),
        (["b"], {"b": []}, None),
        (["a"], {}, ["a", "a"]),
        (["b"], {"b": ["a"]}, ["a", "b", "a"]),
        (["b"], {"b": ["c"], "c": ["a"]}, ["a", "b", "c", "a"]),
        (["b", "c"], {"b": ["d"], "c": ["d"], "d": []}, None),
        (["b"], {"b": [], "a": ["a"]}, None),
        (["b"], {"b": ["c"], "c": ["b"]}, None),
    ],
)
def test_known_graphs(needs, graph, cycle):
    assert find_cycle("a", needs, graph) == cycle


node = integers(0, 6)


@given(lists(node), dictionaries(node, lists(node)))
def test_a_found_circle_is_one(needs, graph):
    cycle = find_cycle(0, needs, graph)
    if cycle is not None:
        edges = {**graph, 0: needs}
        assert cycle[0] == cycle[-1] == 0
        assert all(right in edges[left] for left, right in pairwise(cycle))
