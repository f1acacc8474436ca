"""The eight features that readers of older exports know, with their words.

Texts are `unknown` and the tempo is 0 if a feature is not defined, because such readers compare
texts, put the mood in a set and compute with the tempo.
"""

from collections import defaultdict
from typing import TypedDict

from engine.audio.features import Chord, Dynamics, Features, Mode, Timbre

UNKNOWN = "unknown"
"""Text of a feature that is not defined."""

_FAST, _BRISK, _SLOW = 140, 100, 60
_BRIGHT = 0.5
_DRAMATIC_RANGE_DB, _DRAMATIC_SWELL_DB = 12.0, 6.0
_INTENSITIES = ((-26.0, "soft"), (-18.0, "moderate"), (-11.0, "intense"))
_PROGRESSIONS = ((3, "simple_progression"), (5, "moderate_progression"))
_COVERED = 0.9


class EightKeys(TypedDict):
    """The eight features.

    Attributes:
        key: Tonic with a sharp if needed (`A#`).
        tonality: `major` or `minor`.
        tempo: Beats per minute.
        time_signature: `2/4`, `3/4`, `4/4`, `6/8`, `9/8` or `12/8`.
        mood: One of energetic, upbeat, moderate and slow, by tempo; bright or dark; dramatic if
            the level changes much. Joined by a comma and a space.
        melody_contour: `ascending`, `descending`, `stable` or `mixed`.
        harmonic_progression: `simple_progression`, `moderate_progression` or
            `complex_progression`, by the number of chords that cover 90 % of the time.
        dynamic_intensity: `soft`, `moderate`, `intense` or `very_intense`, by loudness.
    """

    key: str
    tonality: Mode | str
    tempo: float
    time_signature: str
    mood: str
    melody_contour: str
    harmonic_progression: str
    dynamic_intensity: str


def eight_keys(features: Features) -> EightKeys:
    """Return the eight features of a sound."""
    key, rhythm, melody = features.key, features.rhythm, features.melody
    return EightKeys(
        key=key.tonic if key else UNKNOWN,
        tonality=key.mode if key else UNKNOWN,
        tempo=rhythm.tempo.bpm if rhythm else 0.0,
        time_signature=rhythm.metre if rhythm else UNKNOWN,
        mood=", ".join(_moods(features)) or UNKNOWN,
        melody_contour=melody.contour if melody else UNKNOWN,
        harmonic_progression=_progression(features.chords),
        dynamic_intensity=_intensity(features.dynamics),
    )


def _moods(features: Features) -> list[str]:
    words = [_pace(features.rhythm.tempo.bpm)] if features.rhythm else []
    words += [_colour(features.timbre)] if features.timbre else []
    return words + (["dramatic"] if _is_dramatic(features.dynamics) else [])


def _pace(bpm: float) -> str:
    for least, word in ((_FAST, "energetic"), (_BRISK, "upbeat"), (_SLOW, "moderate")):
        if bpm > least:
            return word
    return "slow"


def _colour(timbre: Timbre) -> str:
    return "bright" if timbre.brightness >= _BRIGHT else "dark"


def _is_dramatic(dynamics: Dynamics | None) -> bool:
    if dynamics is None:
        return False
    return dynamics.range_db >= _DRAMATIC_RANGE_DB or abs(dynamics.swell) >= _DRAMATIC_SWELL_DB


def _progression(chords: tuple[Chord, ...] | None) -> str:
    times: defaultdict[str, float] = defaultdict(float)
    for chord in chords or ():
        if chord.label != "N":
            times[chord.label] += chord.end - chord.start
    if not times:
        return UNKNOWN
    count = _covering(sorted(times.values(), reverse=True))
    return next((word for most, word in _PROGRESSIONS if count <= most), "complex_progression")


def _covering(times: list[float]) -> int:
    """Return how many of the longest times cover 90 % of their sum."""
    covered, needed = 0.0, _COVERED * sum(times)
    for count, seconds in enumerate(times, 1):
        covered += seconds
        if covered >= needed - 1e-9:
            return count
    return len(times)


def _intensity(dynamics: Dynamics | None) -> str:
    if dynamics is None:
        return UNKNOWN
    level = dynamics.rms_db if dynamics.lufs is None else dynamics.lufs
    return next((word for top, word in _INTENSITIES if level < top), "very_intense")
