"""Linear filters of long signals, as few large matrix products and transforms."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Samples = NDArray[np.floating[Any]]

_PIECE = 1 << 12
_OUTPUTS = 32
_SUMMED = 1 << 20


def decimated(samples: "Floats", taps: "Floats", factor: int) -> "Floats":
    """Return every n-th sample of a filtered signal, in phase with it.

    Args:
        samples: Shape (frames,); taken as zeros beyond its ends.
        taps: Symmetric filter of odd length.
        factor: Distance of the samples that are kept.

    Returns:
        Shape (frames / factor, rounded up).
    """
    import numpy as np

    half = len(taps) // 2
    weights = np.zeros(((_OUTPUTS - 1) * factor + len(taps), _OUTPUTS), np.float32)
    for place in range(_OUTPUTS):
        weights[place * factor : place * factor + len(taps), place] = taps
    length = -(-len(samples) // factor)
    padded = np.pad(samples, (half, half + _OUTPUTS * factor))
    result = _products(padded, weights, _OUTPUTS * factor, -(-length // _OUTPUTS))
    return result.reshape(-1)[:length]


def interpolated(samples: "Floats", taps: "Floats", factor: int) -> "Floats":
    """Return values between the samples of a signal.

    Args:
        samples: Shape (frames,); taken as zeros beyond its ends.
        taps: Symmetric low-pass filter of odd length at the finer rate, with a sum of `factor`.
        factor: Ratio of the finer rate.

    Returns:
        Shape (frames, factor - 1): the values after each sample.
    """
    import numpy as np

    half = len(taps) // 2
    reach = -(-half // factor)
    weights = np.zeros((_OUTPUTS + 2 * reach, _OUTPUTS, factor - 1), np.float32)
    for place in range(_OUTPUTS):
        for phase in range(1, factor):
            for step in range(-reach, reach + 1):
                tap = half + phase - step * factor
                if 0 <= tap < len(taps):
                    weights[place + reach + step, place, phase - 1] = taps[tap]
    padded = np.pad(samples, (reach, reach + _OUTPUTS))
    blocks = -(-len(samples) // _OUTPUTS)
    result = _products(padded, weights.reshape(len(weights), -1), _OUTPUTS, blocks)
    return result.reshape(-1, factor - 1)[: len(samples)]


def _products(samples: "Floats", weights: "Floats", hop: int, blocks: int) -> "Floats":
    """Return overlapping blocks of samples, times weights: (blocks, outputs)."""
    import numpy as np

    samples = np.asarray(samples, np.float32)
    lacking = (blocks - 1) * hop + len(weights) - len(samples)
    if lacking > 0:
        samples = np.pad(samples, (0, lacking))
    frames = np.lib.stride_tricks.sliding_window_view(samples, len(weights))[::hop]
    result = np.empty((blocks, weights.shape[1]), np.float32)
    for start in range(0, blocks, _PIECE):
        stop = min(blocks, start + _PIECE)
        np.matmul(np.ascontiguousarray(frames[start:stop]), weights, out=result[start:stop])
    return result


def cell_sums(values: "Samples", edges: "NDArray[np.int_]") -> "NDArray[np.float64]":
    """Return the sums of values between neighbouring edges, in double precision.

    Args:
        values: Shape (frames,).
        edges: Rising frames, of shape (cells + 1,); the last is at most the number of values.
    """
    import numpy as np

    cells = len(edges) - 1
    step = max(1, cells * _SUMMED // max(1, len(values)))
    sums = np.empty(cells)
    for start in range(0, cells, step):  # in parts, since they are converted first
        bounds = edges[start : start + step + 1]
        part = values[bounds[0] : bounds[-1]]
        sums[start : start + step] = np.add.reduceat(part, bounds[:-1] - bounds[0], dtype=float)
    return sums


def recursive(samples: "Samples", sections: "NDArray[np.float64]", memory: int) -> "Floats":
    """Return a signal after a filter that is given by second-order sections.

    The filter's response is applied by transforms of overlapping blocks.

    Args:
        samples: Shape (frames,).
        sections: Shape (sections, 6): b0, b1, b2, a0, a1, a2 of each.
        memory: Samples after which the filter has forgotten an impulse.
    """
    import numpy as np
    from scipy.fft import irfft, next_fast_len, rfft

    count = len(samples)
    size = next_fast_len(min(count, 7 * memory) + memory, real=True)
    response = _response(tuple(map(tuple, sections.tolist())), size)
    padded = np.pad(np.asarray(samples, np.float32), (memory, 0))
    result = np.empty(count, np.float32)
    for start in range(0, count, size - memory):
        block = irfft(rfft(padded[start : start + size], size) * response, size)
        result[start : start + size - memory] = block[memory:][: count - start]
    return result


@lru_cache(maxsize=8)
def _response(sections: tuple[tuple[float, ...], ...], size: int) -> "NDArray[np.complex64]":
    """Return the response of a filter at the frequencies of a transform, of shape (size/2+1,)."""
    import numpy as np

    delay = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    exact = np.ones_like(delay)
    for b0, b1, b2, a0, a1, a2 in sections:
        exact *= (b0 + delay * (b1 + delay * b2)) / (a0 + delay * (a1 + delay * a2))
    response: NDArray[np.complex64] = exact.astype(np.complex64)
    return response
