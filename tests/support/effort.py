"""Effort of the tests: quick in the usual run, in full in `make test-slow`."""

import os
from collections.abc import Iterable
from typing import Any

import pytest

ROUNDS = int(os.environ.get("SAFELIGHT_TEST_ROUNDS", "1"))
"""By how much random tests are multiplied."""


def scaled(usual: int, most: int | None = None) -> int:
    """Number of rounds of something random or repeated.

    Args:
        usual: The number in the usual run.
        most: The number at which more adds nothing.
    """
    return min(usual * ROUNDS, most or usual * ROUNDS)


def starts(stride: int) -> range:
    """First places of the walks through a run, `stride` apart: one usually, all in the long run.

    Args:
        stride: Distance between the places of one walk.
    """
    return range(1, 2 if ROUNDS == 1 else min(2 * ROUNDS, stride) + 1)


def stride(usual: int) -> int:
    """Distance between the commits at which a run is killed: `usual`, or each in the long run."""
    return usual if ROUNDS == 1 else 1


def cases(
    names: str, values: Iterable[Any], *, usual: int | slice, **options: Any
) -> pytest.MarkDecorator:
    """Parametrize a test that has some cases in the usual run, and the others in the long run.

    Args:
        names: Names of the arguments, as in `pytest.mark.parametrize`.
        values: All cases.
        usual: Those of the usual run, which show what the test is about: the first ones by their
            number, or a slice.
        options: Further options of `pytest.mark.parametrize`.
    """
    every = list(values)
    chosen = range(len(every))[usual if isinstance(usual, slice) else slice(usual)]
    params = [
        pytest.param(
            *(case if "," in names else [case]),
            marks=[] if number in chosen else [pytest.mark.slow],
        )
        for number, case in enumerate(every)
    ]
    return pytest.mark.parametrize(names, params, **options)
