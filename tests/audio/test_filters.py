"""Filters against their definitions, sample by sample."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import firwin, sosfilt, upfirdn

from engine.audio.filters import decimated, interpolated, recursive
from engine.audio.loudness import k_weighting

Floats = NDArray[np.float32]

LENGTHS = (1, 31, 1000, 200_003)


def _signal(length: int) -> Floats:
    return np.random.default_rng(length).normal(0.3, 0.1, length).astype(np.float32)


def assert_equal(found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Check all samples at once; `pytest.approx` goes through them in Python."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("factor", [2, 5])
def test_decimated_keeps_every_nth_sample_of_the_filtered_signal(length: int, factor: int) -> None:
    taps = firwin(24 * factor + 1, 0.9 / factor).astype(np.float32)
    found = decimated(_signal(length), taps, factor)
    expected = np.convolve(_signal(length), taps)[len(taps) // 2 :][:length:factor]
    assert_equal(found, expected)


@pytest.mark.parametrize("length", LENGTHS)
def test_interpolated_gives_the_values_after_each_sample(length: int) -> None:
    taps = 4 * firwin(81, 1 / 4).astype(np.float32)
    finer = upfirdn(taps, _signal(length), 4)[40 : 40 + 4 * length]
    finer = np.pad(finer, (0, 4 * length - len(finer))).reshape(-1, 4)
    assert_equal(interpolated(_signal(length), taps, 4), finer[:, 1:])


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("rate", [4000, 48_000])
def test_recursive_equals_the_recursion(length: int, rate: int) -> None:
    filters = k_weighting(rate)
    expected = sosfilt(filters, _signal(length).astype(np.float64))
    assert_equal(recursive(_signal(length), filters, rate // 10), expected)
