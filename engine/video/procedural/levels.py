"""Levels of a song at any moment: smoothed loudness and bands, beats that ring out, clocks.

Follows the guides of MilkDrop and Synesthesia: levels, hits and clocks are three different things,
and one clock runs faster while the song is loud, so that motion never jumps back.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.video.plan import SPECTRUM_BANDS, Signals
from engine.video.procedural.fields import Floats

MAX_WAVES, MAX_AGE = 8, 2.6
"""Beats that are still ringing, at most, and seconds until one has gone."""

_MIDS, _HIGHS = slice(18, 44), slice(44, None)
_BEAT_FALL, _BAR_FALL, _HIT_FALL = 5.0, 1.6, 9.0
"""Fall of a beat, a downbeat and an onset per second, as exponents."""

_SLOW, _FAST = 0.4, 1.3
"""Speed of the clock in silence, and what full energy adds."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A beat that rings.

    Attributes:
        number: Number of the beat in the song.
        age: Seconds since it.
        strength: Its strength, 0 to 1.
    """

    number: int
    age: float
    strength: float


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels at one moment; all but the clocks are 0 to 1.

    Attributes:
        time: The moment in seconds.
        clock: Seconds that run slower than real ones in silence and faster in loud parts.
        pulse: Beats since the start, as a real number; half way to the next beat it is n + 0.5.
        rms: Loudness.
        bass: Level of the bass.
        mid: Level of the middle bands.
        high: Level of the high bands.
        energy: Energy over seconds.
        flux: Change of the spectrum.
        beat: 1 at a strong beat, then falling.
        bar: 1 at a strong downbeat, then falling slowly.
        hit: 1 at an onset, then falling fast.
        spectrum: Levels of the bands, one row.
        waves: The last beats, newest first.
    """

    time: float
    clock: float
    pulse: float
    rms: float
    bass: float
    mid: float
    high: float
    energy: float
    flux: float
    beat: float
    bar: float
    hit: float
    spectrum: Floats
    waves: tuple[Wave, ...]


class Track:
    """Signals of a song, ready to be read at any moment."""

    def __init__(self, signals: Signals) -> None:
        self._times = _row(signals.times)
        self._rms, self._bass = _row(signals.rms), _row(signals.bass)
        self._energy, self._flux = _row(signals.energy), _row(signals.flux)
        self._spectrum = np.asarray(signals.spectrum or [[0.0] * SPECTRUM_BANDS], np.float32)
        self._clock = _integral(self._times, _SLOW + _FAST * self._energy)
        self._beats = np.asarray(signals.beats or signals.onsets, np.float64)
        self._bars = np.asarray(signals.downbeats, np.float64)
        self._onsets = np.asarray(signals.onsets, np.float64)

    def at(self, time: float) -> Levels:
        """Return the levels at a moment; before the start and after the end all is quiet."""
        spectrum = self.spectrum(time)
        waves = self._waves(time)
        return Levels(
            time=time,
            clock=self.clock(time),
            pulse=self._pulse(time),
            rms=self._read(self._rms, time),
            bass=self._read(self._bass, time),
            mid=float(spectrum[_MIDS].mean()),
            high=float(spectrum[_HIGHS].mean()),
            energy=self._read(self._energy, time),
            flux=self._read(self._flux, time),
            beat=waves[0].strength * math.exp(-_BEAT_FALL * waves[0].age) if waves else 0.0,
            bar=self._ringing(self._bars, time, _BAR_FALL),
            hit=self._ringing(self._onsets, time, _HIT_FALL),
            spectrum=spectrum,
            waves=waves,
        )

    def spectrum(self, time: float) -> Floats:
        """Return the levels of the bands at a moment, one row, smoothed over five bands."""
        place = float(np.interp(time, self._times, np.arange(self._times.size)))
        index, share = int(place), np.float32(place - int(place))
        after = min(index + 1, self._times.size - 1)
        row = self._spectrum[index] * (1 - share) + self._spectrum[after] * share
        padded = np.pad(row, 2, mode="edge")
        kernel = np.array([0.1, 0.23, 0.34, 0.23, 0.1], np.float32)
        smooth = np.convolve(padded, kernel, "valid").astype(np.float32)
        return smooth * np.float32(self._present(time))

    def clock(self, time: float) -> float:
        """Return the seconds of the clock that runs faster in loud parts."""
        first, last = float(self._times[0]), float(self._times[-1])
        outside = min(time - first, 0.0) + max(time - last, 0.0)
        return float(np.interp(time, self._times, self._clock)) + _SLOW * outside

    def strength(self, time: float) -> float:
        """Return the strength of a beat at a moment, 0 to 1: loud and low ones count most."""
        return min(1.0, 0.25 + 0.45 * self._read(self._rms, time)) * self._present(time) + (
            0.3 * self._read(self._bass, time)
        )

    def _read(self, row: Floats, time: float) -> float:
        return float(np.interp(time, self._times, row)) * self._present(time)

    def _present(self, time: float) -> float:
        """1 within the song, falling to 0 within half a second outside."""
        outside = max(self._times[0] - time, time - self._times[-1], 0.0)
        return max(0.0, 1.0 - 2.0 * float(outside))

    def _pulse(self, time: float) -> float:
        if self._beats.size < 2:
            return time * 2.0
        first, last = self._beats[0], self._beats[-1]
        period = float(last - first) / (self._beats.size - 1)
        outside = (min(time - first, 0.0) + max(time - last, 0.0)) / max(period, 1e-3)
        return float(np.interp(time, self._beats, np.arange(self._beats.size)) + outside)

    def _waves(self, time: float) -> tuple[Wave, ...]:
        end = int(np.searchsorted(self._beats, time + 1e-9, side="right"))
        first = int(np.searchsorted(self._beats, time - MAX_AGE))
        numbers = range(end - 1, max(first, end - MAX_WAVES) - 1, -1)
        moments = ((number, float(self._beats[number])) for number in numbers)
        return tuple(Wave(number, time - at, self.strength(at)) for number, at in moments)

    def _ringing(self, moments: Floats, time: float, fall: float) -> float:
        end = int(np.searchsorted(moments, time + 1e-9, side="right"))
        if not end:
            return 0.0
        at = float(moments[end - 1])
        return self.strength(at) * math.exp(-fall * (time - at))


def _row(values: Sequence[float]) -> Floats:
    return np.asarray(values or (0.0,), np.float64)


def _integral(times: Floats, speed: Floats) -> Floats:
    steps = np.diff(times) * (speed[1:] + speed[:-1]) / 2
    return np.concatenate(([_SLOW * times[0]], _SLOW * times[0] + np.cumsum(steps)))
