"""Loudness by ITU-R BS.1770-4 and EBU Tech 3341 and 3342, and the peak between samples.

All functions take samples of shape (channels, frames), full scale -1 to 1, at any rate from 4 kHz.
Blocks of 0.4 s that are not whole are left out, as in libebur128: a measurement that pads the last
block is wrong by up to 2.6 LU for sounds of 0.4 to 2.5 s.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.audio.filters import cell_sums, interpolated, recursive
from engine.audio.sound import magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.floating[Any]]
    Powers = NDArray[np.float64]

BLOCK_SECONDS = 0.4
"""Length of a gating block; shorter sounds have no loudness."""

LOWEST_RATE = 4000
"""Lowest sample rate in Hz at which the weighting filter is defined."""

_CELL_SECONDS = 0.1
_CELLS = 4
_SHORT_TERM_CELLS = 30
_ABSOLUTE_GATE = -70.0
_RELATIVE_GATE = -10.0
_RANGE_GATE = -20.0
_SURROUND_GAIN = 1.41
_OVERSAMPLING = 4
_HALF_TAPS = 10
_PIECE = 1 << 9
_CHUNK = 1 << 11
_MEMORY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Loudness:
    """Loudness of a sound.

    Attributes:
        integrated: Gated loudness in LUFS; None under 0.4 s and in silence.
        momentary_max: Loudest 0.4 s in LUFS; None under 0.4 s and in silence.
        short_term_max: Loudest 3 s in LUFS; None under 3 s and in silence.
        loudness_range: Loudness range in LU (EBU Tech 3342); None under 3 s and in silence.
    """

    integrated: float | None
    momentary_max: float | None
    short_term_max: float | None
    loudness_range: float | None


def loudness(samples: "Samples", sample_rate: int) -> Loudness:
    """Measure the loudness of a sound with whole blocks only.

    Args:
        samples: Shape (channels, frames). Five channels are L R C Ls Rs, six L R C LFE Ls Rs.
        sample_rate: Frames per second.
    """
    cells = _cell_powers(samples, sample_rate)
    blocks = _moving_mean(cells, _CELLS)
    long_blocks = _moving_mean(cells, _SHORT_TERM_CELLS)
    return Loudness(
        _gated(blocks), _loudest(blocks), _loudest(long_blocks), _loudness_range(long_blocks)
    )


def integrated_lufs(samples: "Samples", sample_rate: int) -> float | None:
    """Return the integrated loudness in LUFS; None under 0.4 s and in silence."""
    return _gated(_moving_mean(_cell_powers(samples, sample_rate), _CELLS))


def true_peak_db(samples: "Samples") -> float:
    """Return the peak of the sound four times oversampled, in dBTP; `-inf` in silence."""
    peak = max((_true_peak(channel) for channel in samples), default=0.0)
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def _true_peak(channel: "Samples") -> float:
    """Return the peak of a channel between its samples, looked for where one can be.

    No value between samples exceeds the largest sample within the filter's reach, times the sum of
    the filter's magnitudes.
    """
    import numpy as np

    half = _HALF_TAPS * _OVERSAMPLING
    taps = np.sinc(np.arange(-half, half + 1) / _OVERSAMPLING) * np.kaiser(2 * half + 1, 5.0)
    taps = (taps * _OVERSAMPLING / taps.sum()).astype(np.float32)
    peak = magnitude(channel)
    reach = _PIECE + 2 * _HALF_TAPS
    padded = np.pad(channel, (_HALF_TAPS, _HALF_TAPS + _PIECE))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, reach)[::_PIECE]
    highest = np.maximum(pieces.max(axis=1), -pieces.min(axis=1))
    pieces = pieces[highest * _highest_gain(taps) > peak]
    for start in range(0, len(pieces), _CHUNK):
        part = pieces[start : start + _CHUNK]
        finer = interpolated(part.reshape(-1), taps, _OVERSAMPLING)
        inside = finer.reshape(len(part), reach, -1)[:, _HALF_TAPS : _HALF_TAPS + _PIECE]
        peak = max(peak, magnitude(inside))
    return peak


def _highest_gain(taps: "Samples") -> float:
    """Return the largest value between samples of magnitude 1."""
    phases = [float(abs(taps[phase::_OVERSAMPLING]).sum()) for phase in range(_OVERSAMPLING)]
    return 1.001 * max(phases)


def _cell_powers(samples: "Samples", sample_rate: int) -> "Powers":
    """Return the weighted power of each whole 0.1 s, all channels added, of shape (cells,)."""
    import numpy as np

    count = math.floor(samples.shape[1] / sample_rate / _CELL_SECONDS + 1e-9)
    if count < _CELLS or sample_rate < LOWEST_RATE:
        return np.zeros(0)
    edges = np.round(np.arange(count + 1) * _CELL_SECONDS * sample_rate).astype(int)
    edges[-1] = min(edges[-1], samples.shape[1])
    filters, total = k_weighting(sample_rate), np.zeros(count)
    memory = round(_MEMORY_SECONDS * sample_rate)
    for channel, weight in zip(samples, _channel_weights(len(samples)), strict=True):
        if weight:
            total += weight * _energies(channel, edges, filters, memory) / np.diff(edges)
    return total


def _energies(
    channel: "Samples", edges: "NDArray[np.int_]", filters: "Powers", memory: int
) -> "Powers":
    """Return the energy of a filtered channel between neighbouring edges."""
    heard = recursive(channel[: edges[-1]], filters, memory)
    heard *= heard
    return cell_sums(heard, edges)


def k_weighting(sample_rate: int) -> "Powers":
    """Return the two stages of the K-weighting filter as second-order sections, shape (2, 6).

    The analogue prototypes behind the coefficients that BS.1770 gives for 48 kHz, mapped to other
    rates by the bilinear transform.
    """
    import numpy as np

    gain, quality = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    middle, warped = gain**0.4996667741545416, math.tan(math.pi * 1681.974450955533 / sample_rate)
    square, part = warped * warped, warped / quality
    shelf = [
        *(gain + middle * part + square, 2 * (square - gain), gain - middle * part + square),
        *(1 + part + square, 2 * (square - 1), 1 - part + square),
    ]
    warped = math.tan(math.pi * 38.13547087602444 / sample_rate)
    square, part = warped * warped, warped / 0.5003270373238773
    scale = 1 + part + square
    high_pass = [scale, -2 * scale, scale, scale, 2 * (square - 1), 1 - part + square]
    return np.array([[value / s[3] for value in s] for s in (shelf, high_pass)])


def _channel_weights(channels: int) -> tuple[float, ...]:
    """Return the gain of each channel's power: rear channels count more, the LFE not at all."""
    surround = {
        5: (1.0, 1.0, 1.0, _SURROUND_GAIN, _SURROUND_GAIN),
        6: (1.0, 1.0, 1.0, 0.0, _SURROUND_GAIN, _SURROUND_GAIN),
    }
    return surround.get(channels, (1.0,) * channels)


def _moving_mean(cells: "Powers", length: int) -> "Powers":
    import numpy as np

    if len(cells) < length:
        return np.zeros(0)
    mean: Powers = np.lib.stride_tricks.sliding_window_view(cells, length).mean(axis=1)
    return mean


def _lufs(power: float) -> float:
    return -0.691 + 10 * math.log10(power)


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _gated(blocks: "Powers") -> float | None:
    """Return the loudness of the blocks above both gates."""
    loud = blocks[blocks > _power(_ABSOLUTE_GATE)]
    if not len(loud):
        return None
    gate = _lufs(float(loud.mean())) + _RELATIVE_GATE
    return _lufs(float(loud[loud > _power(gate)].mean()))


def _loudest(blocks: "Powers") -> float | None:
    highest = float(blocks.max(initial=0.0))
    return _lufs(highest) if highest > _power(_ABSOLUTE_GATE) else None


def _loudness_range(blocks: "Powers") -> float | None:
    """Return the 95th less the 10th percentile of the short-term loudness above both gates."""
    import numpy as np

    loud = blocks[blocks > _power(_ABSOLUTE_GATE)]
    if not len(loud):
        return None
    loud = loud[loud > _power(_lufs(float(loud.mean())) + _RANGE_GATE)]
    low, high = np.percentile(10 * np.log10(loud), (10, 95))
    return float(high - low)
