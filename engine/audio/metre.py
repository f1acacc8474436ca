"""Metre and downbeats: the beats at which harmony and bass change."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

MIN_BEATS = 6
"""Number of beats below which the metre is a guess: 4/4 with no confidence."""

_BASS = 0.5
_NAMES = {False: {2: "2/4", 3: "3/4", 4: "4/4"}, True: {2: "6/8", 3: "9/8", 4: "12/8"}}
_PRIORS = {False: {2: 0.7, 3: 1.0, 4: 1.08}, True: {2: 1.0, 3: 0.75, 4: 0.95}}
_TERNARY = 1.3
_EVEN = 0.35


@dataclass(frozen=True, slots=True)
class Metre:
    """Bars of a piece.

    Attributes:
        name: `2/4`, `3/4`, `4/4`, `6/8`, `9/8` or `12/8`.
        beats_per_bar: 4, 3 or 2.
        first: Index of the first downbeat among the beats.
        confidence: 0 (a guess) to 1 (sure).
    """

    name: str
    beats_per_bar: int
    first: int
    confidence: float


def find_metre(spectra: Spectra, envelope: "Floats", beats: "Floats") -> Metre:
    """Return the metre whose bars begin at the strongest accents.

    Args:
        spectra: The sound.
        envelope: Onset strength by frame.
        beats: Times of the beats in seconds.
    """
    if len(beats) < MIN_BEATS:
        return Metre("4/4", 4, 0, 0.0)
    accents = _accents(spectra, beats)
    ternary = _is_ternary(envelope, beats / spectra.hop_seconds)
    names, priors = _NAMES[ternary], _PRIORS[ternary]
    fits = {size: _best_phase(accents, size) for size in names}
    size = max(fits, key=lambda size: fits[size][0] * priors[size])
    best, other = (fits[size][0], max(fits[k][0] for k in fits if k != size))
    confidence = (best - max(other, 0.0)) / best if best > 0 else 0.0
    return Metre(names[size], size, fits[size][1], float(min(1.0, max(0.0, confidence))))


def _accents(spectra: Spectra, beats: "Floats") -> "Floats":
    """Return the accent of each beat, in standard deviations: change of chroma, and the bass."""
    return _standard(_chroma_change(spectra, beats)) + _BASS * _standard(_bass(spectra, beats))


def _standard(values: "Floats") -> "Floats":
    scores: Floats = (values - values.mean()) / (values.std() + 1e-9)
    return scores


def _chroma_change(spectra: Spectra, beats: "Floats") -> "Floats":
    """Return the cosine distance of the chroma before and after each beat, 0 to 1."""
    import numpy as np

    chroma = spectra.chroma / (np.linalg.norm(spectra.chroma, axis=1, keepdims=True) + 1e-9)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0)])
    period = float(np.median(np.diff(beats)))

    def mean(start: "Floats", stop: "Floats") -> "Floats":
        hop = spectra.chroma_hop_seconds
        first, last = ((times / hop).round().astype(int) for times in (start, stop))
        first, last = first.clip(0, len(chroma)), last.clip(0, len(chroma))
        sums: Floats = total[np.maximum(first, last)] - total[first]
        unit: Floats = sums / (np.linalg.norm(sums, axis=1, keepdims=True) + 1e-9)
        return unit

    before, after = mean(beats - period, beats), mean(beats + 0.05, beats + period)
    known = (np.abs(before).sum(axis=1) > 0) & (np.abs(after).sum(axis=1) > 0)
    change: Floats = np.where(known, 1 - (before * after).sum(axis=1), 0)
    return change


def _bass(spectra: Spectra, beats: "Floats") -> "Floats":
    """Return the rise of the bass within 50 ms of each beat."""
    return _around(spectra.low_flux, beats / spectra.hop_seconds, 5)


def _around(values: "Floats", frames: "Floats", reach: int) -> "Floats":
    """Return the maximum of values within some frames of each of the frames."""
    from scipy.ndimage import maximum_filter1d

    highest: Floats = maximum_filter1d(values, 2 * reach + 1)
    found: Floats = highest[frames.round().astype(int).clip(0, len(values) - 1)]
    return found


def _is_ternary(envelope: "Floats", frames: "Floats") -> bool:
    """Tell if beats are divided into three more clearly than into two."""
    import numpy as np

    gaps = np.diff(frames)

    def strength(part: float) -> float:
        return float(_around(envelope, frames[:-1] + part * gaps, 2).mean())

    first, second, half = (strength(part) for part in (1 / 3, 2 / 3, 1 / 2))
    is_even = min(first, second) > max(half, _EVEN * max(first, second))  # not swung
    return is_even and (first + second) / 2 > _TERNARY * half


def _best_phase(accents: "Floats", size: int) -> tuple[float, int]:
    """Return how much downbeats stand out in bars of some beats, and the first downbeat."""
    import numpy as np

    best = (-np.inf, 0)
    for phase in range(size):
        is_first = np.arange(len(accents)) % size == phase
        difference = accents[is_first].mean() - accents[~is_first].mean()
        best = max(best, (float(difference * np.sqrt(is_first.mean())), phase))
    return best
