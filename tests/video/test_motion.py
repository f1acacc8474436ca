"""Animations move as Deforum does, and their frames depend on their arguments only."""

import io

import numpy as np
import pytest

from engine.imaging.measure.colour import oklab
from engine.video.motion.animation import Animation, animation_of
from engine.video.schedules import ScheduleError
from tests.support.optional import needs

needs("cv2", "numba", "av")

SCHEDULES = {
    "zoom": "0:(1.05)",
    "angle": "0:(0), 4:(8)",
    "translation_x": "0:(2)",
    "translation_y": "0:(-1)",
    "strength_schedule": "0:(0.6), 4:(2)",
    "noise_schedule": "0:(0.1)",
}


def animation(frames=9, amount=1.0, **fields):
    values = {"width": 64, "height": 48, "cadence": 4, "seed": 7} | fields
    return animation_of(SCHEDULES, frames, amount, **values)


def picture(seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.repeat(np.repeat(small, 8, 0), 8, 1)


def test_frames_that_are_diffused_and_their_seeds():
    plan = animation()
    assert plan.keys == (0, 4, 8) and animation(8).keys == (0, 4, 7)
    assert [plan.seed_of(frame) for frame in plan.keys] == [7, 11, 15]
    assert animation(follows_seed=False).seed_of(8) == 7
    assert plan.denoising(0) == pytest.approx(0.4) and plan.denoising(8) == pytest.approx(0.02)


def test_movement_has_the_directions_of_the_original():
    plan = animation(amount=0).model_copy(update={"zoom": (1.0,) * 9})
    one = plan.model_copy(update={"across": (2.0,) * 9, "down": (-1.0,) * 9})
    assert np.allclose(one.movement(0, 3), [[1, 0, 6], [0, 1, -3], [0, 0, 1]])
    corner = np.array([63, 23.5, 1.0])
    grown = plan.model_copy(update={"zoom": (1.1,) * 9}).movement(3, 4) @ corner
    assert grown == pytest.approx([31.5 * 2.1, 23.5, 1])
    turned = plan.model_copy(update={"angle": (90.0,) * 9}).movement(0, 1) @ corner
    assert turned == pytest.approx([31.5, 23.5 - 31.5, 1]), "against the clock: right goes up"
    assert np.allclose(plan.movement(2, 6) @ plan.movement(6, 2), np.eye(3))
    assert np.allclose(animation(amount=0).movement(0, 8), np.eye(3))


def test_an_image_is_moved_keeps_its_colours_and_gets_noise_by_its_frame():
    from engine.video.motion.images import in_colours_of, moved, noisy, pixels_of, png_of, start_of

    pixels, plan = picture(), animation(amount=0)
    assert np.array_equal(moved(pixels, np.eye(3), "wrap"), pixels)
    right = moved(pixels, np.array([[1, 0, 8], [0, 1, 0], [0, 0, 1.0]]), "wrap")
    assert np.array_equal(right[:, 8:], pixels[:, :-8])
    faded = oklab(in_colours_of(pixels, pixels // 2 + 60) / 255)
    wanted = oklab(pixels / 255)
    assert np.abs(faded.mean((0, 1)) - wanted.mean((0, 1))).max() < 0.02
    assert np.abs(faded.std((0, 1)) / wanted.std((0, 1)) - 1).max() < 0.15
    start = start_of(4, 0, png_of(pixels), png_of(pixels), plan)
    assert start == start_of(4, 0, png_of(pixels), png_of(pixels), plan)
    assert start != start_of(8, 4, png_of(pixels), png_of(pixels), plan)
    loud = noisy(np.full_like(pixels, 128), 0.1, (7, 4)).astype(int) - 128
    assert 24 < loud.std() < 27 and abs(loud.mean()) < 1
    assert pixels_of(start).shape == pixels.shape


def test_a_clip_shows_diffused_frames_unchanged_and_blends_between_them():
    import av

    from engine.video.motion.clip import clip_of
    from engine.video.motion.images import png_of

    images = [np.full((48, 64, 3), value, np.uint8) for value in (20, 120, 220)]
    plan = animation(amount=0)
    data = clip_of(plan.model_dump(), 12.0, *map(png_of, images))
    assert data == clip_of(plan.model_dump(), 12.0, *map(png_of, images))
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        levels = [frame.to_ndarray(format="rgb24").mean() for frame in film.decode(stream)]
        assert stream.average_rate == 12
    assert np.allclose(levels, [20, 45, 70, 95, 120, 145, 170, 195, 220], atol=4)


def test_schedules_that_cannot_be_read_and_rows_of_another_length_are_refused():
    with pytest.raises(ScheduleError):
        animation_of(SCHEDULES | {"zoom": "0:(import os)"}, 9, 1.0, width=64, height=48)
    with pytest.raises(ValueError, match="values for all"):
        Animation.model_validate(animation().model_dump() | {"zoom": (1.0,)})
