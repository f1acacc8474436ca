import numpy as np
import pytest

from engine.backends.builtin.painter.paint import paint
from engine.imaging.lineage import Lineage, stamp
from engine.imaging.vocabulary.expectations import understand
from engine.recipes.refine.rules.critic import evaluate
from tests.backends.builtin.images import flat, png


def ramp(low: float, high: float, tint: tuple[float, float, float] = (1, 1, 1)) -> bytes:
    levels = np.linspace(low, high, 96)[:, None, None]
    return png(np.broadcast_to(levels * np.array(tint), (96, 96, 3)))


def test_a_dark_image_answers_a_night_better_than_a_bright_one():
    night = "a lake at night"
    dark, middle, bright = ramp(0, 0.25), ramp(0.2, 0.5), ramp(0.6, 1.0)
    scores = [evaluate(image, night).score for image in (dark, middle, bright)]
    assert scores == sorted(scores, reverse=True)
    assert evaluate(bright, "a lake at noon").score > evaluate(dark, "a lake at noon").score


def test_more_of_an_asked_colour_scores_higher_until_there_is_enough():
    image = flat((0.75, 0.72, 0.7), 100, 100)
    scores = []
    for columns in (0, 4, 10, 24, 40):
        image[:, :columns] = (0.09, 0.5, 0.5)
        scores.append(evaluate(png(image), "teal").score)
    assert scores == sorted(scores)
    assert scores[0] < scores[2] < scores[3]


def test_a_subject_on_the_asked_side_scores_higher():
    left = flat((0.6, 0.6, 0.6), 100, 100)
    left[30:70, 15:35] = (0.1, 0.1, 0.1)
    right = left[:, ::-1]
    asked = "a fox on the left"
    assert (
        evaluate(png(left), asked).score > evaluate(png(np.ascontiguousarray(right)), asked).score
    )


def test_warm_and_cold_moods():
    orange, blue = ramp(0.3, 0.8, (1, 0.75, 0.5)), ramp(0.3, 0.8, (0.5, 0.75, 1))
    assert evaluate(orange, "cosy").score > evaluate(blue, "cosy").score
    assert evaluate(blue, "icy").score > evaluate(orange, "icy").score


def test_the_judgement_says_what_it_means():
    found = evaluate(ramp(0.7, 1.0), "a red fox at night, teal, dramatic")
    assert 0 <= found.score <= 100
    assert "darker" in found.missing
    assert any("teal" in phrase for phrase in found.missing)
    assert any(reason.startswith("night") and "not met" in reason for reason in found.reasons)
    assert "fox" in found.reasons[-1]
    assert "light" in found.description
    assert found.measurements["share:#17807f"] < 0.05


def test_a_brief_without_known_words_is_judged_as_any_image():
    found = evaluate(ramp(0.2, 0.8), "qwertz uiop")
    assert found.score > 50
    assert all("any picture" in reason for reason in found.reasons[:-1])


def test_the_critic_does_not_read_what_an_image_says_about_itself():
    bare = paint("a lake at noon", "", 1, 96, 96)
    told = stamp(
        bare,
        Lineage(prompt="a lake at night", seed=1, width=96, height=96, backend="b", model="m"),
    )
    assert bare != told
    assert evaluate(bare, "a lake at night") == evaluate(told, "a lake at night")


def test_strictness_lowers_what_is_not_met():
    image = ramp(0.3, 0.5)
    lenient, strict = (evaluate(image, "a lake at night", s).score for s in (0.5, 2.0))
    assert strict < lenient


def test_several_words_share_a_measure_and_colours_have_their_own():
    measures = [one.measure for one in understand("night, dramatic, coral, teal").expectations]
    assert len(measures) == len(set(measures))
    assert sum(name.startswith("share:") for name in measures) == 2


@pytest.mark.parametrize("brief", ["", "\x00\x1b[31m", "night " * 40_000, "(" * 9000, "#fff #000"])
def test_any_brief_is_judged(brief):
    assert 0 <= evaluate(ramp(0, 1), brief).score <= 100
