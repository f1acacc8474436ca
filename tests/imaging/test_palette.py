"""Pulling images towards a palette."""

import itertools

import numpy as np
import pytest
from PIL import Image

from engine.imaging.measure.colour import from_hex, oklab
from engine.imaging.palette.distance import (
    least_share,
    nearest_distance,
    sampled,
    some_blocks,
    structural_similarity,
)
from engine.imaging.palette.enforce import LEAST_SIMILARITY, enforce

EMBERS = ("#FF6B35", "#F7C59F", "#004E89", "#1A1A2E")
MARINE = ("#0B132B", "#1C2541", "#3A506B", "#5BC0BE", "#F4F1DE", "#E07A5F")
VIOLET = ("#7C5CFC", "#1A1A28")
PASTEL = ("#FFD6E0", "#C1FBA4", "#7BF1A8", "#90F1EF")


def _landscape(colours: tuple[str, ...], seed: int) -> Image.Image:
    """Clouds over hills in some colours, with detail of all sizes."""
    draw = np.random.default_rng(seed)
    clouds = np.zeros((180, 320))
    for octave in range(2, 8):
        grid = Image.fromarray(draw.normal(size=(2**octave, 2 ** (octave + 1))).astype("f4"))
        clouds += 0.6**octave * np.asarray(grid.resize((320, 180), Image.Resampling.BICUBIC))
    clouds /= np.abs(clouds).max()
    rows = np.linspace(0, 1, 180)[:, None]
    place = np.clip(0.2 + 0.6 * rows + 0.35 * clouds, 0, 1) * (len(colours) - 1)
    known = np.array([from_hex(colour) for colour in colours])
    steps = np.arange(len(colours))
    sky = np.stack([np.interp(place, steps, known[:, k]) for k in range(3)], axis=-1)
    sky *= (0.8 + 0.3 * draw.random((180, 320)))[..., None]
    ridge = 0.7 + 0.1 * np.sin(np.arange(320) / 30)
    sky[rows[:, 0][:, None] > ridge] *= 0.35
    return Image.fromarray((np.clip(sky, 0, 1) * 255).astype(np.uint8))


PICTURES = (
    _landscape(("#2D1E2F", "#A4303F", "#F2BB05", "#FFECCC"), 1),
    _landscape(("#10451D", "#6A994E", "#A7C957", "#F2E8CF"), 2),
    _landscape(("#EEEEEE", "#888888", "#333333"), 3),
)


def test_an_image_comes_nearer_to_a_palette_and_stays_the_same_image() -> None:
    ratios = []
    for image, palette in itertools.product(PICTURES[:2], (EMBERS, MARINE, VIOLET, PASTEL)):
        graded, report = enforce(image, palette)
        assert report.after <= report.before
        assert report.similarity >= LEAST_SIMILARITY
        assert report.similarity == pytest.approx(structural_similarity(image, graded))
        known = oklab(np.array([from_hex(colour) for colour in palette]))
        assert report.after == pytest.approx(nearest_distance(sampled(graded), known))
        if report.before > 10 and palette is not PASTEL:  # a dark image cannot become pastel
            ratios.append(report.after / report.before)
    assert len(ratios) >= 4
    assert np.mean(ratios) <= 0.55


def test_the_strength_is_a_knob_and_zero_changes_nothing() -> None:
    image = PICTURES[0]
    distances = [enforce(image, VIOLET, strength)[1].after for strength in (0, 0.3, 0.6, 0.9)]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 1.5 * distances[-1]
    same, report = enforce(image, VIOLET, 0.0)
    assert np.abs(np.asarray(same).astype(int) - np.asarray(image)).max() <= 1
    assert report.after == pytest.approx(report.before, abs=0.1)


def test_an_image_of_the_palette_is_hardly_changed() -> None:
    stripes = np.repeat([[np.array(from_hex(c)) * 255 for c in EMBERS]], 64, axis=0)
    image = Image.fromarray(stripes.round().astype(np.uint8)).resize(
        (256, 64), Image.Resampling.BOX
    )
    graded, report = enforce(image, EMBERS)
    assert report.before < 0.5
    assert report.after <= report.before
    assert np.abs(np.asarray(graded).astype(int) - np.asarray(image)).mean() < 4


def test_gradients_stay_smooth_and_ordered() -> None:
    ramp = np.tile(np.linspace(20, 235, 512).round().astype(np.uint8), (64, 1))
    graded, _ = enforce(Image.fromarray(np.stack([ramp] * 3, axis=-1)), EMBERS)
    luma = np.asarray(graded.convert("L")).astype(int)[0]
    steps = np.diff(luma)
    assert steps.min() >= 0
    assert steps.max() <= 4


def test_transparency_is_kept_and_odd_modes_are_read() -> None:
    alpha = Image.linear_gradient("L").resize(PICTURES[0].size)
    image = PICTURES[0].copy()
    image.putalpha(alpha)
    graded, _ = enforce(image, VIOLET)
    assert graded.mode == "RGBA"
    assert np.array_equal(np.asarray(graded.getchannel("A")), np.asarray(alpha))
    assert enforce(Image.new("L", (5, 3), 90), VIOLET)[0].mode == "RGB"
    assert enforce(Image.new("P", (1, 1)), ("#fff",))[0].size == (1, 1)


def test_the_same_image_gives_the_same_bytes() -> None:
    first, second = (enforce(PICTURES[1], MARINE)[0].tobytes() for _ in range(2))
    assert first == second


def test_some_blocks_are_as_similar_as_the_whole() -> None:
    image = PICTURES[0].resize((1280, 720), Image.Resampling.BICUBIC)
    graded, report = enforce(image, VIOLET)
    blocks = some_blocks(image)
    assert blocks.size == (8, 8 * 4096)
    similarity = structural_similarity(blocks, some_blocks(graded))
    assert similarity == pytest.approx(report.similarity, abs=0.003)


def test_shares_count_the_rarest_colour() -> None:
    known = oklab(np.array([from_hex(colour) for colour in VIOLET]))
    pixels = known[[0, 0, 0, 1]]
    assert least_share(pixels, known) == 0.25
    assert least_share(pixels[:3], known) == 0
    assert nearest_distance(pixels, known) == 0


@pytest.mark.parametrize(
    ("palette", "strength", "reason"),
    [
        ((), 0.5, "1 to 16 colours, not 0"),
        (("#fff",) * 17, 0.5, "not 17"),
        (("mauve",), 0.5, "mauve"),
        (("#fff",), 1.5, "0 to 1, not 1.5"),
    ],
)
def test_bad_palettes_and_strengths_are_refused(
    palette: tuple[str, ...], strength: float, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        enforce(PICTURES[0], palette, strength)
