"""Samples that no microphone records: discontinuities, and peaks cut off at full scale."""

from typing import TYPE_CHECKING

from engine.audio.sound import magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

CLIPPED = 4
"""Number of samples in a row at a peak of full scale from which on clipping is reported."""

NEARLY_FULL = 0.99
"""Peak that counts as full scale."""

CLICK_STEP = 0.01
"""Smallest bend of the wave, from sample to sample, that counts as a click; 1 for full scale."""

_BURST = 12.0
_GAP_SECONDS = 0.00025
_AROUND_SECONDS = 0.0015
_SAME_SECONDS = 0.002
_PITCH_SECONDS = 0.025
_NEAR_CLIPPED = 3
_NEAR = 2
_SAME_SLOPE = 0.5
_SAME_POWER = 4.0


def clipped_share(samples: "Floats") -> float:
    """Return the share of frames that end a run of samples at full scale, in any channel.

    Args:
        samples: Shape (channels, frames).
    """
    import numpy as np

    runs = _clipped(samples)
    return float(np.mean(runs.any(axis=0))) if runs.size else 0.0


def clicks(samples: "Floats", sample_rate: int) -> tuple[float, ...]:
    """Return the times of clicks in seconds: a sample or two that do not fit those around them.

    The bend of the wave (its second difference) at a click stands out from the 1.5 ms before it and
    from those after it; its slope and its level are then as they were. The attack of a real sound
    changes them. Edges that follow each other within 25 ms on both sides are the wave of a tone.

    Args:
        samples: Shape (channels, frames).
        sample_rate: Frames per second.
    """
    import numpy as np

    clipped = _clipped(samples)
    places = [_outliers(*pair, sample_rate) for pair in zip(samples, clipped, strict=True)]
    times = np.unique(np.concatenate(places)) / sample_rate if places else np.zeros(0)
    first_of_each = times[np.diff(times, prepend=-1.0) > _SAME_SECONDS]
    close = np.diff(first_of_each, prepend=-1.0, append=np.inf) < _PITCH_SECONDS
    within = np.pad(close[:-1] & close[1:], 1)
    is_tone = within[1:-1] | (within[:-2] & close[:-1]) | (within[2:] & close[1:])
    return tuple(round(float(time), 4) for time in first_of_each[~is_tone])


def _clipped(samples: "Floats") -> "NDArray[np.bool_]":
    """Return the frames from which on a run of samples is at full scale, (channels, frames)."""
    import numpy as np

    peak = magnitude(samples)
    if peak < NEARLY_FULL or samples.shape[1] < CLIPPED:
        return np.zeros((len(samples), max(0, samples.shape[1] - CLIPPED + 1)), bool)
    full = (samples >= peak) | (samples <= -peak)
    runs: NDArray[np.bool_] = full[:, CLIPPED - 1 :].copy()
    for shift in range(CLIPPED - 1):
        runs &= full[:, shift : shift + runs.shape[1]]
    return runs


def _outliers(
    channel: "Floats", clipped: "NDArray[np.bool_]", sample_rate: int
) -> "NDArray[np.int_]":
    """Return the samples of one channel at which its wave jumps and continues as before."""
    import numpy as np

    bend = np.abs(np.diff(channel, 2))
    gap = max(_NEAR, round(_GAP_SECONDS * sample_rate))
    width = max(gap, round(_AROUND_SECONDS * sample_rate))
    places = _candidates(bend, width)
    places = places[(places >= gap + width) & (places < len(bend) - gap - width)]
    if not places.size:
        return places
    around = np.maximum(*_on_both_sides(bend, places, gap, width))
    places = places[bend[places] > _BURST * around]
    places = places[_slope_changes(channel, places) < _SAME_SLOPE * bend[places]]
    before, after = _on_both_sides(channel * channel, places, gap, 4 * width)
    places = places[after < _SAME_POWER * np.maximum(before, CLICK_STEP**2)]
    return _apart_from(places + 1, np.flatnonzero(clipped))


def _candidates(bend: "Floats", width: int) -> "NDArray[np.int_]":
    """Return the places that stand out from the piece of the sound that they are in."""
    import numpy as np

    if not len(bend):
        return np.zeros(0, np.int_)
    means = np.add.reduceat(bend, np.arange(0, len(bend), width)) / width
    highest = np.maximum(CLICK_STEP, np.float32(_BURST / 3) * means).astype(np.float32)
    return np.flatnonzero(bend > np.repeat(highest, width)[: len(bend)])


def _slope_changes(channel: "Floats", places: "NDArray[np.int_]") -> "Floats":
    """Return the change of the slope across places, from the step before to the one after."""
    import numpy as np

    slope = np.diff(np.pad(channel, _NEAR, mode="edge"))
    changes: Floats = np.abs(slope[places + _NEAR + 2] - slope[places + _NEAR - 1])
    return changes


def _on_both_sides(
    values: "Floats", places: "NDArray[np.int_]", gap: int, width: int
) -> "tuple[NDArray[np.float64], NDArray[np.float64]]":
    """Return the means of values before and after places, without the nearest."""
    import numpy as np

    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    before = _mean(total, places - gap - width, places - gap)
    return before, _mean(total, places + gap + 1, places + gap + 1 + width)


def _mean(
    total: "NDArray[np.float64]", start: "NDArray[np.int_]", stop: "NDArray[np.int_]"
) -> "NDArray[np.float64]":
    """Return means between pairs of places, from running totals; 0 beyond the ends."""
    import numpy as np

    last = len(total) - 1
    start, stop = start.clip(0, last), stop.clip(0, last)
    mean: NDArray[np.float64] = (total[stop] - total[start]) / np.maximum(stop - start, 1)
    return mean


def _apart_from(places: "NDArray[np.int_]", clipped: "NDArray[np.int_]") -> "NDArray[np.int_]":
    """Leave out the corners of waves that are cut off at full scale."""
    import numpy as np

    if not clipped.size:
        return places
    nearest = np.searchsorted(clipped, places).clip(1, max(1, len(clipped) - 1))
    sides = clipped[np.minimum(np.stack([nearest - 1, nearest]), len(clipped) - 1)]
    is_corner = (places >= sides - _NEAR_CLIPPED) & (places <= sides + CLIPPED + _NEAR_CLIPPED)
    apart: NDArray[np.int_] = places[~is_corner.any(axis=0)]
    return apart
