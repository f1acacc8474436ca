"""Colour of a sound."""

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.audio.dynamics import SILENT_PEAK
from engine.audio.features import Timbre, Undefined
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

BAND_EDGES = (20, 250, 500, 2000, 4000, 8000, 16_000)
"""Edges of the bands in Hz; those above the Nyquist frequency are left out."""

DARK_HZ, BRIGHT_HZ = 200.0, 8000.0
"""Centroids at which brightness is 0 and 1."""

_ROLLOFF = 0.85
_AUDIBLE = 1e-3
_MEDIAN_FRAMES, _MEDIAN_BANDS = 21, 9


def timbre(spectra: Spectra) -> Timbre:
    """Measure the colour of a sound, at the working rate of its spectra.

    Centroid, bandwidth, rolloff and flatness are those of Peeters 2004, by frame, and averaged by
    the frames' power. Zero crossings leave out samples 60 dB below the peak.

    Raises:
        Undefined: The sound is silent or empty.
    """
    if spectra.peak <= SILENT_PEAK:
        raise Undefined("the sound is silent")
    power = spectra.magnitudes**2
    weights = power.sum(axis=1) / power.sum()
    centroid, bandwidth = _centre(spectra, weights)
    return Timbre(
        centroid=centroid,
        bandwidth=bandwidth,
        rolloff=_rolloff(spectra, power, weights),
        flatness=_flatness(spectra, power, weights),
        zero_crossings=_zero_crossings(spectra),
        percussive=percussive_share(spectra),
        bands=_bands(spectra, power),
        brightness=brightness(centroid),
    )


def brightness(centroid: float) -> float:
    """Map a centroid in Hz to 0 (dark) to 1 (bright), on a logarithmic scale."""
    place = math.log(max(centroid, 1.0) / DARK_HZ) / math.log(BRIGHT_HZ / DARK_HZ)
    return min(1.0, max(0.0, place))


def percussive_share(spectra: Spectra) -> float:
    """Return the share of energy in sounds short in time and wide in frequency, 0 to 1.

    Medians over time and over frequency of the mel spectrum, compared (Fitzgerald 2010).
    """
    import numpy as np

    percussive, energy = percussive_energy(spectra)
    return float(np.clip(percussive.sum() / max(float(energy.sum()), 1e-12), 0, 1))


def percussive_energy(spectra: Spectra) -> "tuple[Doubles, Doubles]":
    """Return the energy of percussive sounds and of all sounds by frame of `Spectra.mel`."""
    import numpy as np

    steady = _running_median(spectra.mel.T, _MEDIAN_FRAMES).T ** 2
    wide = _running_median(spectra.mel, _MEDIAN_BANDS) ** 2
    energy = spectra.mel.astype(np.float64) ** 2
    share = wide / np.maximum(wide + steady, 1e-12)
    return (energy * share).sum(axis=1), energy.sum(axis=1)


def centroids(magnitudes: "Floats", frequencies: "Floats") -> "Floats":
    """Return the centroid of each frame in Hz, of shape (frames,); 0 in silence.

    Args:
        magnitudes: Shape (frames, bins).
        frequencies: Frequency of each bin in Hz.
    """
    return _shares(magnitudes) @ frequencies


def rolloffs(power: "Floats", frequencies: "Floats") -> "Floats":
    """Return the frequency in Hz below which 85 % of the power of each frame is.

    Args:
        power: Shape (frames, bins).
        frequencies: Frequency of each bin in Hz.
    """
    import numpy as np

    below = np.cumsum(power, axis=1)
    reached: Floats = frequencies[(below >= _ROLLOFF * below[:, -1:]).argmax(axis=1)]
    return reached


def _shares(magnitudes: "Floats") -> "Floats":
    """Return magnitudes as shares of the sum of their frame."""
    import numpy as np

    shares: Floats = magnitudes / np.maximum(magnitudes.sum(axis=1, keepdims=True), 1e-9)
    return shares


def _running_median(rows: "Floats", width: int) -> "Floats":
    """Return the median of the values around each value of a row; ends are repeated."""
    import numpy as np
    from scipy.ndimage import median_filter

    half = width // 2
    padded = np.pad(rows, ((0, 0), (half, half)), mode="edge")
    # All rows as one: scipy has a faster filter for a single dimension.
    medians: Floats = median_filter(padded.ravel(), width).reshape(padded.shape)
    return medians[:, half : half + rows.shape[1]]


def _centre(spectra: Spectra, weights: "Floats") -> tuple[float, float]:
    """Return the centroid and the bandwidth in Hz."""
    import numpy as np

    middles, variance = np.empty_like(weights), np.empty_like(weights)
    for rows in spectra.blocks():
        share = _shares(spectra.magnitudes[rows])
        middles[rows] = share @ spectra.frequencies
        variance[rows] = share @ spectra.frequencies**2 - middles[rows] ** 2
    spread = np.sqrt(np.maximum(variance, 0))
    return float(middles @ weights), float(spread @ weights)


def _rolloff(spectra: Spectra, power: "Floats", weights: "Floats") -> float:
    import numpy as np

    reached = np.empty_like(weights)
    for rows in spectra.blocks():
        reached[rows] = rolloffs(power[rows], spectra.frequencies)
    return float(reached @ weights)


def _flatness(spectra: Spectra, power: "Floats", weights: "Floats") -> float:
    import numpy as np

    ratio = np.empty_like(weights)
    for rows in spectra.blocks():
        floored = np.maximum(power[rows], 1e-12)
        ratio[rows] = np.exp(np.log(floored).mean(axis=1)) / floored.mean(axis=1)
    return float(ratio @ weights)


def _zero_crossings(spectra: Spectra) -> float:
    import numpy as np

    audible = spectra.mono[np.abs(spectra.mono) > _AUDIBLE]
    return float(np.count_nonzero(np.diff(np.signbit(audible))) / spectra.seconds)


def _bands(spectra: Spectra, power: "Floats") -> dict[str, float]:
    """Return the share of energy of each band up to the Nyquist frequency."""
    nyquist = spectra.sample_rate / 2
    edges = [*(edge for edge in BAND_EDGES if edge < nyquist), min(nyquist, BAND_EDGES[-1])]
    by_bin, hertz = power.sum(axis=0), spectra.frequencies
    sums = {}
    for low, high in pairwise(edges):
        inside = (hertz >= low) & ((hertz < high) if high < nyquist else (hertz <= high))
        sums[f"{low}-{high:.0f} Hz"] = float(by_bin[inside].sum())
    total = sum(sums.values()) or 1.0
    return {name: value / total for name, value in sums.items()}
