"""Judging takes: good ones score high, broken ones low, and each problem has its words."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.measures import measure_sound
from engine.audio.sound import Sound
from engine.recipes.sound_effect.judging import Judgement, best_take, events, judge
from engine.recipes.sound_effect.rules.refining import refined
from engine.recipes.sound_effect.wishes import Wishes, wishes_of
from tests.support.optional import needs

needs("scipy")

RATE = 16_000
WALK = "boots walking on wood"

Floats = NDArray[np.floating[Any]]


def take(prompt: str, seconds: float = 4, seed: int = 3) -> Floats:
    """Return a take of the synthesiser, of shape (2, frames)."""
    from engine.audio.synthesis.description import describe
    from engine.audio.synthesis.effect import synthesise

    return synthesise(describe(prompt), seconds, RATE, seed).samples


def judged(samples: Floats, prompt: str = WALK, seconds: float = 4) -> Judgement:
    """Return the judgement of samples for a prompt."""
    sound = Sound(np.asarray(samples, np.float32), RATE)
    return judge(measure_sound(sound), wishes_of(prompt, seconds))


def names(judgement: Judgement) -> set[str]:
    """Return the names of the problems."""
    return {problem.name for problem in judgement.problems}


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("heavy boots walking on marble floor", Wishes(6, pace=106, is_sustained=True)),
        ("sneakers running on gravel", Wishes(6, pace=172, is_sustained=True)),
        ("three knocks on a wooden door", Wishes(6, count=3)),
        ("rain on a tin roof", Wishes(6, is_sustained=True)),
        ("glass shattering", Wishes(6)),
        ("", Wishes(6)),
    ],
)
def test_wishes_of_words(prompt: str, wishes: Wishes) -> None:
    assert wishes_of(prompt, 6) == wishes


def test_a_walk_meets_the_wish_for_a_walk() -> None:
    judgement = judged(take(WALK))
    assert judgement.score > 95
    assert judgement.problems == ()
    assert judgement.aspects.keys() == {"length", "presence", "pace", "cleanness", "phase"}


def test_scores_of_a_backend_count_as_two_more_aspects() -> None:
    measures = measure_sound(Sound(np.asarray(take(WALK), np.float32), RATE))
    wishes = wishes_of(WALK, 4)
    plain = judge(measures, wishes)
    scores = {"clap": 20.0, "audiobox_quality": 60.0, "audiobox_complexity": 10.0}
    scored = judge(measures, wishes, scores)
    assert scored.aspects == {**plain.aspects, "prompt_fit": 20.0, "quality": 60.0}
    assert scored.score < plain.score - 15
    assert scored.problems[0].name == "prompt_fit"
    assert "CLAP scores their fit 20 of 100" in scored.problems[0].message
    assert names(judge(measures, wishes, {"clap": 80.0})) == set()
    silent = judge(measure_sound(Sound(np.zeros((2, RATE), np.float32), RATE)), wishes, scores)
    assert (silent.score, silent.aspects) == (0, {})


def test_a_run_does_not_meet_the_wish_for_a_walk() -> None:
    judgement = judged(take("boots running on wood"))
    assert names(judgement) == {"pace"}
    assert judgement.problems[0].message == "The steps come at 172 a minute, not at 106 a minute."
    assert judgement.score < judged(take(WALK)).score - 15


def test_noise_in_place_of_steps_has_no_pace() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 4 * RATE))
    judgement = judged(noise)
    assert judgement.aspects["pace"] == 0
    assert "The steps have no regular pace" in judgement.problems[0].message


@pytest.mark.parametrize("samples", [np.zeros((2, RATE)), np.full((2, RATE), np.nan)])
def test_a_sound_of_no_use_scores_nothing(samples: Floats) -> None:
    judgement = judged(samples)
    assert judgement.score == 0
    assert len(judgement.problems) == 1


def test_every_fault_costs_points() -> None:
    whole = take(WALK)
    half = whole.copy()
    half[:, 2 * RATE :] = 0
    faults = {
        "clipped": (4 * whole).clip(-1, 1),
        "offset": 0.5 * whole + np.float32(0.1),
        "inverted": whole[:1] * np.array([[1], [-1]]),
        "early_end": half,
        "length": whole[:, : 3 * RATE],
        "late_start": np.pad(whole, ((0, 0), (RATE, 0)))[:, : 4 * RATE],
    }
    best = judged(whole).score
    for name, samples in faults.items():
        judgement = judged(samples)
        assert names(judgement) >= {name}
        assert judgement.score < best


def test_a_single_sound_may_end_early() -> None:
    judgement = judged(take("glass shattering", 6), "glass shattering", 6)
    assert "early_end" not in names(judgement)
    assert judgement.aspects["presence"] > 95


def test_knocks_are_counted() -> None:
    knock = np.random.default_rng(2).normal(0, 0.2, RATE // 10) * np.geomspace(1, 1e-3, RATE // 10)
    samples = np.zeros((2, 2 * RATE))
    for start in (0.1, 0.6):
        samples[:, round(start * RATE) : round(start * RATE) + len(knock)] += knock
    assert judged(samples, "two knocks", 2).aspects["count"] == 100
    judgement = judged(samples, "three knocks", 2)
    assert names(judgement) == {"count"}
    assert judgement.problems[0].message == "It has 2 sounds, not 3."


def test_onsets_of_one_sound_count_once() -> None:
    assert events((0.1, 0.2, 0.6, 0.7, 1.2)) == 3
    assert events(()) == 0


def test_the_best_take_and_why() -> None:
    run, walk = judged(take("boots running on wood")), judged(take(WALK))
    silent = judged(np.zeros((2, RATE)))
    best = best_take({1: run, 2: walk, 3: silent})
    assert best.number == 2
    assert "take 1 is next" in best.reason
    assert "They differ most in pace: 100 against " in best.reason
    assert best_take({5: silent, 4: silent}).number == 4
    assert best_take({5: run}).reason == "It is the only take."
    with pytest.raises(ValueError, match="no takes"):
        best_take({})


def test_words_against_the_problems() -> None:
    judgement = judged(take("boots running on wood"))
    wishes = wishes_of(WALK, 4)
    better = refined(WALK, "", judgement.problems, wishes)
    assert better.prompt == "boots walking on wood, steady, 106 steps per minute"
    assert len(better.changes) == 1
    assert wishes_of(better.prompt, 4) == wishes
    again = refined(better.prompt, "", judgement.problems, wishes)
    assert again.prompt == better.prompt
    assert again.changes == ()


def test_faults_go_to_the_negative_prompt() -> None:
    clipped = judged((4 * take(WALK)).clip(-1, 1))
    better = refined(WALK, "music", clipped.problems, wishes_of(WALK, 4))
    assert better.prompt == WALK
    assert better.negative_prompt == "music, distortion, clipping"


def test_a_prompt_does_not_grow_without_end() -> None:
    judgement = judged(take("boots running on wood"))
    long = "wood " * 399
    assert refined(long, "", judgement.problems, wishes_of(WALK, 4)).prompt == long
