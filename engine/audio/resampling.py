"""Samples at another rate."""

from math import gcd
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def resampled(samples: "NDArray[np.floating[Any]]", rate: int, wanted: int) -> "NDArray[Any]":
    """Return samples at another rate, in phase with them.

    Args:
        samples: Shape (..., frames); taken as zeros beyond its ends.
        rate: Their rate in Hz.
        wanted: Rate of the result in Hz.
    """
    from scipy.signal import resample_poly

    if rate == wanted:
        return samples
    common = gcd(rate, wanted)
    result: NDArray[Any] = resample_poly(samples, wanted // common, rate // common, axis=-1)
    return result
