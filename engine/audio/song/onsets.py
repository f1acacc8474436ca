"""Onsets of a song: the starts of notes and strokes, in its quiet parts too."""

from engine.audio.spectra import Spectra
from engine.audio.tempo import onset_envelope

_AROUND_SECONDS = 0.03
_SURROUNDINGS_SECONDS = 4.0
_CLEAR = 0.1
_FAINTEST = 0.05


def onsets_of(spectra: Spectra) -> tuple[float, ...]:
    """Return the times of onsets in seconds: highest within 30 ms, and clear for their part.

    An onset is clear if it is a tenth as strong as the strongest of the four seconds on both sides
    usually are, and 5 % of the strongest of the song.

    Args:
        spectra: The song.
    """
    import numpy as np
    from scipy.ndimage import maximum_filter1d, uniform_filter1d

    rate = 1 / spectra.hop_seconds
    envelope = onset_envelope(spectra.flux, rate)
    if not envelope.any():
        return ()
    peaks = maximum_filter1d(envelope, 2 * round(_AROUND_SECONDS * rate) + 1)
    second = maximum_filter1d(envelope, round(rate))
    usual = uniform_filter1d(second, round(2 * _SURROUNDINGS_SECONDS * rate), mode="nearest")
    least = np.maximum(_CLEAR * usual, _FAINTEST * np.percentile(second, 95))
    frames = np.flatnonzero((envelope >= peaks) & (envelope > least))
    return tuple(round(float(frame) * spectra.hop_seconds, 4) for frame in frames)
