"""Parts of a song and which of them are alike, for songs of any loudness and tempo.

Boundaries are changes of timbre, chroma and level over four bars before and after, on the nearest
first beat of a bar. Two parts are alike if both their sound and the course of their chords are; how
alike they have to be follows from the song, since neighbours are known to differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.audio.features import Rhythm
from engine.audio.sections import CEPSTRA, GRID, SHORTEST, boundaries, novelty, values_by_step
from engine.audio.spectra import Spectra

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

LONGEST_JOINED = 45.0
"""Length in seconds up to which neighbouring parts that are alike are one part."""

_BARS = 4
_FEWEST_STEPS, _MOST_STEPS = 12, 32
_BAR_SECONDS = (1.4, 4.0)
_USUAL_BAR = 2.0
_HEIGHT, _RISE, _APART = 0.2, 0.2, 4.0
_AUDIBLE_DB, _FARTHEST_SCORE = 30.0, 3.0
_LEVEL_COLUMN = CEPSTRA + 3
_FARTHEST, _SHORTEST_PART = 1.0, 3.0
_CHORDS_WEIGHT = 10.0
_FEWEST_BEATS = 4
_UNKNOWN = 0.5
_ALIKE = 0.5
_MOST_GROUPS = 6
_SHORT_END = 0.75
_SIMILARITY_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Parts:
    """Parts of a song.

    Attributes:
        starts: Their starts in seconds, the first one 0.
        groups: Number of the group of parts that sound alike, by part, in order of appearance.
        similarities: Similarity of each two parts, of shape (parts, parts): 1 for the same, 0.5
            where parts are just alike enough for one group.
    """

    starts: tuple[float, ...]
    groups: tuple[int, ...]
    similarities: tuple[tuple[float, ...], ...]


def parts_of(spectra: Spectra, rhythm: Rhythm | None) -> Parts:
    """Return the parts of a song; a song under 30 s is one part.

    Args:
        spectra: The song.
        rhythm: Its beats and bars, or None.
    """
    if spectra.seconds < SHORTEST or not spectra.peak:
        return Parts((0.0,), (0,), ((1.0,),))
    described = _described(spectra)
    change = novelty(described, _reach(rhythm))
    times = boundaries(change, spectra.seconds, height=_HEIGHT, rise=_RISE, apart=_APART)
    starts = _on_bars([0.0, *times], rhythm, spectra.seconds)
    distances = _distances(spectra, rhythm, described, [*starts, spectra.seconds])
    kept, groups = _joined(starts, _groups(distances), spectra.seconds)
    return Parts(tuple(kept), tuple(groups), similarities_of(spectra, rhythm, kept))


def similarities_of(
    spectra: Spectra, rhythm: Rhythm | None, starts: Sequence[float]
) -> tuple[tuple[float, ...], ...]:
    """Return the similarity of each two parts of a song in sound and chords, 0 to 1.

    Args:
        spectra: The song.
        rhythm: Its beats and bars, or None.
        starts: Starts of the parts in seconds, ascending.

    Returns:
        Shape (parts, parts), symmetric. It is halved by each distance that separates groups, which
        follows from how much neighbours differ.
    """
    import numpy as np

    if len(starts) < 2 or not spectra.peak:
        return tuple((1.0,) * len(starts) for _ in starts)
    distances = _distances(spectra, rhythm, _described(spectra), [*starts, spectra.seconds])
    halving = max(_ALIKE * float(np.median(np.diagonal(distances, 1))), 1e-9)
    rows = np.round(0.5 ** (distances / halving), _SIMILARITY_DIGITS).tolist()
    return tuple(tuple(row) for row in rows)


def confidences_of(
    groups: Sequence[int], similarities: Sequence[Sequence[float]]
) -> tuple[float, ...]:
    """Return the confidence in the group of each part, 0 to 1: 0.5 is a toss-up.

    It is half the lead of the similarity to its own group over that to the nearest other one, above
    0.5. A part alone in its group is as similar to it as to itself. The only group has 0.5.

    Args:
        groups: Number of the group of each part.
        similarities: Similarity of each two parts.
    """
    return tuple(
        round(min(1.0, max(0.0, 0.5 + (inside - other) / 2)), _SIMILARITY_DIGITS)
        if other is not None
        else 0.5
        for inside, other in (_nearest(k, groups, similarities[k]) for k in range(len(groups)))
    )


def _nearest(
    part: int, groups: Sequence[int], similar: Sequence[float]
) -> tuple[float, float | None]:
    """Return the mean similarity of a part to its own group and to the nearest other one."""
    means = {}
    for group in set(groups):
        members = [k for k, other in enumerate(groups) if other == group and k != part]
        means[group] = sum(similar[k] for k in members) / len(members) if members else 1.0
    inside = means.pop(groups[part])
    return inside, max(means.values(), default=None)


def _described(spectra: Spectra) -> "Floats":
    """Return scores of each half second by those that can be heard well, of shape (steps, n).

    They are limited, so that a fade does not make all the rest alike.
    """
    import numpy as np

    values, weights = values_by_step(spectra)
    level = values[:, _LEVEL_COLUMN]
    heard = values[level > level.max() - _AUDIBLE_DB]
    scores = (values - heard.mean(axis=0)) / (heard.std(axis=0) + 1e-6)
    limited: Floats = np.clip(scores, -_FARTHEST_SCORE, _FARTHEST_SCORE) * weights
    return limited


def _reach(rhythm: Rhythm | None) -> int:
    """Return the steps of about four bars, 6 to 16 s."""
    import numpy as np

    bar = _USUAL_BAR
    if rhythm and len(rhythm.downbeats) > 2:
        bar = float(np.median(np.diff(rhythm.downbeats)))
    shortest, longest = _BAR_SECONDS
    while bar < shortest:
        bar *= 2
    while bar > longest:
        bar /= 2
    return int(np.clip(round(_BARS * bar / GRID), _FEWEST_STEPS, _MOST_STEPS))


def _on_bars(starts: list[float], rhythm: Rhythm | None, seconds: float) -> list[float]:
    """Move starts to the nearest first beat of a bar within 1 s, except for the first one."""
    moved = starts[:1]
    for start in starts[1:]:
        near = min(rhythm.downbeats if rhythm else (), key=lambda t: abs(t - start), default=start)
        time = near if abs(near - start) <= _FARTHEST else start
        is_apart = moved[-1] + _SHORTEST_PART <= time <= seconds - _SHORTEST_PART
        moved.append(time if is_apart else start)
    return moved


def _distances(
    spectra: Spectra, rhythm: Rhythm | None, described: "Floats", bounds: list[float]
) -> "Floats":
    """Return how much each two parts differ in sound and in chords, of shape (parts, parts)."""
    import numpy as np

    steps = [round(time / GRID) for time in bounds]
    means = np.array([described[a : max(a + 1, b)].mean(axis=0) for a, b in pairwise(steps)])
    distances: Floats = np.linalg.norm(means[:, None] - means[None], axis=2)
    if rhythm is None:
        return distances
    chords = _beat_chroma(spectra, rhythm.beats)
    places = np.searchsorted(np.array(rhythm.beats), np.array(bounds) - 0.1)
    parts = [chords[a : max(a + 1, b)] for a, b in pairwise(places)]
    for row in range(len(parts)):
        for column in range(row):
            other = _CHORDS_WEIGHT * (1 - _likeness(parts[row], parts[column]))
            distances[row, column] += other
            distances[column, row] += other
    return distances


def _beat_chroma(spectra: Spectra, beats: tuple[float, ...]) -> "Floats":
    """Return the mean chroma of each beat, of length 1, of shape (beats, 12)."""
    import numpy as np

    times = np.array([*beats, 2 * beats[-1] - beats[-2]])
    count = len(spectra.chroma)
    frames = (times / spectra.chroma_hop_seconds).round().astype(int).clip(0, count - 1)
    total = np.concatenate([np.zeros((1, 12)), np.cumsum(spectra.chroma, axis=0)])
    sums = total[np.maximum(frames[1:], frames[:-1] + 1)] - total[frames[:-1]]
    units: Floats = sums / (np.linalg.norm(sums, axis=1, keepdims=True) + 1e-9)
    return units


def _likeness(one: "Floats", other: "Floats") -> float:
    """Return the similarity of two courses of chords, 0 to 1, the shorter one at its best place."""
    short, long = sorted((one, other), key=len)
    if len(short) < _FEWEST_BEATS:
        return _UNKNOWN
    places = range(len(long) - len(short) + 1)
    return max(float((short * long[k : k + len(short)]).sum(axis=1).mean()) for k in places)


def _groups(distances: "Floats") -> list[int]:
    """Return the group of each part, by average linkage up to half of what neighbours differ.

    There are at most six groups: more kinds of parts than that are variants.
    """
    import numpy as np
    from scipy.cluster.hierarchy import fcluster, linkage

    count = len(distances)
    if count < 3:
        return list(range(count))
    neighbours = np.diagonal(distances, 1)
    tree = linkage(distances[np.triu_indices(count, 1)], "average")
    groups = fcluster(tree, _ALIKE * np.median(neighbours), "distance")
    if groups.max() > _MOST_GROUPS:
        groups = fcluster(tree, _MOST_GROUPS, "maxclust")
    return [int(group) for group in groups]


def _joined(
    starts: list[float], groups: list[int], seconds: float
) -> tuple[list[float], list[int]]:
    """Join neighbours that are alike, and number the groups in order.

    A short first or last part stays apart: it may be an intro or an outro.
    """
    ends = [*starts[1:], seconds]
    lengths = [end - start for start, end in zip(starts, ends, strict=True)]
    kept = [0]
    for part in range(1, len(starts)):
        is_alike = groups[part] == groups[kept[-1]]
        is_short = ends[part] - starts[kept[-1]] <= LONGEST_JOINED
        is_intro = part == 1 and lengths[0] < _SHORT_END * lengths[1]
        is_outro = part == len(starts) - 1 and lengths[-1] < _SHORT_END * lengths[-2]
        if not (is_alike and is_short) or is_intro or is_outro:
            kept.append(part)
    order = list(dict.fromkeys(groups[part] for part in kept))
    return [starts[part] for part in kept], [order.index(groups[part]) for part in kept]
