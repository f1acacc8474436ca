"""Mood as valence and arousal, by a documented mapping.

The plane is Russell's circumplex (1980). The directions of the cues are those of Gomez and Danuser
(2007) and of Eerola, Friberg and Bresin (2013): arousal rises with tempo, loudness, brightness and
percussiveness; valence rises with the major mode and with tempo, and falls with roughness. Their
studies found the cues to add up almost linearly, so they are added here; the weights are ours.
Roughness is the sensory dissonance of Plomp and Levelt (1965), with the curve of Sethares (1993).
"""

import math
from typing import TYPE_CHECKING, Any

from engine.audio.features import Dynamics, Key, Mood, Rhythm, Timbre
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

NEUTRAL_RADIUS = 0.15
"""Distance from the middle of the plane within which the mood is neutral."""

LABELS = ("pleasant", "happy", "energetic", "tense", "gloomy", "sad", "calm", "serene")
"""Words for eighths of the plane, from pleasant and neither calm nor excited, counter-clockwise."""

_TEMPO_MIDDLE = 105.0
_LOUDNESS_MIDDLE, _LOUDNESS_SPAN = -20.0, 12.0
_BRIGHTNESS_MIDDLE, _BRIGHTNESS_SPAN = 0.5, 0.3
_PERCUSSIVE_MIDDLE, _PERCUSSIVE_SPAN = 0.3, 0.3
_ROUGHNESS_MIDDLE, _ROUGHNESS_SPAN = 0.08, 0.08
_PARTIALS = 16
_FRAMES = 64
_WINDOW_SECONDS = 0.19
_LOWEST, _HIGHEST = 60.0, 5000.0
_FAINT = 0.01


def mood(
    key: Key | None,
    rhythm: Rhythm | None,
    dynamics: Dynamics,
    timbre: Timbre,
    roughness: float | None = None,
) -> Mood:
    """Map features to a mood; a feature that is None is left out and the others weigh more."""
    return mood_of(
        mode=mode_cue(key),
        bpm=rhythm.tempo.bpm if rhythm else None,
        level_db=dynamics.rms_db if dynamics.lufs is None else dynamics.lufs,
        brightness=timbre.brightness,
        percussive=timbre.percussive,
        roughness=roughness,
    )


def mood_of(
    *,
    mode: float | None,
    bpm: float | None,
    level_db: float,
    brightness: float,
    percussive: float,
    roughness: float | None,
) -> Mood:
    """Map cues to a mood; a cue that is None is left out and the others weigh more.

    Args:
        mode: -1 (clearly minor) to 1 (clearly major).
        bpm: Beats a minute.
        level_db: Loudness in LUFS or dBFS.
        brightness: 0 to 1.
        percussive: Share of energy in onsets, 0 to 1.
        roughness: Sensory dissonance, 0 to about 0.4.
    """
    tempo = None if bpm is None else math.log2(bpm / _TEMPO_MIDDLE)
    valence = _sum_of(
        (0.5, mode),
        (0.25, tempo),
        (0.25, _scaled(roughness, _ROUGHNESS_MIDDLE, -_ROUGHNESS_SPAN)),
    )
    arousal = _sum_of(
        (0.35, tempo),
        (0.35, _scaled(level_db, _LOUDNESS_MIDDLE, _LOUDNESS_SPAN)),
        (0.15, _scaled(brightness, _BRIGHTNESS_MIDDLE, _BRIGHTNESS_SPAN)),
        (0.15, _scaled(percussive, _PERCUSSIVE_MIDDLE, _PERCUSSIVE_SPAN)),
    )
    return Mood(valence=valence, arousal=arousal, label=mood_label(valence, arousal))


def mood_label(valence: float, arousal: float) -> str:
    """Return the word for a point of the plane."""
    if math.hypot(valence, arousal) < NEUTRAL_RADIUS:
        return "neutral"
    angle = math.degrees(math.atan2(arousal, valence))
    return LABELS[round(angle / 45) % len(LABELS)]


def roughness_of(spectra: Spectra) -> float:
    """Return the sensory dissonance of a sound, 0 (consonant) to about 0.4; 0 in silence.

    Mean over up to 64 frames of 0.19 s, by power: the pairs of the 16 strongest partials, weighted
    by both amplitudes, add up by the distance of their frequencies, over the sum of the weights.
    """
    import numpy as np

    values, power = roughness_curve(spectra, _FRAMES)
    total = float(power.sum())
    return float(np.dot(values, power)) / total if total > 0 else 0.0


def roughness_curve(spectra: Spectra, frames: int) -> "tuple[Doubles, Doubles]":
    """Return the sensory dissonance and the power of frames spread evenly over a sound.

    Args:
        spectra: The sound.
        frames: Number of frames, at least 1; fewer if the sound has fewer samples.
    """
    import numpy as np

    size = int(2 ** round(math.log2(spectra.sample_rate * _WINDOW_SECONDS)))
    padded = np.pad(spectra.mono, (0, max(0, size - len(spectra.mono))))
    starts = np.unique(np.linspace(0, len(padded) - size, frames).astype(int))
    hertz, taper = np.fft.rfftfreq(size, 1 / spectra.sample_rate), np.hanning(size)
    values, power = np.empty(len(starts)), np.empty(len(starts))
    for number, start in enumerate(starts):
        part = padded[start : start + size] * taper
        values[number] = _frame_roughness(np.abs(np.fft.rfft(part)), hertz)
        power[number] = (part**2).sum()
    return values, power


def _frame_roughness(
    amplitude: "NDArray[np.floating[Any]]", hertz: "NDArray[np.floating[Any]]"
) -> float:
    import numpy as np

    middle = amplitude[1:-1]
    is_peak = (middle > amplitude[:-2]) & (middle >= amplitude[2:])
    is_peak &= (hertz[1:-1] > _LOWEST) & (hertz[1:-1] < _HIGHEST)
    is_peak &= middle > _FAINT * amplitude.max(initial=0.0)
    peaks = np.flatnonzero(is_peak) + 1
    peaks = peaks[np.argsort(amplitude[peaks])[-_PARTIALS:]]
    if len(peaks) < 2:
        return 0.0
    first, second = np.triu_indices(len(peaks), 1)
    low = np.minimum(hertz[peaks[first]], hertz[peaks[second]])
    distance = np.abs(hertz[peaks[first]] - hertz[peaks[second]]) * 0.24 / (0.0207 * low + 18.96)
    curve = np.exp(-3.51 * distance) - np.exp(-5.75 * distance)
    weight = amplitude[peaks[first]] * amplitude[peaks[second]]
    return float((weight * curve).sum() / weight.sum())


def mode_cue(key: Key | None) -> float | None:
    """Return -1 (surely minor) to 1 (surely major), or None without a key."""
    if key is None:
        return None
    strength = min(1.0, 2 * key.confidence)
    return strength if key.mode == "major" else -strength


def _scaled(value: float | None, middle: float, span: float) -> float | None:
    return None if value is None else (value - middle) / span


def _sum_of(*cues: tuple[float, float | None]) -> float:
    """Return the weighted mean of the cues that are defined, each cut to -1 to 1."""
    defined = [(weight, max(-1.0, min(1.0, value))) for weight, value in cues if value is not None]
    total = sum(weight for weight, _ in defined)
    return sum(weight * value for weight, value in defined) / total if total else 0.0
