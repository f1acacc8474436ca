"""Correlation of two channels."""

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.floating[Any]]

BLOCK_SECONDS = 0.4
"""Length of the blocks of which the worst is reported."""

_SILENT_VARIANCE = 1e-10
_QUIET = 1e-4


def correlation(samples: "Samples") -> float | None:
    """Return the correlation of two channels, -1 (opposite) to 1 (equal), without their offsets.

    Args:
        samples: Shape (2, frames).

    Returns:
        None if a channel is silent or constant.
    """
    import numpy as np

    if samples.shape[1] < 2:
        return None
    left, right = samples.astype(np.float64) - samples.mean(axis=1, dtype=np.float64)[:, None]
    powers: tuple[float, float] = (float((left * left).mean()), float((right * right).mean()))
    if min(powers) < _SILENT_VARIANCE:
        return None
    value = float((left * right).mean()) / math.sqrt(powers[0] * powers[1])
    return min(1.0, max(-1.0, value))


def worst_correlation(samples: "Samples", sample_rate: int) -> float | None:
    """Return the lowest correlation among whole blocks of 0.4 s; None if it is never defined.

    Blocks of noise between sounds, more than 40 dB quieter than the loudest block, do not count.
    """
    import numpy as np

    size = max(2, round(BLOCK_SECONDS * sample_rate))
    count = samples.shape[1] // size
    if not count:
        return None
    blocks = samples[:, : count * size].reshape(2, count, size).astype(np.float64)
    blocks -= blocks.mean(axis=2, keepdims=True)
    left, right = (np.einsum("bf,bf->b", one, one) / size for one in blocks)
    is_heard = (left + right > _QUIET * (left + right).max()) & (
        np.minimum(left, right) >= _SILENT_VARIANCE
    )
    product = np.einsum("bf,bf->b", *blocks)[is_heard] / size
    values = product / np.sqrt((left * right)[is_heard])
    return max(-1.0, float(values.min())) if values.size else None
