"""Level of a sound over time: where it begins and ends, its onsets, and the pace of its steps."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audio.features import Undefined
from engine.audio.sound import Sound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

CELL_SECONDS = 0.01
"""Length of the pieces of which the level is taken."""

AUDIBLE_DB = 50.0
"""Distance in dB from the loudest piece up to which a piece is not silence."""

LOWEST_DB = -80.0
"""Level in dBFS under which a piece is silence, however quiet the sound is."""

SLOWEST, FASTEST = 30.0, 260.0
"""Range of paces that are found, in steps a minute."""

_RISE_DB = 6.0
_LOUD_DB = 30.0
_BEFORE_CELLS = 5
_APART_SECONDS = 0.08
_FEWEST_ONSETS = 3
_REGULAR = 0.3
_NEARLY_AS_GOOD = 0.65
_SMOOTH_SECONDS = 0.025


@dataclass(frozen=True, eq=False)
class Envelope:
    """Level of a sound in pieces of 10 ms, without offset, the power of all channels together.

    Attributes:
        levels: dBFS by piece, of shape (pieces,), at least 20 dB under `LOWEST_DB`.
        changes: The same of the differences of neighbouring samples, in which attacks stand out
            from what still rings.
        seconds: Length of the sound.
    """

    levels: "Floats"
    changes: "Floats"
    seconds: float

    @classmethod
    def of(cls, sound: Sound) -> "Envelope":
        """Measure the level of a sound; the last piece may be shorter."""
        import numpy as np

        cell = max(1, round(CELL_SECONDS * sound.sample_rate))
        changes = np.diff(sound.samples, axis=1, prepend=sound.samples[:, :1])
        return cls(_levels(sound.samples, cell), _levels(changes, cell), sound.seconds)

    def edges(self) -> tuple[float, float]:
        """Return the times in seconds at which the sound begins and ends.

        Raises:
            Undefined: The sound is silent.
        """
        import numpy as np

        audible = np.flatnonzero(self.levels > max(self._loudest - AUDIBLE_DB, LOWEST_DB))
        if not audible.size:
            raise Undefined("the sound is silent")
        end = (int(audible[-1]) + 1) * CELL_SECONDS
        return int(audible[0]) * CELL_SECONDS, min(end, self.seconds)

    def onsets(self) -> tuple[float, ...]:
        """Return the times in seconds at which the level rises by 6 dB within 50 ms.

        Rises that end more than 30 dB under the loudest piece do not count; of two within 80 ms
        only the higher does.
        """
        import numpy as np

        padded = np.pad(self.changes, (_BEFORE_CELLS, 0), constant_values=LOWEST_DB - 20)
        windows = np.lib.stride_tricks.sliding_window_view(padded[:-1], _BEFORE_CELLS)
        rises = self.changes - windows.min(axis=1)
        is_onset = (rises >= _RISE_DB) & (self.changes > self.changes.max() - _LOUD_DB)
        kept: list[int] = []
        reach = round(_APART_SECONDS / CELL_SECONDS)
        for place in sorted(np.flatnonzero(is_onset), key=lambda k: -rises[k]):
            if all(abs(int(place) - other) >= reach for other in kept):
                kept.append(int(place))
        return tuple(round(place * CELL_SECONDS, 2) for place in sorted(kept))

    def cadence(self, onsets: tuple[float, ...]) -> float:
        """Return the pace of repeated sounds a minute, such as steps.

        It has the shortest period after which the level is nearly as similar to itself as it ever
        is, so that heel and toe of a step do not count as two, nor two steps as one.

        Args:
            onsets: Times of the onsets.

        Raises:
            Undefined: There are less than three onsets, or they are not regular.
        """
        import numpy as np

        if len(onsets) < _FEWEST_ONSETS:
            raise Undefined(f"it needs {_FEWEST_ONSETS} onsets; the sound has {len(onsets)}")
        similarity = self._similarity()
        first, last = (round(60 / pace / CELL_SECONDS) for pace in (FASTEST, SLOWEST))
        part = similarity[: min(last + 2, len(similarity) * 2 // 3)]
        inner = part[1:-1]
        is_peak = (inner > part[:-2]) & (inner >= part[2:])
        peaks = np.flatnonzero(is_peak) + 1
        peaks = peaks[peaks >= first]
        best = float(part[peaks].max()) if peaks.size else 0.0
        if best < _REGULAR:
            raise Undefined("the onsets are not regular")
        lag = int(peaks[np.flatnonzero(part[peaks] >= _NEARLY_AS_GOOD * best)[0]])
        return 60 / ((lag + _top(part, lag)) * CELL_SECONDS)

    @property
    def _loudest(self) -> float:
        return float(self.levels.max(initial=-math.inf))

    def _similarity(self) -> "Floats":
        """Return the correlation of the level with itself by lag in pieces, 1 at lag 0."""
        import numpy as np
        from scipy.ndimage import gaussian_filter1d

        heard = np.maximum(self.changes - self.changes.max() + _LOUD_DB, 0)
        start, end = (round(edge / CELL_SECONDS) for edge in self.edges())
        smooth = gaussian_filter1d(heard[start:end], _SMOOTH_SECONDS / CELL_SECONDS)
        smooth -= smooth.mean()
        count = len(smooth)
        product = np.correlate(smooth, smooth, "full")[count - 1 :]
        similarity: Floats = product / np.maximum(1 - np.arange(count) / count, 0.1)
        return similarity / max(float(product[0]), 1e-9)


def _levels(samples: "NDArray[np.float32]", cell: int) -> "Floats":
    """Return the level of each piece about its own mean, so that an offset is not heard."""
    import numpy as np

    starts = np.arange(0, samples.shape[1], cell)
    counts = np.diff(starts, append=samples.shape[1])
    squares = np.add.reduceat(samples * samples, starts, axis=1, dtype=np.float64) / counts
    offsets = np.add.reduceat(samples, starts, axis=1, dtype=np.float64) / counts
    means = (squares - offsets * offsets).mean(axis=0)
    levels: Floats = 10 * np.log10(np.maximum(means, 10 ** (LOWEST_DB / 10 - 2)))
    return levels


def _top(values: "Floats", place: int) -> float:
    """Return how far the top of the parabola through a peak is from it, -0.5 to 0.5."""
    before, at, after = (float(values[place + k]) for k in (-1, 0, 1))
    curve = before - 2 * at + after
    return 0.5 * (before - after) / curve if curve < 0 else 0.0
