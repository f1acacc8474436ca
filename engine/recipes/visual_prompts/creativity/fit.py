"""Fit to the music: nearness to its own music's imagery against that of other music."""

import math
from collections.abc import Sequence

FAINT = 0.004
"""Similarity, and spread of similarities, that means nothing."""


def fit(own: float, others: Sequence[float]) -> float:
    """Return how clearly a prompt is nearer to its own music than to other music, 0 to 100.

    The similarity with the description of the own music is placed among the similarities with the
    others', as a normal percentile: 50 is no nearer than to any other, 84 one standard deviation
    nearer. A prompt that has nothing of its own music is 0.

    Args:
        own: Similarity of the prompt with the description of its own music.
        others: Similarities with the descriptions of other music, one at least.
    """
    mean = sum(others) / len(others)
    spread = math.sqrt(sum((one - mean) ** 2 for one in others) / len(others))
    percentile = (1 + math.erf((own - mean) / (spread + FAINT) / math.sqrt(2))) / 2
    near = max(own, 0.0)
    return 100 * percentile * near / (near + FAINT)
