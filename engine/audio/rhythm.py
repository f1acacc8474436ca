"""Rhythm of a piece: tempo, beats, metre and bars."""

import math
from typing import TYPE_CHECKING

from engine.audio.features import Rhythm, Tempo, Undefined
from engine.audio.metre import find_metre
from engine.audio.spectra import Spectra
from engine.audio.tempo import estimate_tempo, onset_envelope, steady_tempo, track_beats

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST = 2.0
"""Length in seconds below which a sound has no tempo."""

LEAST_REGULAR = 0.25
"""Regularity of the pulse below which there is no tempo, times the root of the length in seconds.

Noise of a length stays below it.
"""

_FEWEST_BEATS = 3


def rhythm(spectra: Spectra) -> Rhythm:
    """Return tempo, beats and bars.

    Raises:
        Undefined: The sound is too short, has no onsets, or these are not regular.
    """
    if spectra.seconds < SHORTEST:
        raise Undefined(f"{spectra.seconds:.1f} s is too short; a tempo needs {SHORTEST:g} s")
    rate = 1 / spectra.hop_seconds
    envelope = onset_envelope(spectra.flux, rate)
    if not envelope.any():
        raise Undefined("the sound has no onsets")
    bpm, regularity = estimate_tempo(envelope, rate)
    beats = track_beats(envelope, rate, bpm) / rate
    beats = beats[(beats >= 0) & (beats <= spectra.seconds)]
    is_regular = regularity * math.sqrt(spectra.seconds) >= LEAST_REGULAR
    if not is_regular or len(beats) < _FEWEST_BEATS:
        raise Undefined("the sound has no regular pulse")
    return _assembled(spectra, envelope, beats, regularity)


def _assembled(
    spectra: Spectra, envelope: "NDArray[np.floating]", beats: "NDArray[np.floating]", sure: float
) -> Rhythm:
    bpm = steady_tempo(beats)
    metre = find_metre(spectra, envelope, beats)
    times = tuple(round(float(time), 4) for time in beats)
    return Rhythm(
        tempo=Tempo(bpm=bpm, confidence=sure, half=bpm / 2, double=bpm * 2),
        beats=times,
        downbeats=times[metre.first :: metre.beats_per_bar],
        metre=metre.name,
        metre_confidence=metre.confidence,
    )
