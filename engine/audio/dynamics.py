"""Level of a sound and how it changes."""

import math
from typing import TYPE_CHECKING

from engine.audio.features import Dynamics, Trend, Undefined
from engine.audio.filters import cell_sums
from engine.audio.loudness import integrated_lufs, true_peak_db
from engine.audio.sound import Sound, magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = NDArray[np.floating]

SILENT_PEAK = 1e-5
"""Peak up to which a sound counts as silent, 1 for full scale: -100 dBFS."""

SWELL_DB = 3.0
"""Change of level in dB from which it counts as a trend."""

_WINDOW_CELLS = 4
_CELL_SECONDS = 0.1
_STRETCHES = 9
_DEPTH_DB = 60.0


def dynamics(sound: Sound) -> Dynamics:
    """Measure levels over all channels of a sound.

    The range compares windows of 0.4 s, the trend nine stretches of equal length; both count
    anything more than 60 dB below the loudest as that low, so that rests do not dominate.

    Raises:
        Undefined: The sound is silent or empty.
    """
    import numpy as np

    peak = magnitude(sound.samples)
    if peak <= SILENT_PEAK:
        raise Undefined("the sound is silent")
    power = np.einsum("cf,cf->f", sound.samples, sound.samples)
    power /= np.float32(sound.channels)
    mean = float(power.mean(dtype=np.float64))
    rms_db, peak_db = 10 * math.log10(mean), 20 * math.log10(peak)
    trend, swell = _trend(_levels(power, _STRETCHES, 1))
    cells = max(1, math.floor(sound.seconds / _CELL_SECONDS))
    low, high = np.percentile(_levels(power, cells, min(cells, _WINDOW_CELLS)), (10, 95))
    del power  # as large as a channel
    return Dynamics(
        rms_db=rms_db,
        peak_db=peak_db,
        true_peak_db=true_peak_db(sound.samples),
        crest_db=peak_db - rms_db,
        range_db=float(high - low),
        lufs=integrated_lufs(sound.samples, sound.sample_rate),
        trend=trend,
        swell=swell,
    )


def _levels(power: "Levels", cells: int, window: int) -> "Levels":
    """Return levels in dB of windows of so many cells, after cutting the sound into equal cells."""
    import numpy as np

    edges = np.unique(np.linspace(0, len(power), cells + 1).astype(int))
    means = cell_sums(power, edges) / np.diff(edges)
    means = np.lib.stride_tricks.sliding_window_view(means, min(window, len(means))).mean(axis=1)
    floor = float(means.max()) * 10 ** (-_DEPTH_DB / 10)
    levels: Levels = 10 * np.log10(np.maximum(means, floor))
    return levels


def _trend(levels: "Levels") -> tuple[Trend, float]:
    """Return the trend of levels, and its strength in dB.

    The strength is the change along the fitted line; for an arch, from first to middle third.
    """
    import numpy as np

    if len(levels) < _STRETCHES:
        return "steady", 0.0
    third = _STRETCHES // 3
    start, middle, end = (float(levels[k : k + third].mean()) for k in range(0, 9, third))
    if middle - max(start, end) >= SWELL_DB:
        return "arched", middle - start
    slope = float(np.polyfit(np.arange(len(levels)), levels, 1)[0])
    change = slope * (len(levels) - 1)
    if abs(change) < SWELL_DB:
        return "steady", change
    return ("rising" if change > 0 else "falling"), change
