"""Single steps, cut out of a take at its quiet places."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.audio.envelope import CELL_SECONDS, LOWEST_DB, Envelope
from engine.audio.features import Undefined
from engine.audio.sound import Sound, magnitude

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Levels = NDArray[np.float64]

APART_SECONDS = 0.2, 0.3
"""Distance of the peaks of two steps, at least: for the fastest paces, and for slow ones."""

APART_PERIODS = 0.6
"""The same between both, in periods of a regular pace."""

DIP_DB = 6.0
"""Depth in dB of the dip between two steps."""

QUIET_DB = 12.0
"""Distance in dB of a quiet place from the softer of the steps beside it."""

WEAK_DB = 20.0
"""Distance in dB from the loudest step beyond which a sound is none."""

MAX_STEP_SECONDS = 2.0
"""Length of a step, at most."""

_SMOOTH_CELLS = 3.0
_START_DB = 30.0
_TAIL_DB = 60.0
_FADE_IN, _FADE_OUT = 0.005, 0.05
_CANCELLED = 0.5


@dataclass(frozen=True, eq=False, slots=True)
class Step:
    """One step.

    Attributes:
        samples: Its samples, faded in and out, of shape (frames,).
        peak: Frame of the largest magnitude.
        number: Number in its take, from 0: even ones are of one foot, odd ones of the other.
        is_clean: True if it is quiet before and after it.
    """

    samples: "Floats"
    peak: int
    number: int
    is_clean: bool


def cut_steps(sound: Sound) -> list[Step]:
    """Return the single steps of a take, in order.

    A step is a peak of the level over some 70 ms, so that heel and toe, and the grains of gravel,
    are one. It is cut from the next at the quietest place between both. Steps that are not quiet
    at both ends are left out if there are others; a sound that never pauses has none.

    Args:
        sound: The take; of stereo, the mean of both channels, or the louder if they cancel.
    """
    mono = folded(sound)
    envelope = Envelope.of(Sound(mono[None], sound.sample_rate))
    spans = list(_spans(_smooth(envelope), _period(envelope)))
    steps = [
        step
        for number, (span, is_clean) in enumerate(spans)
        if (step := _cut(mono, sound.sample_rate, span, number, is_clean)) is not None
    ]
    loudest = max((magnitude(step.samples) for step in steps), default=0.0)
    heard = [s for s in steps if magnitude(s.samples) > loudest * 10 ** (-WEAK_DB / 20)]
    return [step for step in heard if step.is_clean] or (heard if len(heard) > 1 else [])


def folded(sound: Sound) -> "Floats":
    """Return a sound as one channel: the mean of all, or the loudest if they cancel."""
    import numpy as np

    samples = np.nan_to_num(sound.samples, nan=0.0, posinf=0.0, neginf=0.0)
    mono: Floats = samples.mean(axis=0)
    powers = np.square(samples, dtype=np.float64).mean(axis=1)
    if np.square(mono, dtype=np.float64).mean() < _CANCELLED**2 * powers.max():
        mono = samples[int(powers.argmax())]
    return mono.astype(np.float32)


def _period(envelope: Envelope) -> float:
    """Return the seconds between steps of a regular pace; 0 without one."""
    try:
        return 60 / envelope.cadence(envelope.onsets())
    except Undefined:
        return 0.0


def _smooth(envelope: Envelope) -> "Levels":
    """Return the level over some 70 ms, in dBFS by cell."""
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    power = gaussian_filter1d(10 ** (envelope.levels / 10), _SMOOTH_CELLS, mode="constant")
    smooth: Levels = 10 * np.log10(np.maximum(power, 10 ** (LOWEST_DB / 10)))
    return smooth


def _spans(levels: "Levels", period: float) -> Iterator[tuple[tuple[int, int], bool]]:
    """Yield the first and the last cell of each step, and True if both ends are quiet."""
    import numpy as np
    from scipy.signal import find_peaks

    least, most = APART_SECONDS
    apart = min(most, max(least, APART_PERIODS * period)) / CELL_SECONDS
    padded = np.pad(levels, 1, constant_values=2 * LOWEST_DB)  # a peak can be the first cell
    peaks = [int(one) - 1 for one in find_peaks(padded, distance=apart, prominence=DIP_DB)[0]]
    edges = [0, *(_quietest(levels, a, b) for a, b in pairwise(peaks)), len(levels)]
    for peak, start, end in zip(peaks, edges, edges[1:], strict=False):
        first = _start(levels, peak, start)
        last = min(end, first + round(MAX_STEP_SECONDS / CELL_SECONDS))
        quiet = levels[peak] - QUIET_DB
        is_clean = bool((not first or levels[first] <= quiet) and levels[last - 1] <= quiet)
        yield (first, _audible_end(levels, peak, last)), is_clean


def _quietest(levels: "Levels", one: int, next_one: int) -> int:
    """Return the last of the quietest cells between two peaks."""
    import numpy as np

    between = levels[one:next_one]
    return one + int(np.flatnonzero(between <= between.min() + 1.0)[-1])


def _start(levels: "Levels", peak: int, start: int) -> int:
    """Return the cell before a peak in which a step starts."""
    import numpy as np

    quiet = np.flatnonzero(levels[start : peak + 1] <= levels[peak] - _START_DB)
    return start + int(quiet[-1]) if quiet.size else start


def _audible_end(levels: "Levels", peak: int, end: int) -> int:
    """Return the end of the part that is not silence."""
    import numpy as np

    audible = np.flatnonzero(levels[peak:end] > max(levels[peak] - _TAIL_DB, LOWEST_DB))
    return peak + int(audible[-1]) + 1 if audible.size else end


def _cut(
    mono: "Floats", rate: int, span: tuple[int, int], number: int, is_clean: bool
) -> Step | None:
    import numpy as np

    cell = max(1, round(CELL_SECONDS * rate))
    samples = mono[span[0] * cell : span[1] * cell].copy()
    if not samples.size or not magnitude(samples):
        return None
    peak = int(np.abs(samples).argmax())
    rise = min(peak, round(_FADE_IN * rate))
    fall = min(len(samples) - 1 - peak, round(_FADE_OUT * rate))
    if rise:
        samples[:rise] *= _half_cosine(rise)
    if fall:
        samples[-fall:] *= _half_cosine(fall)[::-1]
    return Step(samples, peak, number, is_clean)


def _half_cosine(frames: int) -> "Floats":
    """Return a rise from 0 to 1."""
    import numpy as np

    rise: Floats = (0.5 - 0.5 * np.cos(np.pi * np.arange(frames) / frames)).astype(np.float32)
    return rise
