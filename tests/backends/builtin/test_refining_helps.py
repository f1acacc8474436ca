"""Refining a prompt beats trying three seeds, by a measure that neither critic nor refiner reads.

The measure: for each example a *colour script* was written by hand from the words of its prompt
alone, as an art director would: which colours should cover which part of the image. How far an
image is from its script is the sliced Wasserstein distance (N. Bonneel et al., "Sliced and Radon
Wasserstein barycenters of measures", 2015) between the two distributions in CIELAB: the work of
carrying the image's pixels to the script's colours, averaged over fixed directions.

Why this one: it looks at the whole distribution of colours, not at means, ranges or shares of a
hue, which are what the critic measures; it is in another colour space; and its targets come from a
person's reading of the prompt, not from the tables of the critic. It is not unrelated (a night
should be dark by either), for a measure that is unrelated to the brief could show nothing.

Both sides choose their best as an operator would, by the critic's score: of the three attempts of
the loop with one seed, and of three images of the unrefined prompt with three seeds.
"""

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from engine.backends.builtin.painter.paint import paint
from engine.recipes.refine.rules.critic import evaluate
from engine.recipes.refine.rules.refiner import PastAttempt, refine
from tests.backends.builtin.images import EXAMPLES, brief, size
from tests.support.colour_scripts import distance
from tests.support.effort import scaled

# What they share takes long.
pytestmark = [pytest.mark.rounds, pytest.mark.xdist_group("refining helps")]

SIDE = 160
SEEDS = (1, 21, 41)[: scaled(1, 3)]

SCRIPTS = {
    "keeper-of-the-storm": "0b1426 20 18264f 24 2b3a55 22 55636f 18 8a97a3 7 d0312d 4 f2ead0 5",
    "first-light": "fbc39c 26 f7dcc8 18 b39cd6 22 d8c9e6 16 f4f1ee 10 7c7596 8",
    "fox-at-the-edge": "0d1026 20 1f2050 24 3a2f80 16 4f6583 14 b9c0c5 12 e8edf2 8 a8481f 6",
    "ninth-avenue": "0b0a1c 30 1c1240 20 5a1a66 14 c9278f 14 17506b 10 30c3dc 10 f5c86a 2",
    "long-way-home": "c0633f 30 e08a4a 18 f4a91f 16 f6cf85 10 6a2f5e 18 3a1f33 8",
    "nine-o-clock": "9aad8b 28 b9bf9d 14 cf9f2a 14 8a5a35 22 4d3322 12 f0e4c4 10",
    "below-the-blue": "17807f 26 1f9a98 12 18264f 22 134a66 22 7fc4c0 10 0d1a33 8",
    "ringed-world": "07060f 34 1b1033 20 3d2266 14 6d40a8 8 6a2f5e 10 f4a91f 9 8a5a1c 5",
    "red-field": "2f8fdf 28 8fc3ee 14 f5f5f0 10 e0301e 24 1f8f62 16 155f45 8",
    "morning-ascent": "f4e8cb 22 f3d08a 22 dd9c2b 12 fb7a62 14 f6b79b 12 a9955a 12 efe3cf 6",
    "red-gate": "133a58 30 0f2740 14 3b5b80 12 e0708c 20 b98aa4 12 e34a27 8 2a2436 4",
    "counterpoint": "fb7a62 25 17807f 25 cf9f2a 22 f4e8cb 28",
}
"""Colours and the percentage of the image that each should cover, from the prompt's words."""


@dataclass
class Outcome:
    """One example and base seed: distances (best by score first) and scores of both ways."""

    loop: float
    seeds: float
    first: float
    first_score: float
    loop_score: float
    seeds_score: float


def outcome(example: dict, seed: int) -> Outcome:
    text, negative = brief(example), example.get("negative_prompt", "")
    width, height = size(example, SIDE)
    attempts: list[PastAttempt] = []
    images: list[bytes] = []
    prompt = text
    for _ in range(3):
        images.append(paint(prompt, negative, seed, width, height))
        found = evaluate(images[-1], text)
        attempts.append(
            PastAttempt(prompt=prompt, score=found.score, measurements=found.measurements)
        )
        prompt = refine(text, attempts).prompt
    scores = [attempt.score for attempt in attempts]
    others = [images[0], *(paint(text, negative, seed + n, width, height) for n in (1, 2))]
    other_scores = [evaluate(image, text).score for image in others]
    script = SCRIPTS[example["id"]]
    return Outcome(
        loop=distance(images[int(np.argmax(scores))], script),
        seeds=distance(others[int(np.argmax(other_scores))], script),
        first=distance(images[0], script),
        first_score=scores[0],
        loop_score=max(scores),
        seeds_score=max(other_scores),
    )


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    return [outcome(example, seed) for example in EXAMPLES for seed in SEEDS]


def mean(outcomes: list[Outcome], name: str) -> float:
    return float(np.mean([getattr(one, name) for one in outcomes]))


@pytest.mark.slow
def test_the_loop_beats_three_seeds_by_the_independent_measure(outcomes):
    assert mean(outcomes, "loop") < 0.95 * mean(outcomes, "seeds")
    wins = sum(one.loop < one.seeds for one in outcomes)
    assert wins > 0.5 * len(outcomes)


@pytest.mark.slow
def test_the_loop_comes_closer_to_the_script_than_its_own_first_attempt(outcomes):
    assert mean(outcomes, "loop") < 0.93 * mean(outcomes, "first")


@pytest.mark.slow
def test_the_score_rises_visibly_on_most_examples(outcomes):
    assert 50 < mean(outcomes, "first_score") < 80
    assert mean(outcomes, "loop_score") > mean(outcomes, "first_score") + 10
    assert mean(outcomes, "loop_score") > mean(outcomes, "seeds_score")
    assert sum(one.loop_score > one.first_score + 5 for one in outcomes) > 0.6 * len(outcomes)


def test_the_distance_knows_right_from_wrong():
    script = "0b1426 50 ffffff 50"
    halves = np.zeros((64, 64, 3), np.uint8)
    halves[:32], halves[32:] = (0x0B, 0x14, 0x26), 255
    out = io.BytesIO()
    Image.fromarray(halves).save(out, "PNG")
    assert distance(out.getvalue(), script) < 0.01
    assert distance(out.getvalue(), "ff0000 100") > 20
