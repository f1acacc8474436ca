"""Tempo and beats of a piece, from the onsets of its notes.

The tempo has the period that onset strength repeats with: a comb over its autocorrelation, weighted
by how usual a tempo is. Beats that are divided into two or three are preferred; of the double and
the half of a tempo, the more usual one. Onsets before long gaps count more, because long notes
start on beats (agogic accents). The beats are found by dynamic programming (Ellis 2007): a path on
strong onsets that keeps that period.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

SLOWEST, FASTEST = 40.0, 240.0
"""Range of tempi that are considered, in beats per minute."""

USUAL = 110.0
"""Tempo in beats per minute that needs the least evidence."""

_SPREAD = 0.9
"""Standard deviation of usual tempi in octaves."""

_COMB = (1.0, 0.5, 0.33, 0.25)
_DIVIDED = 0.6
_TERNARY = 0.7
_NEIGHBOURS = 25
_CLEAR = 0.3
_LONGEST_GAP = 0.6
_BEAT_ACCENT = 0.75
_FEWEST_ONSETS = 4
_SPAN = 16
_CANDIDATES = 600
_TRANSITION = 100.0
_HEARD = 0.1


def onset_envelope(flux: "Floats", rate: float) -> "Floats":
    """Return onset strength above its surroundings (0.4 s), in standard deviations, 0 or more.

    Args:
        flux: Spectral flux by frame.
        rate: Frames a second.
    """
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    above = np.maximum(flux - gaussian_filter1d(flux, 0.4 * rate), 0)
    envelope: Floats = above / (above.std() + 1e-9)
    return envelope


def estimate_tempo(envelope: "Floats", rate: float) -> tuple[float, float]:
    """Return beats per minute, and the regularity of the pulse: 0 (none) to 1 (a metronome).

    Args:
        envelope: Onset strength by frame.
        rate: Frames a second.
    """
    import numpy as np

    accented = _with_agogic_accents(envelope, rate, 1.0)
    similarity = _autocorrelation(accented, int(4.2 * 60 * rate / SLOWEST))
    comb = _Comb(similarity, rate)
    tempi = np.geomspace(SLOWEST, FASTEST, _CANDIDATES)
    repeated, divided = comb.repeated(tempi), comb.divided(tempi)
    grouped = float(tempi[np.argmax((repeated + _DIVIDED * divided) * _usual(tempi))])
    octaves = [grouped * k for k in (0.5, 1, 2) if SLOWEST <= grouped * k <= FASTEST]
    near = np.concatenate([bpm * np.geomspace(0.97, 1.03, _NEIGHBOURS) for bpm in octaves])
    found = comb.repeated(near)
    best = int(np.argmax(found * _usual(near)))
    return float(near[best]), float(np.clip(found[best] / sum(_COMB), 0, 1))


def _usual(tempi: "Floats") -> "Floats":
    import numpy as np

    weights: Floats = np.exp(-0.5 * (np.log2(tempi / USUAL) / _SPREAD) ** 2)
    return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Comb:
    """Strength of periods in an autocorrelation.

    Attributes:
        similarity: Autocorrelation of onset strength by lag in frames.
        rate: Frames a second.
    """

    similarity: "Floats"
    rate: float

    def repeated(self, tempi: "Floats") -> "Floats":
        """Return the similarity after one beat, two, three and four, of a weighted sum."""
        strength: Floats = sum(
            (weight * self._at(tempi, beats) for beats, weight in enumerate(_COMB, 1)),
            start=0 * tempi,
        )
        return strength

    def divided(self, tempi: "Floats") -> "Floats":
        """Return the similarity after a half of a beat, or after its thirds."""
        import numpy as np

        thirds = (self._at(tempi, 1 / 3) + self._at(tempi, 2 / 3)) / 2
        strength: Floats = np.maximum(self._at(tempi, 1 / 2), _TERNARY * thirds)
        return strength

    def _at(self, tempi: "Floats", beats: float) -> "Floats":
        import numpy as np

        lags, known = 60 * self.rate / tempi * beats, np.arange(len(self.similarity))
        strength: Floats = np.interp(lags, known, self.similarity, right=0.0)
        return strength


def _with_agogic_accents(envelope: "Floats", rate: float, power: float) -> "Floats":
    """Return onset strength, of each onset times the gap after it in usual gaps, to a power."""
    import numpy as np
    from scipy.ndimage import maximum_filter1d

    loud = envelope[envelope > 0]
    clear = _CLEAR * np.percentile(loud, 90) if loud.size else 0.0
    onsets = np.flatnonzero((envelope >= maximum_filter1d(envelope, 9)) & (envelope > clear))
    if len(onsets) < _FEWEST_ONSETS:
        return envelope
    gaps = np.minimum(np.diff(onsets, append=len(envelope)), _LONGEST_GAP * rate)
    weights = (gaps / np.median(gaps)).clip(0.5, 2.0) ** power
    nearest = np.searchsorted((onsets[:-1] + onsets[1:]) // 2, np.arange(len(envelope)))
    accented: Floats = envelope * weights[nearest]
    return accented


def track_beats(envelope: "Floats", rate: float, bpm: float) -> "Floats":
    """Return the frames of the beats, with fractions, in order.

    Args:
        envelope: Onset strength by frame.
        rate: Frames a second.
        bpm: Beats per minute.
    """
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    period = 60 * rate / bpm
    accented = _with_agogic_accents(envelope, rate, _BEAT_ACCENT)
    local = gaussian_filter1d(accented / (accented.std() + 1e-9), period / 32)
    score, origin = _accumulated(local, period)
    tail = score[-max(1, int(period)) :]
    frame = len(score) - len(tail) + int(tail.argmax())
    beats = [frame]
    while origin[beats[-1]] >= 0:
        beats.append(int(origin[beats[-1]]))
    return _refined(_sounding(np.array(beats[::-1]), local), local)


def steady_tempo(beats: "Floats") -> float:
    """Return beats per minute: the median over spans of up to 16 beats, in seconds (at least two).

    Short passages in which the beats were lost change it little.
    """
    import numpy as np

    span = max(1, min(_SPAN, len(beats) // 2))
    return float(60 * span / np.median(beats[span:] - beats[:-span]))


def _autocorrelation(envelope: "Floats", lags: int) -> "Floats":
    """Return the similarity of the smoothed envelope to itself by lag in frames, 1 at lag 0."""
    import numpy as np
    from scipy.ndimage import gaussian_filter1d

    smooth = gaussian_filter1d(envelope, 1.2)
    smooth = smooth - smooth.mean()
    count = len(smooth)
    size = 1 << (2 * count - 1).bit_length()
    product = np.fft.irfft(np.abs(np.fft.rfft(smooth, size)) ** 2)[: min(lags, count)]
    overlap = np.maximum(1 - np.arange(len(product)) / count, 0.1)
    similarity: Floats = product / overlap / (product[0] + 1e-9)
    return similarity


def _accumulated(local: "Floats", period: float) -> "tuple[Floats, NDArray[np.int_]]":
    """Return the best score of a path that ends at each frame, and its beat before (or -1)."""
    import numpy as np

    steps = np.arange(-int(2 * period), -int(period / 2) + 1)
    cost = -_TRANSITION * np.log(-steps / period) ** 2
    reach = len(steps)
    # Frames before the start score minus infinity, so that no path comes from there.
    before = int(2 * period)
    score = np.concatenate([np.full(before, -np.inf), local])
    origin = np.full(len(local), -1)
    for frame in range(len(local)):
        options = cost + score[frame : frame + reach]
        best = int(options.argmax())
        if options[best] > 0 or (frame > period and np.isfinite(options[best])):
            score[before + frame] += options[best]
            origin[frame] = frame + steps[best]
    return score[before:], origin


def _sounding(beats: "NDArray[np.int_]", local: "Floats") -> "NDArray[np.int_]":
    """Leave out beats before the first onset and after the last."""
    import numpy as np

    strength = local[beats]
    heard = np.flatnonzero(strength > _HEARD * np.median(strength))
    return beats[heard[0] : heard[-1] + 1] if len(heard) else beats[:0]


def _refined(beats: "NDArray[np.int_]", local: "Floats") -> "Floats":
    """Move each beat to the top of the parabola through its frame and its neighbours."""
    import numpy as np

    padded = np.pad(local, 1, mode="edge")
    before, at, after = padded[beats], padded[beats + 1], padded[beats + 2]
    curve = before - 2 * at + after
    is_top = (at >= before) & (at >= after) & (curve < 0)
    shift = np.where(is_top, 0.5 * (before - after) / np.where(is_top, curve, -1), 0)
    refined: Floats = beats + shift.clip(-0.5, 0.5)
    return refined
