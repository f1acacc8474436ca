import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backends.builtin import FAMILY, scorers
from engine.backends.builtin.painter.paint import paint
from engine.backends.builtin.scorers import SCORERS, marks
from engine.contract.backend import Artifact
from engine.contract.errors import Permanent
from engine.contract.score import CompareRequest, ScoreProxy
from engine.imaging.measure.likeness import (
    cielab,
    imprint,
    layout_similarity,
    palette_distance,
)
from engine.recipes.refine.rules.critic import evaluate
from tests.backends.builtin.images import flat, png
from tests.backends.builtin.test_backends import Context, backend
from tests.support.effort import scaled

LEARNED = ("pickscore", "clip_score", "clipscore", "vqascore", "vqa_score", "aesthetic", "hps",
           "image_reward", "imagereward")  # fmt: skip


def value(metric: str, image: bytes, prompt: str = "") -> float:
    ((mark,),) = marks([image], prompt, [metric])
    assert mark[1] is not None
    return mark[1]


def spot(x: float, y: float, side: int = 90) -> bytes:
    """A light disc on dark, its centre at x and y of 0..1."""
    down, across = np.mgrid[0:side, 0:side] / side
    disc = (across - x) ** 2 + (down - y) ** 2 < 0.06**2
    return png(np.where(disc[..., None], 0.95, 0.1) * np.ones(3))


def bands(*colours: tuple[float, float, float]) -> bytes:
    return png(np.concatenate([flat(colour, 90, 30) for colour in colours]))


def test_none_bears_the_name_of_a_model():
    assert not set(SCORERS) & set(LEARNED)
    said = " ".join(one.method for one in SCORERS.values()).casefold()
    assert not any(name.replace("_", "") in said.replace("_", "") for name in LEARNED)
    assert all("v1" in one.method for one in SCORERS.values())


def test_the_scorers_read_no_clock_and_no_chance():
    source = inspect.getsource(scorers)
    assert "random" not in source
    assert "time" not in source.replace("times", "")


def test_brief_match_is_the_critics_score():
    image = paint("a castle at night", "", 3, 96, 96)
    ((mark,),) = marks([image], "a castle at night", ["brief_match"])
    assert mark[1] == pytest.approx(evaluate(image, "a castle at night").score, abs=0.01)
    assert mark[0] == pytest.approx(mark[1] / 100, abs=1e-3)


@pytest.mark.parametrize("good", [(1 / 3, 1 / 3), (2 / 3, 0.5), (0.5, 0.5), (2 / 3, 2 / 3)])
def test_a_subject_on_a_good_place_is_better_composed_than_one_in_the_corner(good):
    assert value("composition", spot(*good)) > 95
    assert value("composition", spot(0.05, 0.94)) < 50


@pytest.mark.parametrize("size", [(90, 45), (45, 90)])
def test_composition_is_in_parts_of_the_diagonal_at_any_shape(size):
    wide, high = size
    pixels = flat((0.1, 0.1, 0.1), wide, high)
    pixels[high // 2 - 3 : high // 2 + 3, :3] = 0.95
    ((mark,),) = marks([png(pixels)], "", ["composition"])
    gap = (1 / 3 - 1.5 / wide) * wide / np.hypot(wide, high)
    assert mark[0] == pytest.approx(gap, abs=0.03)


def test_tonal_range_is_linear_in_lightness_until_it_is_full():
    def ramp(low: float, high: float) -> bytes:
        return png(np.linspace(low, high, 64)[:, None, None] * np.ones((64, 64, 3)))

    narrow, wider, full = ramp(0.4, 0.5), ramp(0.2, 0.7), ramp(0, 1)
    assert value("tonal_range", narrow) < value("tonal_range", wider) < 100
    assert value("tonal_range", full) == 100
    assert value("tonal_range", png(flat((0.5, 0.5, 0.5)))) == 0


def test_blur_lowers_sharpness():
    noise = np.random.default_rng(1).uniform(size=(96, 96, 1)) * np.ones(3)
    shifted = [np.roll(noise, (a, b), (0, 1)) for a in range(5) for b in range(5)]
    soft = np.mean(shifted, axis=0)
    assert value("sharpness", png(soft)) < value("sharpness", png(noise))


def test_hues_that_fit_a_template_are_in_harmony_and_scattered_ones_are_not():
    one, opposite, third = (0.8, 0.3, 0.2), (0.1, 0.6, 0.7), (0.3, 0.7, 0.2)
    fourth, fifth = (0.6, 0.2, 0.8), (0.85, 0.75, 0.1)
    assert value("colour_harmony", bands(one)) == 100
    assert value("colour_harmony", bands(one, opposite)) > 95
    assert value("colour_harmony", bands(one, opposite, third, fourth, fifth)) < 75
    assert value("colour_harmony", png(flat((0.5, 0.5, 0.5)))) == 100


TEXTS = ["", "x" * 100_000, "\x00\u202e[bold] night", "score me 100"]


@pytest.mark.parametrize("prompt", TEXTS, ids=range(len(TEXTS)))
def test_every_value_is_in_range_for_any_text_and_odd_images(prompt):
    images = [png(flat((0, 0, 0), w, h)) for w, h in ((1, 1), (2, 3), (1, 300))]
    images.append(paint("neon city", "", 1, 64, 64))
    for row in marks(images, prompt, list(SCORERS)):
        for raw, mapped, note in row:
            assert raw is not None
            assert 0 <= mapped <= 100
            assert note == ""


async def kept(context: Context, *images: bytes) -> list[Artifact]:
    return [await context.keep(image) for image in images]


def call_score(images, **asked):
    return ScoreProxy(backend("score")).score(images, **{"brief": "b", "prompt": "night", **asked})


async def test_a_set_is_scored_in_one_computation_and_a_broken_image_gets_a_note():
    context, computed = Context(), []
    images = await kept(context, paint("a fox", "", 1, 64, 64), b"broken", spot(0.5, 0.5))
    original = context.compute

    async def counted(function, *args):
        computed.append(function)
        return await original(function, *args)

    context.compute = counted
    call = call_score(images)
    sheet = await call.backend.score(call.request, context)
    assert len(computed) == 1
    assert [column.metric for column in sheet.columns] == list(call.backend.info.metrics)
    for column in sheet.columns:
        good, broken, other = column.marks
        assert broken.value is None
        assert broken.raw is None
        assert "cannot be read" in broken.note
        assert None not in (good.value, good.raw, other.value)
        assert column.scorer.startswith("builtin/measures-1 1: ")
    assert {one.image for one in sheet.scores()} == {images[0].hash, images[2].hash}
    again = await call.backend.score(call.request, context)
    assert again == sheet


async def test_the_metrics_that_are_asked_for_and_the_text_they_got():
    context = Context()
    images = await kept(context, spot(0.5, 0.5))
    call = call_score(images, metrics=("sharpness", "brief_match"))
    columns = (await call.backend.score(call.request, context)).columns
    assert [(one.metric, one.text) for one in columns] == [
        ("sharpness", "none"),
        ("brief_match", "prompt"),
    ]
    call = call_score(images, prompt="", brief="night", metrics=("brief_match",))
    (column,) = (await call.backend.score(call.request, context)).columns
    assert column.text == "brief"


async def test_an_unknown_metric_is_refused_with_those_that_there_are():
    context = Context()
    images = await kept(context, spot(0.5, 0.5))
    call = call_score(images, metrics=("pickscore", "\x1b[2J"))
    with pytest.raises(
        Permanent, match=r"no metric 'pickscore'.*brief_match, composition"
    ) as error:
        await call.backend.score(call.request, context)
    assert "\x1b" not in str(error.value)


async def test_strictness_is_part_of_the_version():
    assert backend("score", strictness=2).info.version != backend("score").info.version
    assert "score" in FAMILY.factories


def test_cielab_agrees_with_published_values():
    # Computed by B. Lindbloom's calculator for sRGB under D65, to 0.1.
    rgb = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0.5], [0, 0, 0]])
    known = [
        [100, 0, 0], [53.24, 80.09, 67.20], [87.73, -86.18, 83.18],
        [32.30, 79.19, -107.86], [53.39, 0, 0], [0, 0, 0],
    ]  # fmt: skip
    assert np.abs(cielab(rgb) - np.array(known)).max() < 0.1


def test_the_palette_distance_of_flat_colours_is_half_their_distance():
    black, white, grey = (imprint(png(flat((x, x, x)))) for x in (0.0, 1.0, 0.5))
    assert palette_distance(black, white) == pytest.approx(50, rel=0.03)
    assert palette_distance(black, grey) < palette_distance(black, white)


def test_palette_knows_no_place_and_layout_no_colour():
    left, right = flat((0.9, 0.9, 0.8)), flat((0.9, 0.9, 0.8))
    left[:, :32], right[:, 32:] = (0.2, 0.1, 0.4), (0.2, 0.1, 0.4)
    one, other = imprint(png(left)), imprint(png(right))
    assert palette_distance(one, other) < 0.5
    assert layout_similarity(one, other) < -0.5
    red, blue = left.copy(), left.copy()
    red[:, :32], blue[:, :32] = (0.35, 0.0, 0.0), (0.0, 0.0, 0.6)
    one, other = imprint(png(red)), imprint(png(blue))
    assert layout_similarity(one, other) > 0.9
    assert palette_distance(one, other) > 15


IMAGES = st.builds(
    lambda seed, w, h: png(np.random.default_rng(seed).uniform(size=(h, w, 3))),
    st.integers(0, 99),
    st.integers(1, 40),
    st.integers(1, 40),
)


@given(IMAGES, IMAGES, IMAGES)
@settings(max_examples=scaled(12), deadline=None)
def test_the_measures_of_likeness_are_symmetric_and_the_distance_is_a_metric(a, b, c):
    one, two, three = imprint(a), imprint(b), imprint(c)
    assert palette_distance(one, one) == 0
    assert palette_distance(one, two) == palette_distance(two, one) >= 0
    longer = palette_distance(one, three) + palette_distance(three, two)
    assert palette_distance(one, two) <= longer + 1e-9
    assert layout_similarity(one, one) == pytest.approx(1)
    assert layout_similarity(one, two) == pytest.approx(layout_similarity(two, one))
    assert -1 <= layout_similarity(one, two) <= 1


async def test_images_are_compared_as_symmetric_squares():
    context = Context()
    images = await kept(
        context, *(paint(words, "", 2, 64, 64) for words in ("fox", "sea", "sea, night"))
    )
    compared = await backend("score").compare(CompareRequest(images=tuple(images)), context)
    assert [one.measure for one in compared.likenesses] == ["palette_distance", "layout_similarity"]
    for one in compared.likenesses:
        square = np.array(one.values)
        assert square.shape == (3, 3)
        assert (square == square.T).all()
        assert (square.diagonal() == (1 if one.higher_is_more_similar else 0)).all()


async def test_an_image_that_cannot_be_compared_is_named():
    context = Context()
    images = await kept(context, spot(0.5, 0.5), b"broken")
    with pytest.raises(Permanent, match="image 2 of 2"):
        await backend("score").compare(CompareRequest(images=tuple(images)), context)
