"""Key of a piece: its mean chroma, compared with the profile of each of the 24 keys.

The profiles are of written notes; what is heard has their third harmonics too, a fifth above (as in
Izmirli 2005). The first two seconds and the last two count more than the others, because pieces
and phrases start and end on the tonic.
"""

from typing import TYPE_CHECKING

from engine.audio.features import PITCH_CLASSES, Key, Mode, Undefined
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

MAJOR = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
"""Share of each scale degree in pieces in major, tonic first (Albrecht and Shanahan 2013)."""

MINOR = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
"""Share of each scale degree in pieces in minor, tonic first (Albrecht and Shanahan 2013)."""

_OVERTONES = 0.1
_END_SECONDS = 2.0
_START_WEIGHT, _END_WEIGHT = 0.15, 0.05
_SHARPNESS = 12.0
_FLATTEST = 0.25
_LEAST_FIT = 0.45
_QUIETEST = 0.05


def key(spectra: Spectra) -> Key:
    """Return the key whose profile correlates best with the chroma, and the next best.

    Confidences are the shares of a softmax over the correlations, times the best correlation: a
    noise that resembles no key is not sure of any.

    Raises:
        Undefined: The sound has no pitch.
    """
    import numpy as np

    mean = mean_chroma(spectra.chroma)
    if mean is None:
        raise Undefined("the sound has no clear pitch")
    fits = correlations(mean)
    # The chroma of a dense mix is as flat as that of noise, but it still resembles a key.
    if mean.std() < _FLATTEST * mean.mean() and fits.max() < _LEAST_FIT:
        raise Undefined("the sound has no clear pitch")
    fits = _with_ends(fits, spectra)
    shares = np.exp(_SHARPNESS * (fits - fits.max()))
    shares *= max(0.0, float(fits.max())) / shares.sum()
    best, second = (int(index) for index in np.argsort(-fits)[:2])
    tonic, mode = _named(best)
    return Key(
        tonic=tonic,
        mode=mode,
        confidence=float(shares[best]),
        runner_up=" ".join(_named(second)),
        runner_up_confidence=float(shares[second]),
    )


def _with_ends(fits: "Floats", spectra: Spectra) -> "Floats":
    """Return the correlations of a piece, averaged with those of its start and its end."""
    import numpy as np

    strength = spectra.chroma.sum(axis=1)
    loud = np.flatnonzero(strength > _QUIETEST * strength.max(initial=0))
    length = max(1, round(_END_SECONDS / spectra.chroma_hop_seconds))
    start = spectra.chroma[loud[0] : loud[0] + length]
    end = spectra.chroma[max(0, loud[-1] + 1 - length) : loud[-1] + 1]
    total, weights = fits, 1.0
    for part, weight in ((start, _START_WEIGHT), (end, _END_WEIGHT)):
        mean = mean_chroma(part)
        if mean is not None:
            total, weights = total + weight * correlations(mean), weights + weight
    return total / weights


def mean_chroma(chroma: "Floats") -> "Floats | None":
    """Return the mean of the frames, each of the same weight, without quiet ones; (12,) or None."""
    import numpy as np

    strength = chroma.sum(axis=1)
    loud = strength > _QUIETEST * strength.max(initial=0)
    if not loud.any():
        return None
    frames = chroma[loud]
    mean: Floats = (frames / np.linalg.norm(frames, axis=1, keepdims=True)).mean(axis=0)
    return mean


def correlations(chroma: "Floats") -> "Floats":
    """Return Pearson's correlation of a chroma with each key: 12 in major, then 12 in minor."""
    import numpy as np

    heard = [_with_overtones(np.array(profile)) for profile in (MAJOR, MINOR)]
    profiles = np.array([np.roll(profile, k) for profile in heard for k in range(12)])
    profiles -= profiles.mean(axis=1, keepdims=True)
    centred = chroma - chroma.mean()
    norms = np.linalg.norm(profiles, axis=1) * max(float(np.linalg.norm(centred)), 1e-12)
    result: Floats = profiles @ centred / norms
    return result


def _with_overtones(profile: "Floats") -> "Floats":
    """Return the profile of notes that sound with their third harmonics."""
    import numpy as np

    sounding: Floats = profile + _OVERTONES * np.roll(profile, 7)
    return sounding


def _named(index: int) -> tuple[str, Mode]:
    return PITCH_CLASSES[index % 12], "major" if index < 12 else "minor"
