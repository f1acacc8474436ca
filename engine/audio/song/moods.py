"""Mood of a song over time, its emotional shifts and its climax."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audio.features import Key, Mood, Rhythm
from engine.audio.key import correlations, mean_chroma
from engine.audio.mood import mode_cue, mood_label, mood_of, roughness_curve
from engine.audio.song.curves import Curves
from engine.audio.song.form import SongSection
from engine.audio.spectra import Spectra
from engine.audio.timbre import brightness

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

STEP_SECONDS = 1.0
"""Time from mood to mood in seconds."""

_REACH_SECONDS = 0.5
_SMOOTH_SECONDS = 3.5
_CHROMA_REACH_SECONDS = 8.0
_MODE_SHARPNESS = 4.0
_SIDE_SECONDS = 6.0
_SMALLEST_SHIFT = 0.2
_APART_SECONDS = 8.0
_INSIDE_SECONDS = 4.0
_CLIMAX_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class MoodPoint:
    """Mood around a time.

    Attributes:
        time: Seconds.
        mood: Valence, arousal and their word.
    """

    time: float
    mood: Mood


@dataclass(frozen=True, slots=True)
class Shift:
    """A marked change of mood.

    Attributes:
        time: Seconds.
        section: Index of the section in which it is.
        is_inside: True if it is at least 4 s from both ends of that section.
        size: Distance in the plane of valence and arousal, 0 to about 2.
        before: Word for the mood before.
        after: Word for the mood after.
    """

    time: float
    section: int
    is_inside: bool
    size: float
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Climax:
    """The eight seconds of most energy.

    Attributes:
        time: Their middle, on the nearest first beat of a bar, in seconds.
        section: Index of the section in which it is.
        energy: Mean energy, 0 to 1.
    """

    time: float
    section: int
    energy: float


def moods_over_time(
    spectra: Spectra, curves: Curves, key: Key | None, rhythm: Rhythm | None
) -> tuple[MoodPoint, ...]:
    """Return the mood of each second, by its level, brightness, percussiveness and dissonance.

    The mode is that of the whole song and of the 16 s around the second in equal parts; the tempo
    is the song's.

    Args:
        spectra: The song.
        curves: Its curves.
        key: Its key, or None.
        rhythm: Its rhythm, or None.
    """
    import numpy as np

    times = np.arange(0.5, max(spectra.seconds, 1.0), STEP_SECONDS)
    modes, rough = _modes(spectra, times, key), _roughness(spectra, times)
    squares = [curve.astype(np.float64) ** 2 for curve in _levels(curves)]
    power, strokes, held = (_means(row, curves.times, times) for row in squares)
    centre = _means(squares[0] * curves.centroid, curves.times, times) / (power + 1e-12)
    return tuple(
        MoodPoint(
            time=round(float(time), 3),
            mood=mood_of(
                mode=None if modes is None else float(modes[k]),
                bpm=rhythm.tempo.bpm if rhythm else None,
                level_db=float(10 * np.log10(power[k] + 1e-10)),
                brightness=brightness(float(centre[k])),
                percussive=float(strokes[k] / (strokes[k] + held[k] + 1e-12)),
                roughness=float(rough[k]),
            ),
        )
        for k, time in enumerate(times)
    )


def smoothed(points: tuple[MoodPoint, ...]) -> tuple[MoodPoint, ...]:
    """Return moods averaged over the eight seconds around each.

    Args:
        points: Moods over time.
    """
    import numpy as np

    times, plane = np.array([point.time for point in points]), _plane(points)
    means = _means(plane, times, times, _SMOOTH_SECONDS + 1e-6)
    return tuple(
        MoodPoint(
            point.time,
            Mood(valence=float(v), arousal=float(a), label=mood_label(float(v), float(a))),
        )
        for point, (v, a) in zip(points, means, strict=True)
    )


def shifts_of(
    points: tuple[MoodPoint, ...], sections: tuple[SongSection, ...]
) -> tuple[Shift, ...]:
    """Return the times at which the mood of 6 s differs most from that of the 6 s before.

    Args:
        points: Moods over time, not smoothed.
        sections: Sections of the song.
    """
    import numpy as np

    plane = _plane(points)
    side = round(_SIDE_SECONDS / STEP_SECONDS)
    if len(plane) < 2 * side + 1:
        return ()
    total = np.concatenate([np.zeros((1, 2)), np.cumsum(plane, axis=0)])
    middle = np.arange(side, len(plane) - side + 1)
    before = (total[middle] - total[middle - side]) / side
    after = (total[middle + side] - total[middle]) / side
    sizes = np.linalg.norm(after - before, axis=1)
    shifts = []
    for k in _tops(sizes):
        time = points[middle[k]].time - STEP_SECONDS / 2
        words = [mood_label(float(v), float(a)) for v, a in (before[k], after[k])]
        shifts.append(_shift(time, float(sizes[k]), words, sections))
    return tuple(sorted(shifts, key=lambda shift: shift.time))


def climax_of(curves: Curves, sections: tuple[SongSection, ...], rhythm: Rhythm | None) -> Climax:
    """Return the middle of the eight seconds of most energy.

    Args:
        curves: Curves of the song.
        sections: Its sections.
        rhythm: Its rhythm, or None.
    """
    import numpy as np
    from scipy.ndimage import uniform_filter1d

    hop = float(curves.times[1] - curves.times[0]) if len(curves.times) > 1 else 1.0
    width = min(len(curves.energy), max(1, round(_CLIMAX_SECONDS / hop)))
    smooth = uniform_filter1d(curves.energy.astype(np.float64), width, mode="nearest")
    best = int(smooth.argmax())
    time = float(curves.times[best])
    section = section_at(sections, time)
    bars = [t for t in (rhythm.downbeats if rhythm else ()) if abs(t - time) <= _CLIMAX_SECONDS / 2]
    inside = [t for t in bars if sections[section].start <= t < sections[section].end]
    time = min(inside, key=lambda t: abs(t - time), default=time)
    return Climax(round(time, 4), section, round(float(smooth[best]), 4))


def section_at(sections: tuple[SongSection, ...], time: float) -> int:
    """Return the index of the section at a time."""
    return max((k for k, section in enumerate(sections) if section.start <= time), default=0)


def _shift(time: float, size: float, words: list[str], sections: tuple[SongSection, ...]) -> Shift:
    index = section_at(sections, time)
    section = sections[index]
    inside = min(time - section.start, section.end - time) >= _INSIDE_SECONDS
    return Shift(round(time, 3), index, inside, round(size, 4), words[0], words[1])


def _tops(sizes: "Floats") -> list[int]:
    """Return the indices of the greatest sizes, not too near to each other."""
    kept: list[int] = []
    apart = _APART_SECONDS / STEP_SECONDS
    for index in sorted(range(len(sizes)), key=lambda k: -sizes[k]):
        if sizes[index] < _SMALLEST_SHIFT:
            break
        if all(abs(index - other) >= apart for other in kept):
            kept.append(index)
    return kept


def _levels(curves: Curves) -> "tuple[Floats, Floats, Floats]":
    return curves.rms, curves.percussive, curves.harmonic


def _plane(points: tuple[MoodPoint, ...]) -> "Floats":
    """Return valence and arousal by point, of shape (points, 2)."""
    import numpy as np

    return np.array([(point.mood.valence, point.mood.arousal) for point in points])


def _means(
    values: "Floats", at: "Floats", times: "Floats", reach: float = _REACH_SECONDS
) -> "Floats":
    """Return the means of the values within a reach of each time; the first axis is time."""
    import numpy as np

    total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    first = np.searchsorted(at, times - reach).clip(0, len(values) - 1)
    last = np.maximum(np.searchsorted(at, times + reach), first + 1).clip(0, len(values))
    counts = (last - first).reshape(-1, *[1] * (values.ndim - 1))
    means: Floats = (total[last] - total[first]) / counts
    return means


def _roughness(spectra: Spectra, times: "Floats") -> "Floats":
    """Return the sensory dissonance around each time, of two frames a second."""
    import numpy as np

    values, power = roughness_curve(spectra, max(1, 2 * len(times)))
    at = np.linspace(0, spectra.seconds, len(values))
    return _means(values * power, at, times) / (_means(power, at, times) + 1e-12)


def _modes(spectra: Spectra, times: "Floats", key: Key | None) -> "Floats | None":
    """Return -1 (minor) to 1 (major) around each time, or None of a song without a key."""
    import numpy as np

    whole = mode_cue(key)
    if whole is None:
        return None
    modes = np.full(len(times), whole)
    hop = spectra.chroma_hop_seconds
    for k, time in enumerate(times):
        first = max(0, round((time - _CHROMA_REACH_SECONDS) / hop))
        mean = mean_chroma(spectra.chroma[first : round((time + _CHROMA_REACH_SECONDS) / hop)])
        if mean is not None:
            fits = correlations(mean)
            local = np.tanh(_MODE_SHARPNESS * (fits[:12].max() - fits[12:].max()))
            modes[k] = (whole + local) / 2
    return modes
