"""Loudness by libebur128, of the Debian package `libebur128-1`."""

import ctypes
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

_INTEGRATED, _RANGE, _TRUE_PEAK = (1 << 2) | 1, (1 << 3) | (1 << 1) | 1, (1 << 5) | (1 << 4) | 1


@dataclass(frozen=True)
class Measured:
    """Integrated loudness in LUFS, loudness range in LU, true peak in dBTP."""

    integrated: float
    loudness_range: float
    true_peak_db: float


def library() -> ctypes.CDLL:
    """Return libebur128, or skip the test."""
    try:
        return load()
    except OSError:
        pytest.skip("libebur128 is not installed: apt-get install libebur128-1")


def load() -> ctypes.CDLL:
    """Return libebur128.

    Raises:
        OSError: It is not installed.
    """
    found = ctypes.CDLL("libebur128.so.1")
    found.ebur128_init.restype = ctypes.c_void_p
    found.ebur128_init.argtypes = [ctypes.c_uint, ctypes.c_ulong, ctypes.c_int]
    found.ebur128_add_frames_float.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    return found


def measured(found: ctypes.CDLL, samples: NDArray[np.float32], rate: int) -> Measured:
    """Measure samples of shape (channels, frames)."""
    modes = _INTEGRATED | _RANGE | _TRUE_PEAK
    state = ctypes.c_void_p(found.ebur128_init(len(samples), rate, modes))
    frames = np.ascontiguousarray(samples.T, np.float32)
    assert found.ebur128_add_frames_float(state, frames.ctypes.data, len(frames)) == 0
    integrated = _value(found.ebur128_loudness_global, state)
    loudness_range = _value(found.ebur128_loudness_range, state)
    peaks = [_true_peak(found, state, channel) for channel in range(len(samples))]
    found.ebur128_destroy(ctypes.byref(state))
    return Measured(integrated, loudness_range, 20 * math.log10(max(peaks)))


def _value(function: Any, state: ctypes.c_void_p) -> float:
    result = ctypes.c_double()
    assert function(state, ctypes.byref(result)) == 0
    return result.value


def _true_peak(found: ctypes.CDLL, state: ctypes.c_void_p, channel: int) -> float:
    result = ctypes.c_double()
    assert found.ebur128_true_peak(state, ctypes.c_uint(channel), ctypes.byref(result)) == 0
    return result.value
