"""Reasons to end a loop before its last iteration."""

from collections.abc import Sequence
from itertools import pairwise

from engine.recipes.refine.settings import RefineSettings
from engine.recipes.refine.turn import Stop

SAME_SCORE = 1.0
"""Points up to which two scores count as the same in the search for oscillation."""

LENGTH = 4
"""Iterations that have to alternate."""


def stop_after(
    settings: RefineSettings, scores: Sequence[float], bests: Sequence[int], *, is_spent: bool
) -> Stop | None:
    """Return the reason to end a loop after its last turn; None if it continues.

    Args:
        settings: The settings of the job.
        scores: Score of each turn so far, at least one.
        bests: Index of the best turn after each turn.
        is_spent: True if no further image may be generated.
    """
    if scores[-1] >= settings.target_score:
        return "target"
    if len(scores) >= settings.max_iterations:
        return "iterations"
    if is_spent:
        return "budget"
    if _is_flat(settings, scores, bests):
        return "plateau"
    return "oscillation" if settings.stop_oscillating and alternates(scores) else None


def _is_flat(settings: RefineSettings, scores: Sequence[float], bests: Sequence[int]) -> bool:
    if settings.min_gain is None or len(scores) <= settings.patience:
        return False
    before, after = bests[-1 - settings.patience], bests[-1]
    if before == after:
        return True
    # In pairs, a better image may have a lower score; that it won is a gain.
    is_compared = settings.evaluation == "pairwise"
    return not is_compared and scores[after] - scores[before] < settings.min_gain


def alternates(scores: Sequence[float]) -> bool:
    """Return True if the last scores went up and down between the same two values."""
    if len(scores) < LENGTH:
        return False
    last = scores[-LENGTH:]
    steps = [after - before for before, after in pairwise(last)]
    turns = all(one * other < 0 for one, other in pairwise(steps))
    return turns and all(abs(last[at] - last[at - 2]) <= SAME_SCORE for at in range(2, LENGTH))


def comes_back(prompts: Sequence[str], tried: Sequence[str]) -> bool:
    """Return True if there are prompts and each was tried before, apart from its spaces."""
    seen = {_plain(prompt) for prompt in tried}
    return bool(prompts) and all(_plain(prompt) in seen for prompt in prompts)


def _plain(prompt: str) -> str:
    return " ".join(prompt.split()).casefold()
