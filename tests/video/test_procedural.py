"""Procedural visuals follow the song, keep to their palette, and are the same everywhere."""

import hashlib
import itertools
from typing import get_args

import numpy as np
import pytest

from engine.imaging.measure.colour import from_hex, oklab
from engine.video.plan import Signals, Visual
from engine.video.procedural import draw
from tests.support.optional import needs
from tests.support.signals import song_signals

needs("cv2", "numba")

SIZE = (192, 108)
PALETTE = ("#FF6B35", "#F7C59F", "#004E89", "#1A1A2E")
VISUALS = get_args(Visual)
SONG = song_signals()


def frame(visual, number, *, signals=SONG, palette=PALETTE, size=SIZE, seed=5, rate=10):
    return draw(visual, signals, number / rate, number, palette, size, seed, rate)


def sum_of(image):
    return hashlib.sha256(image.tobytes()).hexdigest()


@pytest.mark.parametrize("visual", VISUALS)
def test_a_frame_is_the_same_in_any_order_and_for_equal_signals(visual):
    forwards = [sum_of(frame(visual, number)) for number in (43, 44, 45)]
    again = song_signals()
    backwards = [sum_of(frame(visual, number, signals=again)) for number in (45, 43, 44)]
    assert forwards == [backwards[1], backwards[2], backwards[0]]
    assert len(set(forwards)) == 3


@pytest.mark.parametrize("visual", VISUALS)
def test_the_loud_part_moves_more_than_the_quiet_one(visual):
    def motion(first):
        images = [frame(visual, first + step).astype(int) for step in range(0, 10, 2)]
        return np.mean([np.abs(b - a).mean() for a, b in itertools.pairwise(images)])

    assert motion(60) > 1.15 * motion(20)


@pytest.mark.parametrize("visual", VISUALS)
def test_colours_are_blends_of_the_palette_and_the_frame_is_neither_black_nor_white(visual):
    image = frame(visual, 67)
    assert image.dtype == np.uint8 and image.shape == (SIZE[1], SIZE[0], 4)
    assert (image[..., 3] == 255).all()
    lab = oklab(image[..., 2::-1].reshape(-1, 3) / 255)
    assert np.percentile(distances(lab), 95) < 0.09
    assert 0.15 < lab[:, 0].mean() < 0.75
    assert lab[:, 0].std() > 0.05
    assert (lab[:, 0] > 0.86).mean() < 0.2


def distances(lab):
    """Distance of colours to the triangles that three colours of the palette span."""
    corners = oklab(np.array([from_hex(colour) for colour in PALETTE]))
    weights = np.array([(a, b, 8 - a - b) for a in range(9) for b in range(9 - a)]) / 8
    picks = ((0, 1, 3), (1, 2, 3), (0, 2, 3), (0, 1, 2))
    blends = np.concatenate([weights @ corners[list(pick)] for pick in picks])
    return np.min(np.linalg.norm(lab[::7, None] - blends[None], axis=2), axis=1)


@pytest.mark.parametrize("visual", VISUALS)
@pytest.mark.parametrize("size", [(64, 114), (91, 51)])
def test_any_size_silence_and_any_palette_are_drawn(visual, size):
    silent = Signals()
    for palette in ((), ("#808080",), ("#101010", "#f0f0f0"), ("#ffffff",) * 9):
        assert frame(visual, 3, signals=silent, palette=palette, size=size).shape == (
            size[1], size[0], 4,
        )  # fmt: skip


@pytest.mark.parametrize("visual", VISUALS)
def test_seeds_differ(visual):
    assert sum_of(frame(visual, 50, seed=1)) != sum_of(frame(visual, 50, seed=2))


def test_no_seam_is_seen_where_stretches_of_feedback_meet():
    song = song_signals(10, loud_from=0)

    def change(number):
        images = (frame("feedback", n, signals=song) for n in (number - 1, number))
        last, this = (image.astype(int) for image in images)
        return np.abs(this - last).mean()

    assert change(80) < 1.2 * max(change(75), change(85)), "each of them is a beat"


def test_an_unknown_visual_and_a_colour_that_is_none_are_refused():
    with pytest.raises(ValueError, match="plasma"):
        frame("plasma", 0)
    with pytest.raises(ValueError):
        draw("flow", SONG, 0, 0, ("red",), SIZE, 1)
