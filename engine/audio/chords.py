"""Chords of a piece: major and minor triads on a timeline.

Each frame of the chroma is compared with 24 templates and with the absence of a chord, and the most
likely sequence is found by the Viterbi algorithm, in which changes are rare.
"""

from typing import TYPE_CHECKING

from engine.audio.features import PITCH_CLASSES, Chord, Undefined
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

NO_CHORD = "N"
"""Label of a stretch without a chord."""

LABELS = (*PITCH_CLASSES, *(f"{name}m" for name in PITCH_CLASSES), NO_CHORD)
"""Label of each state: 12 major triads, 12 minor ones, none."""

_STAY = 0.9
_TEMPERATURE = 0.08
_NONE_FITS = 0.6
_QUIETEST = 0.02
_SMOOTHED = 5


def chords(spectra: Spectra) -> tuple[Chord, ...]:
    """Return chords that cover the sound without gaps, at a resolution of 50 ms.

    Raises:
        Undefined: No chord is heard anywhere.
    """
    if not spectra.chroma.any():
        raise Undefined("the sound has no clear pitch")
    path = _most_likely(_fits(spectra.chroma) / _TEMPERATURE)
    timeline = _timeline(path, spectra.chroma_hop_seconds, spectra.seconds)
    if all(chord.label == NO_CHORD for chord in timeline):
        raise Undefined("no chord stands out")
    return timeline


def _fits(chroma: "Floats") -> "Floats":
    """Return the cosine of each frame and each state, of shape (frames, 25)."""
    import numpy as np
    from scipy.ndimage import uniform_filter1d

    strength = chroma.sum(axis=1)
    loudest = chroma.max(axis=1, keepdims=True)
    smooth = uniform_filter1d(chroma / (loudest + 1e-9), _SMOOTHED, axis=0)
    frames = smooth / (np.linalg.norm(smooth, axis=1, keepdims=True) + 1e-9)
    fits = np.full((len(chroma), len(LABELS)), _NONE_FITS)
    fits[:, :24] = frames @ _templates().T
    fits[strength < _QUIETEST * strength.max(), :24] = 0
    return fits


def _templates() -> "Floats":
    import numpy as np

    triads = np.zeros((24, 12))
    for root in range(12):
        for row, third in ((root, 4), (root + 12, 3)):
            triads[row, [root, (root + third) % 12, (root + 7) % 12]] = 1 / np.sqrt(3)
    return triads


def _most_likely(scores: "Floats") -> list[int]:
    """Return the best path of states through scores (logarithms) of shape (frames, states)."""
    import math

    import numpy as np

    count = scores.shape[1]
    stay, change = math.log(_STAY), math.log((1 - _STAY) / (count - 1))
    states = np.arange(count)
    best, origins = scores[0].copy(), np.zeros(scores.shape, int)
    for frame in range(1, len(scores)):
        leader = int(best.argmax())
        stays = best + stay >= best[leader] + change
        origins[frame] = np.where(stays, states, leader)
        best = np.where(stays, best + stay, best[leader] + change) + scores[frame]
    path = [int(best.argmax())]
    for frame in range(len(scores) - 1, 0, -1):
        path.append(int(origins[frame, path[-1]]))
    return path[::-1]


def _timeline(path: list[int], hop: float, end: float) -> tuple[Chord, ...]:
    """Join equal neighbours; a change is halfway between the middles of its frames."""
    changes = [k for k in range(1, len(path)) if path[k] != path[k - 1] and (k - 0.5) * hop < end]
    times = [0.0, *((k - 0.5) * hop for k in changes), end]
    states = [path[k] for k in (0, *changes)]
    return tuple(
        Chord(start=start, end=stop, label=LABELS[state])
        for start, stop, state in zip(times[:-1], times[1:], states, strict=True)
    )
