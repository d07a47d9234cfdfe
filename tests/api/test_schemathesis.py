"""Requests made up from the OpenAPI document: no 5xx, no answer that it does not describe, and no
refusal of what its schemas allow but by the rules that it names."""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib import import_module
from multiprocessing import get_context

import pytest


@pytest.fixture(scope="module")
def made_up_requests():
    """The module, with a library whose import takes seconds in every process of a run."""
    return import_module("tests.api.made_up_requests")


def test_answers_are_as_described(app, config, answering, made_up_requests):
    # In a fork, with which the memory of the library's schemas ends.
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as fork:
        unlimited = replace(config, plan_limits=False, rate_limits=False)
        failures, statuses = fork.submit(made_up_requests.try_all, unlimited).result()
    assert not failures, "\n\n".join(failures)
    for mode in ("POSITIVE", "NEGATIVE"):
        assert statuses[mode][2] > 20, mode  # it got past the door
