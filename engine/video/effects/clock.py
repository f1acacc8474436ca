"""The signals of a song at the time of a frame."""

import math
from bisect import bisect_right
from fractions import Fraction
from typing import TYPE_CHECKING

from engine.video.cuts import frame_at, time_of
from engine.video.plan import Signals

if TYPE_CHECKING:
    from numpy.typing import NDArray

FLASH_GAP = 1 / 3 - 0.004
"""Minimum time in seconds between two pulses or flashes: three per second, the limit of WCAG 2.3.1
for people with photosensitive epilepsy, and beats at 180 per minute are just within it."""


class SongClock:
    """Levels, beats and pulses at frames.

    Beats, pulses and flashes are moved to the nearest frame, so that each is seen in full. Levels
    are interpolated at the time of the frame.
    """

    def __init__(self, signals: Signals, rate: Fraction) -> None:
        import numpy as np

        self.rate = rate
        self.signals = signals
        self._times = np.asarray(signals.times)
        self._levels: dict[str, NDArray[np.float64]] = {
            name: np.asarray(getattr(signals, name)) for name in ("rms", "bass", "energy", "flux")
        }
        self.beats = self._frames(signals.beats)
        self.downbeats = self._frames(signals.downbeats)
        self.pulses = self._frames(_spaced(signals.beats, signals.onsets))
        self.flashes = self._frames(_spaced(signals.downbeats, ()))

    def _frames(self, times: tuple[float, ...]) -> list[int]:
        return [frame_at(time, self.rate) for time in times]

    def level(self, name: str, frame: int) -> float:
        """Return the level `rms`, `bass`, `energy` or `flux`, 0 to 1; 0 without a song."""
        import numpy as np

        if not len(self._times):
            return 0.0
        return float(np.interp(time_of(frame, self.rate), self._times, self._levels[name]))

    def since(self, events: list[int], frame: int) -> float:
        """Return the seconds since the last of some events; infinity before the first."""
        index = bisect_right(events, frame)
        return time_of(frame - events[index - 1], self.rate) if index else math.inf

    def decay(self, events: list[int], frame: int, seconds: float) -> float:
        """Return 1 at each event, falling to 1/e within some seconds."""
        return math.exp(-self.since(events, frame) / seconds)

    def count(self, events: list[int], frame: int) -> int:
        """Return the number of events up to a frame."""
        return bisect_right(events, frame)


def _spaced(first: tuple[float, ...], others: tuple[float, ...]) -> tuple[float, ...]:
    """Return times at least `FLASH_GAP` apart: those of the first, and others between them."""
    kept = _thinned(first)
    free: list[float] = []
    for time in others:
        index = bisect_right(kept, time)
        if all(abs(time - near) >= FLASH_GAP for near in kept[max(index - 1, 0) : index + 1]):
            free.append(time)
    return tuple(sorted([*kept, *_thinned(free)]))


def _thinned(times: "tuple[float, ...] | list[float]") -> list[float]:
    kept: list[float] = []
    for time in times:
        if not kept or time - kept[-1] >= FLASH_GAP:
            kept.append(time)
    return kept
