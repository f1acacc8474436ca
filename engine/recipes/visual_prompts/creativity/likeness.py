"""Overlap of the words of prompts (Jaccard), within samples and across."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.recipes.visual_prompts.creativity.numbers import effect, summary
from engine.text.words import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 1500
"""Prompts that are compared across samples at most; an even choice of them if there are more."""


def word_overlap(
    texts: Sequence[str], samples: Sequence[int], modes: Sequence[str]
) -> dict[str, Any]:
    """Return the Jaccard index of word sets of pairs of prompts, by group, with effect sizes.

    Groups: two convergent prompts of one sample, two divergent ones of one sample, any two of
    different samples.

    Args:
        texts: The prompts.
        samples: Sample of each.
        modes: Mode of each.
    """
    groups = _groups(texts, samples, modes)
    tight, loose, across = groups.values()
    return {
        **{name: summary(values) for name, values in groups.items()},
        "effects": {
            "convergent_over_divergent": effect(tight, loose),
            "divergent_over_across": effect(loose, across),
            "convergent_over_across": effect(tight, across),
        },
        "ordered": _is_ordered(tight, loose, across),
    }


def _is_ordered(tight: list[float], loose: list[float], across: list[float]) -> bool | None:
    if not (tight and loose and across):
        return None
    means = [sum(group) / len(group) for group in (tight, loose, across)]
    return means[0] > means[1] > means[2]


def _groups(
    texts: Sequence[str], samples: Sequence[int], modes: Sequence[str]
) -> dict[str, list[float]]:
    import numpy as np

    step = -(-len(texts) // MOST) if len(texts) > MOST else 1
    chosen = [at for at in range(len(texts)) if samples[at] % step == 0]
    square = _jaccard([texts[at] for at in chosen])
    sample = np.array([samples[at] for at in chosen])
    mode = np.array([modes[at] for at in chosen])
    rows, columns = np.triu_indices(len(chosen), 1)
    same, alike = sample[rows] == sample[columns], mode[rows] == mode[columns]
    values = square[rows, columns]
    return {
        "within_convergent": values[same & alike & (mode[rows] == "convergent")].tolist(),
        "within_divergent": values[same & alike & (mode[rows] == "divergent")].tolist(),
        "across_samples": values[~same].tolist(),
    }


def _jaccard(texts: Sequence[str]) -> "NDArray[np.float32]":
    import numpy as np

    sets = [set(words(text)) for text in texts]
    column = {word: at for at, word in enumerate(sorted(set().union(*sets)))}
    table = np.zeros((len(texts), len(column)), np.float32)
    for row, own in enumerate(sets):
        table[row, [column[word] for word in own]] = 1
    shared, sizes = table @ table.T, table.sum(axis=1)
    union = sizes[:, None] + sizes[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1), dtype=np.float32)
