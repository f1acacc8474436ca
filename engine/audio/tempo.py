"""Tempo and beats of a piece, from the onsets of its notes.

The tempo has the period that onset strength repeats with: a comb over its autocorrelation, weighted
by how usual a tempo is. The beats are found by dynamic programming (Ellis 2007): a path on strong
onsets that keeps that period.
"""

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

    similarity = _autocorrelation(envelope, int(4.2 * 60 * rate / SLOWEST))
    tempi = np.geomspace(SLOWEST, FASTEST, _CANDIDATES)
    lags, known = 60 * rate / tempi, np.arange(len(similarity))
    teeth = [np.interp(lags * k, known, similarity, right=0.0) for k in range(1, len(_COMB) + 1)]
    comb = np.array(_COMB) @ np.array(teeth)
    usual = np.exp(-0.5 * (np.log2(tempi / USUAL) / _SPREAD) ** 2)
    best = int(np.argmax(comb * usual))
    regularity = float(np.clip(comb[best] / sum(_COMB), 0, 1))
    return float(tempi[best]), regularity


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
    local = gaussian_filter1d(envelope, period / 32)
    score, origin = _accumulated(local, period)
    tail = score[-max(1, int(period)) :]
    frame = len(score) - len(tail) + int(tail.argmax())
    beats = [frame]
    while origin[beats[-1]] >= 0:
        beats.append(int(origin[beats[-1]]))
    return _refined(_sounding(np.array(beats[::-1]), local), local)


def steady_tempo(beats: "Floats") -> float:
    """Return beats per minute of the straight line through beats in seconds (at least two)."""
    import numpy as np

    return float(60 / np.polyfit(np.arange(len(beats)), beats, 1)[0])


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
