"""Reasons to end a loop, from scores alone."""

from typing import Any

import pytest

from engine.recipes.refine.settings import RefineSettings
from engine.recipes.refine.stops import alternates, comes_back, stop_after

NEVER = {"max_iterations": 20, "target_score": 100}


def stop(scores: list[float], *, is_spent: bool = False, **settings: Any) -> str | None:
    """The reason to stop after some scores, of which the best is by the score."""
    bests = [scores.index(max(scores[: at + 1])) for at in range(len(scores))]
    chosen = RefineSettings.model_validate({**NEVER, **settings})
    return stop_after(chosen, scores, bests, is_spent=is_spent)


@pytest.mark.parametrize(
    ("scores", "settings", "reason"),
    [
        ([50], {}, None),
        ([50, 90], {"target_score": 90}, "target"),
        ([50, 40], {"max_iterations": 2}, "iterations"),
        ([50, 40, 30], {}, None),
        ([50], {"min_gain": 5}, None),
        ([50, 54], {"min_gain": 5}, "plateau"),
        ([50, 55], {"min_gain": 5}, None),
        ([50, 40], {"min_gain": 0}, "plateau"),
        ([50, 51, 40], {"min_gain": 5, "patience": 2}, "plateau"),
        ([50, 51], {"min_gain": 5, "patience": 2}, None),
        ([50, 40, 60], {"min_gain": 5, "patience": 2}, None),
        ([40, 60, 40, 60], {}, None),
        ([40, 60, 40, 60], {"stop_oscillating": True}, "oscillation"),
        ([40, 60, 45, 60], {"stop_oscillating": True}, None),
    ],
)
def test_a_loop_stops_for_the_reason(
    scores: list[float], settings: dict[str, Any], reason: str | None
) -> None:
    assert stop(scores, **settings) == reason


def test_the_target_comes_before_the_budget_and_the_budget_before_a_plateau() -> None:
    assert stop([50, 95], target_score=90, is_spent=True) == "target"
    assert stop([50, 50], min_gain=1, is_spent=True) == "budget"


def test_in_pairs_a_win_is_a_gain_whatever_the_scores() -> None:
    chosen = RefineSettings(**NEVER, evaluation="pairwise", min_gain=5)
    assert stop_after(chosen, [60, 50], [0, 1], is_spent=False) is None
    assert stop_after(chosen, [60, 70], [0, 0], is_spent=False) == "plateau"


def test_scores_alternate_only_up_and_down_between_the_same_values() -> None:
    assert alternates([1, 9, 1.5, 8.5])
    assert not alternates([1, 9, 1])
    assert not alternates([5, 5, 5, 5])


def test_prompts_come_back_whatever_their_spaces() -> None:
    assert comes_back(["a  Red boat"], ["a red boat"])
    assert not comes_back(["a red boat", "new"], ["a red boat"])
    assert not comes_back([], ["a red boat"])
