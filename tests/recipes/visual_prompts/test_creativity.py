"""Creativity of prompts: what scores high, what scores low, and what is undefined."""

import random
import statistics
from itertools import pairwise

import numpy as np
import pytest

import safelight
from engine.audio.features import Features, Key, Mood, Timbre
from engine.recipes.visual_prompts.creativity.imagery import (
    AXES,
    contrasts,
    description,
    positions,
)
from engine.recipes.visual_prompts.creativity.length import at_constant_length
from engine.recipes.visual_prompts.creativity.measure import (
    TYPICAL_WORDS,
    Sample,
    blocks,
    measure,
    texts_of,
)
from engine.recipes.visual_prompts.creativity.model import DIMENSIONS, WEIGHTS, Creativity
from engine.text.errors import UserError
from engine.text.tfidf import tfidf
from tests.recipes.visual_prompts.creativity_texts import (
    BRIGHT,
    DARK,
    MARKET,
    SALAD,
    STORM,
    music,
    varied,
)


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    return varied()


@pytest.fixture(scope="module")
def measured(corpus: list[str]) -> list[Creativity]:
    samples = [Sample(corpus[at : at + 5], music(at)) for at in range(0, 40, 5)]
    found = measure(samples, tfidf(texts_of(samples)), typical=TYPICAL_WORDS)
    return [one for row in found for one in row]


def of(prompt: str, others: tuple[str, ...] = (MARKET,)) -> Creativity:
    return safelight.creativity(prompt, DARK, others=others, corpus=varied(10))


def test_prose_scores_well():
    found = of(STORM)
    assert found.overall is not None
    assert found.overall > 50
    assert found.alignment == found.fit
    assert found.words == len(STORM.split())


@pytest.mark.parametrize(
    "prompt",
    [
        pytest.param("", id="empty"),
        pytest.param("  \n", id="blank"),
        pytest.param("A boat.", id="short"),
        pytest.param(SALAD, id="keywords"),
        pytest.param(SALAD.replace(",", ""), id="keywords without commas"),
        pytest.param(SALAD.replace(",", ".").title(), id="keywords as sentences"),
        pytest.param("A red boat drifts on the calm lake at dawn. " * 12, id="repeated"),
        pytest.param("the of and a in it is " * 20, id="function words"),
        pytest.param("?!… — 12 34 " * 9, id="no words"),
    ],
)
def test_what_is_no_prompt_scores_low_in_all(prompt):
    found = of(prompt)
    assert found.overall is not None
    assert found.overall < 15
    assert all(getattr(found, name) < 30 for name in DIMENSIONS)


def test_keywords_among_function_words_gain_little():
    words = [*SALAD.replace(",", "").split(), *["the", "of", "and", "a", "in"] * 6]
    random.Random(3).shuffle(words)
    assert of(" ".join(words)).overall < 0.6 * of(STORM).overall


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_words_score_under_their_prose(seed):
    words = STORM.split()
    random.Random(seed).shuffle(words)
    assert of(" ".join(words)).overall < 0.6 * of(STORM).overall


@pytest.mark.parametrize("source", ["others", "corpus"])
def test_a_copied_prompt_scores_low(source):
    found = safelight.creativity(STORM, DARK, **{source: (STORM, MARKET)})
    assert found.copied == 1
    assert found.originality < 1
    assert found.overall < 1


def test_a_partly_copied_prompt_loses_that_part():
    half = STORM[: len(STORM) // 2]
    mixed = safelight.creativity(half + " " + MARKET, DARK, others=(STORM,))
    assert 0.2 < mixed.copied < 0.8
    assert mixed.overall < of(MARKET, others=()).overall


def test_in_a_corpus_the_later_of_two_equal_prompts_is_the_copy():
    samples = [Sample([STORM], DARK), Sample([MARKET, STORM], BRIGHT)]
    first, second = measure(samples, tfidf(texts_of(samples)), typical=TYPICAL_WORDS)
    assert (first[0].copied, second[1].copied) == (0, 1)
    assert second[1].overall < 1 < first[0].overall


def test_a_prompt_fits_its_own_music_better_than_the_opposite():
    for prompt, own, other in ((STORM, DARK, BRIGHT), (MARKET, BRIGHT, DARK)):
        right = safelight.creativity(prompt, own).fit
        wrong = safelight.creativity(prompt, other).fit
        assert right > wrong + 15


def test_every_dimension_is_spread(measured):
    for name in (*DIMENSIONS, "overall"):
        values = [getattr(one, name) for one in measured]
        assert len(set(values)) >= 25, name
        assert statistics.stdev(values) >= 3, name
        assert max(values) - min(values) >= 15, name
        assert values.count(0) <= 6, name
        assert max(values) < 100, name


def test_no_dimension_is_another_one(measured):
    columns = np.array([[getattr(one, name) for name in DIMENSIONS] for one in measured])
    square = np.corrcoef(columns.T) - np.eye(len(DIMENSIONS))
    assert np.abs(square).max() < 0.98


def test_with_length_held_constant_length_explains_nothing(measured):
    logs = np.log([one.words + 1 for one in measured])
    for name in (*DIMENSIONS, "overall"):
        values = [one.at_length[name] for one in measured]
        assert abs(np.corrcoef(logs, values)[0, 1]) < 0.1, name
    plain = [one.elaboration for one in measured]
    assert np.corrcoef(logs, plain)[0, 1] > 0.5


def test_overall_is_the_weighted_mean(measured):
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    for one in measured:
        mean = sum(weight * getattr(one, name) for name, weight in WEIGHTS.items())
        assert one.overall == pytest.approx(mean * (1 - one.copied), abs=0.02)


def test_more_ideas_are_more_fluent():
    short = "A boat lies on the lake. The lake is calm and the boat is red, and it is a calm day. "
    long = short + "A heron stands by the reeds, while a child on the pier holds a paper lantern."
    assert of(long).fluency > of(short).fluency + 5


def test_without_other_prompts_stock_images_take_their_place():
    found = safelight.creativity(STORM, DARK)
    assert found.compared == "stock"
    assert found.originality > 50
    assert of(STORM).compared == "prompts"


@pytest.mark.parametrize(
    "features", [None, {}, {"tempo": 0, "tonality": "?"}, {"tempo": True}, {"tempo": "fast"}]
)
def test_without_features_the_fit_is_none_with_a_reason(features):
    found = safelight.creativity(STORM, features)
    assert found.fit is None
    assert "no features" in found.undefined["fit"]
    assert found.overall > 30


def test_another_script_is_undefined_and_gets_no_mark():
    found = safelight.creativity("별빛이 흐르는 강가에 붉은 배가 떠 있다. 바람이 분다.", DARK)
    assert found.overall is None
    assert all(getattr(found, name) is None and found.undefined[name] for name in DIMENSIONS)


def test_few_prompts_have_no_constant_length():
    found = safelight.creativity(STORM, DARK, others=(MARKET,))
    assert found.at_length["overall"] is None
    assert "fewer than 8" in found.undefined["at_length.overall"]
    assert at_constant_length([10] * 9, [1.0] * 9) == [None] * 9


def test_without_scikit_learn_the_command_is_named(monkeypatch):
    def absent(texts):
        raise ImportError("No module named 'sklearn'")

    monkeypatch.setattr("engine.recipes.visual_prompts.creativity.measure.tfidf", absent)
    with pytest.raises(UserError, match=r"safelight\[audio\]"):
        safelight.creativity(STORM, DARK)


def test_features_and_the_eight_keys_agree_on_the_direction():
    features = Features(
        seconds=10,
        sample_rate=16000,
        channels=1,
        key=Key(tonic="D", mode="minor", confidence=1, runner_up="F major", runner_up_confidence=0),
        rhythm=None,
        melody=None,
        chords=None,
        dynamics=None,
        timbre=Timbre(
            centroid=900,
            bandwidth=500,
            rolloff=2000,
            flatness=0,
            zero_crossings=100,
            percussive=0,
            bands={},
            brightness=0.2,
        ),
        sections=None,
        mood=Mood(valence=-0.8, arousal=-0.5, label="sad"),
    )
    place = positions(features)
    assert place["light"] == pytest.approx(-0.7)
    assert place["surface"] == pytest.approx(-0.6)
    assert {"force", "height"}.isdisjoint(place)
    assert positions(DARK)["light"] < 0 < positions(BRIGHT)["light"]


def test_the_further_the_more_words():
    lengths = [len(description({"light": value}).split()) for value in (0.2, 0.5, 0.8, 1.0)]
    assert all(one < other for one, other in pairwise(lengths))
    assert description({"light": 0.1}) == ""
    assert len(set(contrasts())) == 16
    for axis in AXES.values():
        assert not set(axis.low) & set(axis.high)


def test_blocks_fit_into_a_request_and_lose_nothing():
    samples = [Sample([f"{text} {at}"], music(at)) for at, text in enumerate(varied(30))]
    found = list(blocks(samples, 40))
    assert [one for block in found for one in block] == samples
    assert len(found) > 1
    assert all(len(texts_of(block)) <= 40 for block in found)


def test_vectors_must_be_those_of_the_texts():
    with pytest.raises(ValueError, match="vectors for"):
        measure([Sample([STORM])], np.zeros((3, 2), np.float32))
