"""Progress, previews, and images that nobody waits for any more."""

import io
from typing import Any

import pytest
from PIL import Image

from engine.models.diffusion.previews import SIDE, preview_of
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import NotingDesk, ask, distance, made
from tests.support.pixels import pixel


def test_progress_rises_to_the_end_for_each_image(load: Load) -> None:
    reporter = NotingDesk()
    asks = [ask(seed=seed, sampling={"steps": 4}) for seed in (1, 2)]
    made(load("sdxl"), *asks, reporter=reporter)
    assert reporter.fractions == {0: [0.25, 0.5, 0.75, 1.0], 1: [0.25, 0.5, 0.75, 1.0]}
    assert reporter.previews == {}


def test_previews_are_small_images_of_those_that_want_them(load: Load) -> None:
    reporter = NotingDesk()
    size: dict[str, Any] = {"width": 64, "height": 32, "sampling": {"steps": 5}}
    made(load("sdxl"), ask(preview_every=2, **size), ask(seed=8, **size), reporter=reporter)
    assert len(reporter.previews[0]) == 2
    assert 1 not in reporter.previews
    image = Image.open(io.BytesIO(reporter.previews[0][0]))
    assert (image.format, image.size) == ("JPEG", (8, 4))


def test_previews_change_no_image(load: Load) -> None:
    with_previews = made(load("sd15"), ask(preview_every=1, sampling={"steps": 3}))[0]
    assert distance(with_previews, made(load("sd15"), ask(sampling={"steps": 3}))[0]) == 0


@pytest.mark.parametrize("is_xl", [False, True])
def test_the_map_from_latents_to_colours(is_xl: bool) -> None:
    import torch

    bright = torch.zeros(4, 8, 8)
    bright[0, :, :4] = 1.5  # the first channel is brightness
    data = preview_of(bright, is_xl=is_xl)
    assert data is not None
    image = Image.open(io.BytesIO(data)).convert("L")
    assert pixel(image, (1, 4))[0] > pixel(image, (6, 4))[0] + 30
    noisy = preview_of(bright * 14.6, is_xl=is_xl)  # as an Euler scheduler keeps them
    assert noisy == preview_of(bright * 100, is_xl=is_xl)
    assert preview_of(torch.full((4, 8, 8), float("nan")), is_xl=is_xl) is not None
    large = preview_of(torch.zeros(4, 2 * SIDE, SIDE), is_xl=is_xl)
    assert large is not None
    assert Image.open(io.BytesIO(large)).size == (SIDE // 2, SIDE)
    assert preview_of(torch.zeros(16, 8, 8), is_xl=is_xl) is None
    assert preview_of(torch.zeros(8, 4), is_xl=is_xl) is None


def test_a_call_that_nobody_waits_for_ends_in_the_middle(load: Load) -> None:
    model = load("sdxl")
    (before,) = made(model, ask())
    reporter = NotingDesk(unwanted=frozenset({0, 1}), patience=4)
    asks = [ask(seed=seed, sampling={"steps": 50}) for seed in (1, 2)]
    assert model.run("generate", asks, reporter) == [None, None]
    assert reporter.words == 4  # two steps of two images, of fifty
    assert distance(made(model, ask())[0], before) == 0


def test_nothing_is_begun_for_nobody(load: Load) -> None:
    reporter = NotingDesk(unwanted=frozenset({0}))
    assert load("sdxl").run("generate", [ask()], reporter) == [None]
    assert reporter.words == 0


def test_an_image_given_up_among_others_is_left_out(load: Load) -> None:
    reporter = NotingDesk(unwanted=frozenset({0}), patience=2)
    asks = [ask(seed=seed, sampling={"steps": 4}) for seed in (1, 2)]
    answers = load("sdxl").run("generate", asks, reporter)
    assert answers[0] is None
    assert len(answers[1]["rgb"]) == 64 * 64 * 3
    assert len(reporter.fractions[0]) == 1
    assert len(reporter.fractions[1]) == 4


def test_an_unknown_operation_is_a_bug(load: Load) -> None:
    with pytest.raises(ValueError, match="generate"):
        load("sdxl").run("upscale", [], NotingDesk())
