"""Rewriting of the tests' asserts, shared among workers that start in a fresh checkout.

Each worker collects all tests. Where none of them has cached bytecode yet, all workers would
rewrite the same files side by side. Here each starts at a file of its own, so that most files are
rewritten by one worker and read by the others.
"""

import importlib
import os
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]


def import_tests(config: pytest.Config) -> None:
    """Import the modules of a whole run, from this worker's place on; without workers, do nothing.

    A module that cannot be imported is left to the collection, which reports it.
    """
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
    if number:
        for name in share(modules(), int(number), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])):
            try:
                importlib.import_module(name)
            except (Exception, pytest.skip.Exception):
                continue


def modules() -> list[str]:
    """Return the names of all test modules."""
    files = sorted(TESTS.rglob("test_*.py"))
    return [".".join(file.relative_to(TESTS.parent).with_suffix("").parts) for file in files]


def share(names: list[str], number: int, count: int) -> list[str]:
    """Return all names, beginning with the share of one worker of some.

    Args:
        names: All names.
        number: The worker, from 0.
        count: The number of workers.
    """
    start = len(names) * number // count
    return names[start:] + names[:start]
