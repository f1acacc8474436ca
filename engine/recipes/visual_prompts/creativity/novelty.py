"""Originality: distance from other prompts; and the part of a prompt that was copied."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from engine.text.words import words

RUN = 6
"""Words in a row that count as copied if another prompt has them too."""

NEAREST = 5
"""Nearest prompts of the corpus that originality is measured from."""

STOCK = (
    (
        "A beautiful landscape with a breathtaking sunset over majestic mountains, vibrant colors "
        "filling the sky, reflecting on a serene lake. Highly detailed, cinematic lighting."
    ),
    (
        "A lone figure stands on a cliff overlooking the ocean at sunset, with dramatic clouds and "
        "golden light. The mood is melancholic yet hopeful."
    ),
    (
        "A mystical forest with glowing lights and soft mist, ethereal beams of light streaming "
        "through ancient trees, creating a dreamlike atmosphere."
    ),
    (
        "A futuristic city at night with neon lights reflecting on wet streets, towering "
        "skyscrapers and flying cars, in deep blues, purples and pinks."
    ),
    (
        "An abstract swirl of vibrant colors flowing like waves, with energetic brush strokes and "
        "dynamic shapes that dance across the canvas."
    ),
    (
        "A vast starry night sky with a swirling galaxy above a quiet field, shades of deep blue "
        "and purple, evoking wonder and tranquility."
    ),
    (
        "A woman in a flowing dress dances in a field of flowers under the warm glow of the golden "
        "hour, petals floating around her in the gentle breeze."
    ),
    (
        "A dark and moody scene of a winding road through fog, bare trees reaching like hands, a "
        "dim light glowing in the distance, evoking mystery."
    ),
)
"""Stock images, to measure from if a prompt has no other prompts around it."""


def originality(siblings: Sequence[float], corpus: Sequence[float], typical: float) -> float | None:
    """Return the distance of a prompt from others, 0 (a copy) to 100; None without others.

    The nearest prompt of its own sample and the mean of the five nearest of the corpus count
    alike (their geometric mean), so that a copy of either is 0.

    Args:
        siblings: Similarity with each other prompt of its sample, at most 1.
        corpus: Similarity with each prompt of other samples.
        typical: Similarity that halves a distance: that of two prompts of one subject.
    """
    parts = []
    if siblings:
        parts.append(_distance(max(siblings), typical))
    if corpus:
        near = sorted(corpus)[-NEAREST:]
        nearest = min(max(near[-1], 0.0), 1.0)
        parts.append(min(_distance(sum(near) / len(near), typical), 1 - nearest**4))
    return 100 * math.prod(parts) ** (1 / len(parts)) if parts else None


def _distance(similarity: float, typical: float) -> float:
    near = min(max(similarity, 0.0), 1.0)
    return (1 - near) / (1 + near / typical)


def copied(texts: Sequence[str]) -> list[float]:
    """Return the share of each text's six-word runs that stand in another one as well, 0 to 1.

    The first of equal texts counts as the original, and the later ones as copies.
    """
    split = [words(text) for text in texts]
    first: dict[tuple[str, ...], int] = {}
    for at, listed in enumerate(split):
        for run in _runs(listed):
            first.setdefault(run, at)
    return [_share(first[run] < at for run in _runs(listed)) for at, listed in enumerate(split)]


def _runs(listed: list[str]) -> list[tuple[str, ...]]:
    return [tuple(listed[at : at + RUN]) for at in range(len(listed) - RUN + 1)]


def _share(values: Iterable[bool]) -> float:
    counts = Counter(values)
    return counts[True] / counts.total() if counts else 0.0
