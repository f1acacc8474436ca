"""Sections of a piece: its changes of sound, and letters for sections that sound alike.

Boundaries are the tops of the novelty curve of the self-similarity matrix (Foote 2000) over timbre,
chroma and level. Sections are grouped by average linkage, into the number of groups with the best
silhouette (Rousseeuw 1987).
"""

from itertools import pairwise
from string import ascii_uppercase
from typing import TYPE_CHECKING

from engine.audio.features import Section, Undefined
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

SHORTEST = 30.0
"""Length in seconds below which a sound is not divided."""

CEPSTRA = 13
"""Number of mel cepstral coefficients that describe timbre."""

GRID = 0.5
"""Time from step to step in seconds, on which sections are found."""

_REACH = 16
_MARGIN = 3.0
_MOST_LABELS = 6
_LEAST_SILHOUETTE = 0.1
_CHROMA_WEIGHT, _LEVEL_WEIGHT = 0.7, 1.5


def sections(spectra: Spectra) -> tuple[Section, ...]:
    """Return sections that cover the sound without gaps, at a resolution of 0.5 s.

    Raises:
        Undefined: The sound is shorter than 30 s, or silent.
    """
    if spectra.seconds < SHORTEST:
        raise Undefined(f"{spectra.seconds:.1f} s is too short; sections need {SHORTEST:g} s")
    if not spectra.peak:
        raise Undefined("the sound is silent")
    described = _described(spectra)
    times = boundaries(novelty(described), spectra.seconds)
    bounds = [0.0, *times, spectra.seconds]
    labels = _labels(described, bounds)
    return tuple(
        Section(start=start, end=end, label=label)
        for start, end, label in zip(bounds[:-1], bounds[1:], labels, strict=True)
    )


def _described(spectra: Spectra) -> "Floats":
    """Return standard scores of timbre, chroma and level each half second: (steps, features)."""
    values, weights = values_by_step(spectra)
    scores: Floats = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-6) * weights
    return scores


def values_by_step(spectra: Spectra) -> "tuple[Floats, Floats]":
    """Return timbre, chroma and level each half second, and the weights of the features.

    Returns:
        Shape (steps, features): mel cepstral coefficients, levels of three bands and of all in dB,
        chroma; and shape (features,).
    """
    import numpy as np

    bands = spectra.band_levels((20.0, 250.0, 2000.0, 11_025.0))
    level = spectra.band_levels((0.0, 11_025.0))
    steps = int(spectra.seconds / GRID)
    frames = _means(np.hstack([cepstra(spectra.mel), bands, level]), spectra.hop_seconds, steps)
    chroma = _means(spectra.chroma, spectra.chroma_hop_seconds, steps)
    chroma /= np.linalg.norm(chroma, axis=1, keepdims=True) + 1e-9
    weights = np.repeat(
        [1, _LEVEL_WEIGHT, _CHROMA_WEIGHT],
        [CEPSTRA, frames.shape[1] - CEPSTRA, chroma.shape[1]],
    )
    return np.hstack([frames, chroma]), weights


def cepstra(mel: "Floats") -> "Floats":
    """Return 13 mel cepstral coefficients by frame: the cosine transform of levels in dB.

    Args:
        mel: Magnitudes by mel band, of shape (frames, bands).
    """
    import numpy as np

    levels = 20 * np.log10(np.maximum(mel, 1e-5))
    count = mel.shape[1]
    waves = np.cos(np.pi / count * np.outer(np.arange(count) + 0.5, np.arange(CEPSTRA)))
    coefficients: Floats = levels @ waves.astype(np.float32)
    return coefficients


def _means(values: "Floats", hop: float, steps: int) -> "Floats":
    """Return the mean of the frames of each step of the grid, of shape (steps, features)."""
    import numpy as np

    edges = (np.arange(steps + 1) * GRID / hop).round().astype(int).clip(0, len(values))
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, 0, np.float64)])
    means: Floats = np.diff(total[edges], axis=0) / np.maximum(1, np.diff(edges))[:, None]
    return means


def novelty(described: "Floats", reach: int = _REACH) -> "Floats":
    """Return the difference of what is before and after each step, by a checkerboard kernel.

    Args:
        described: Shape (steps, features).
        reach: Steps before and after that are compared.
    """
    import numpy as np

    unit = described / (np.linalg.norm(described, axis=1, keepdims=True) + 1e-9)
    similarity = np.pad(unit @ unit.T, reach, mode="edge")
    offset = np.arange(-reach, reach) + 0.5
    bell = np.exp(-0.5 * (offset / (reach * 0.5)) ** 2) * np.sign(offset)
    kernel, width = np.outer(bell, bell), 2 * reach
    diagonal = range(len(described))
    values = [(similarity[k : k + width, k : k + width] * kernel).sum() for k in diagonal]
    change: Floats = np.maximum(0, np.array(values))
    return change


def boundaries(
    change: "Floats", seconds: float, *, height: float = 0.5, rise: float = 0.3, apart: float = 5.0
) -> list[float]:
    """Return the times of changes that stand out, at least 3 s from the ends of the sound.

    Args:
        change: Novelty by step.
        seconds: Length of the sound.
        height: Least height above the mean, in standard deviations.
        rise: Least height above the surrounding valleys, in standard deviations.
        apart: Least distance in seconds.
    """
    least, prominence = change.mean() + height * change.std(), max(rise * change.std(), 1e-6)
    inner = range(1, len(change) - 1)
    tops = [k for k in inner if change[k - 1] < change[k] >= change[k + 1]]
    kept: list[int] = []
    for top in sorted(tops, key=lambda top: -change[top]):
        is_clear = change[top] >= least and _prominence(change, top) >= prominence
        if is_clear and all(abs(top - other) * GRID >= apart for other in kept):
            kept.append(top)
    times = [top * GRID for top in sorted(kept)]
    return [time for time in times if _MARGIN < time < seconds - _MARGIN]


def _prominence(values: "Floats", top: int) -> float:
    """Return the height of a top above the higher of the valleys towards higher ground."""
    import numpy as np

    height = values[top]
    valleys = []
    for side in (values[:top][::-1], values[top + 1 :]):
        higher = np.flatnonzero(side > height)
        valleys.append(side[: higher[0] if len(higher) else len(side)].min(initial=height))
    return float(height - max(valleys))


def _labels(described: "Floats", bounds: list[float]) -> list[str]:
    """Return a letter for each section, in the order in which groups first appear."""
    import numpy as np

    steps = [round(time / GRID) for time in bounds]
    means = np.array([described[a : max(a + 1, b)].mean(axis=0) for a, b in pairwise(steps)])
    groups = _groups(means)
    order = list(dict.fromkeys(groups))
    return [ascii_uppercase[order.index(group)] for group in groups]


def _groups(means: "Floats") -> list[int]:
    """Return the group of each section: the split into 2 to 6 with the best silhouette, or one."""
    import numpy as np
    from scipy.cluster.hierarchy import fcluster, linkage

    count = len(means)
    if count < 3:
        return list(range(count))
    distances = np.linalg.norm(means[:, None] - means[None], axis=2)
    tree = linkage(distances[np.triu_indices(count, 1)], "average")
    best, chosen = _LEAST_SILHOUETTE, list(range(count))
    for size in range(2, min(_MOST_LABELS, count - 1) + 1):
        groups = fcluster(tree, size, "maxclust")
        fit = _silhouette(distances, groups)
        if fit > best:
            best, chosen = fit, [int(group) for group in groups]
    return chosen


def _silhouette(distances: "Floats", groups: "NDArray[np.int_]") -> float:
    """Return the mean silhouette of a grouping, -1 to 1; members of groups of one count 0."""
    import numpy as np

    names = np.unique(groups)
    if len(names) < 2:
        return -1.0
    sizes = np.array([(groups == name).sum() for name in names])
    sums = np.stack([distances[:, groups == name].sum(axis=1) for name in names], axis=1)
    own = np.searchsorted(names, groups)
    rows = np.arange(len(groups))
    inside = sums[rows, own] / np.maximum(1, sizes[own] - 1)
    others = sums / sizes
    others[rows, own] = np.inf
    outside = others.min(axis=1)
    fits = (outside - inside) / np.maximum(np.maximum(inside, outside), 1e-9)
    return float(np.where(sizes[own] > 1, fits, 0).mean())
