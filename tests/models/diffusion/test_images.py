"""Images by loaded pipelines: seeds, batches, sizes, references, schedulers."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.contract import Permanent
from engine.models.diffusion.options import ImageTask
from engine.models.seeds import folded
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import NotingDesk, ask, distance, made
from tests.support.effort import cases

TOLERANCE = 1
"""Maximum difference, of 255, between an image of a batch and the same alone, on a processor."""

PROMPTS = ("a red barn at dusk", "two cats", "rain over a harbour, 1890")


def photo(colour: tuple[int, int, int] = (200, 40, 40), size: tuple[int, int] = (90, 70)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
@cases("scheduler", ["euler-a", "default", "dpm++-2m-sde"], usual=1)
def test_a_seed_gives_the_same_image_alone_and_among_others(
    load: Load, name: str, scheduler: str
) -> None:
    model = load(name)
    asks = [
        ask(prompt, seed, sampling={"scheduler": scheduler, "steps": 3}, negative_prompt="blur")
        for prompt, seed in zip(PROMPTS, (7, 8, 2**62 + 5), strict=True)
    ]
    together = made(model, *asks)
    for one, image in zip(asks, together, strict=True):
        (alone,) = made(model, one)
        assert distance(alone, image) <= TOLERANCE
    assert distance(together[0], together[1]) > 20 * TOLERANCE
    again = made(model, *reversed(asks))
    assert distance(again[-1], together[0]) <= TOLERANCE


def test_the_seed_alone_tells_images_of_one_prompt_apart(load: Load) -> None:
    asks = [ask(seed=seed) for seed in (1, 2, 2**32 + 1, 2**62 + 1)]
    images = made(load("sdxl"), *asks)
    for number, one in enumerate(images):
        assert all(distance(one, other) > 20 for other in images[number + 1 :])
    assert folded(2**32 - 1) == 2**32 - 1


def test_the_prompt_the_negative_prompt_and_cfg_count(load: Load) -> None:
    model = load("sdxl")
    (plain,) = made(model, ask(sampling={"cfg": 7.5}))
    assert distance(plain, made(model, ask("a blue barn", sampling={"cfg": 7.5}))[0]) > 0
    assert distance(plain, made(model, ask(negative_prompt="red"))[0]) > 0
    assert distance(plain, made(model, ask(sampling={"cfg": 2.0}))[0]) > 0
    assert distance(plain, made(model, ask())[0]) == 0


def test_a_size_that_cannot_be_made_is_cut_from_the_next_one_that_can(load: Load) -> None:
    model = load("sdxl")
    (image,) = made(model, ask(width=67, height=75))
    (whole,) = made(model, ask(width=72, height=80))
    assert image.shape == (75, 67, 3)
    assert distance(image, whole[2:77, 2:69]) == 0


def test_a_reference_is_followed_as_far_as_strength_lets_it(load: Load) -> None:
    model = load("sdxl")
    red, blue = photo(), photo((20, 20, 220))

    def following(reference: bytes, strength: float) -> dict:
        sampling = {"steps": 5, "following": "img2img", "strength": strength}
        return ask(references=(reference,), sampling=sampling)

    together = made(model, following(red, 0.4), following(blue, 0.4))
    assert distance(*together) > 2
    for one, reference in zip(together, (red, blue), strict=True):
        assert one.shape == (64, 64, 3)
        (alone,) = made(model, following(reference, 0.4))
        assert distance(alone, one) <= TOLERANCE
    (far,) = made(model, following(red, 1.0))
    assert distance(far, together[0]) > 2


def test_what_is_no_image_fails_alone(load: Load) -> None:
    following = {"following": "img2img"}
    good = ask(references=(photo(),), sampling=following)
    bad = ask(references=(b"no image",), sampling=following)
    answers = load("sd15").run("generate", [bad, good], NotingDesk())
    assert isinstance(answers[0], Permanent)
    assert "reference" in answers[0].message
    assert answers[1]["width"] == 64


def test_karras_and_schedulers_change_the_image_and_leave_no_trace(load: Load) -> None:
    model = load("sdxl")
    before = made(model, ask(sampling={"steps": 4}))[0]
    seen = [before]
    for sampling in (
        {"scheduler": "dpm++-2m"},
        {"scheduler": "dpm++-2m", "karras": True},
        {"scheduler": "ddim"},
        {"scheduler": "unipc"},
        {"karras": True},
    ):
        (image,) = made(model, ask(sampling={"steps": 4, **sampling}))
        assert all(distance(image, other) > 0 for other in seen), sampling
        seen.append(image)
    assert distance(made(model, ask(sampling={"steps": 4}))[0], before) == 0


ALL = ["ddim", "ddpm", "deis", "dpm2", "dpm2-a", "dpm++-2s", "heun", "lcm", "pndm", "tcd"]


@cases("scheduler", ALL, usual=3)
def test_every_scheduler_runs_and_keeps_to_the_seed(load: Load, scheduler: str) -> None:
    asks = [ask(seed=seed, sampling={"scheduler": scheduler, "steps": 3}) for seed in (1, 2)]
    together = made(load("sd15"), *asks)
    assert distance(made(load("sd15"), asks[1])[0], together[1]) <= TOLERANCE


def test_the_refiner_goes_on_with_what_the_base_has_made(load: Load, models: Path) -> None:
    model = load("sdxl", refiner=str(models / "refiner"))
    reporter = NotingDesk()
    asks = [ask(prompt, sampling={"steps": 5, "refine_at": 0.6}) for prompt in PROMPTS[:2]]
    together = made(model, *asks, reporter=reporter)
    (alone,) = made(model, asks[1])
    assert distance(alone, together[1]) <= TOLERANCE
    (base,) = made(load("sdxl"), asks[1])
    assert distance(base, alone) > 2
    fractions = reporter.fractions[0]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any(f == pytest.approx(0.6) for f in fractions)


def test_a_reference_is_refined_too(load: Load, models: Path) -> None:
    model = load("sdxl", refiner=str(models / "refiner"))
    for strength in (0.1, 0.8):
        sampling = {"steps": 5, "following": "img2img", "strength": strength}
        (image,) = made(model, ask(references=(photo(),), sampling=sampling))
        assert image.shape == (64, 64, 3)


def test_groups_part_what_cannot_share_a_call() -> None:
    def group(**fields: Any) -> str:
        return ImageTask.model_validate(ask(**fields)).group()

    plain = group()
    assert group(prompt="another", seed=99, preview_every=3) == plain
    assert group(negative_prompt="blur") == group(negative_prompt="noise")
    others = [
        group(width=128),
        group(negative_prompt="blur"),
        group(references=(photo(),)),
        group(sampling={"steps": 9}),
        group(sampling={"scheduler": "euler"}),
    ]
    assert len({plain, *others}) == 1 + len(others)
    img2img, adapter = {"following": "img2img"}, {"following": "ip-adapter"}
    red, blue = (photo(),), (photo((0, 0, 255)),)
    assert group(references=red, sampling=img2img) == group(references=blue, sampling=img2img)
    assert group(references=red, sampling=adapter) != group(references=blue, sampling=adapter)


def test_a_model_that_overflows_is_a_failure_and_no_black_image(load: Load) -> None:
    import torch

    model = load("sdxl", fresh=True)
    with torch.no_grad():
        model._pipe.vae.decoder.conv_out.weight.fill_(float("nan"))
    (answer,) = model.run("generate", [ask()], NotingDesk())
    assert isinstance(answer, Permanent)
    assert "dtype" in answer.remedy


def test_an_image_that_the_models_checker_holds_back_is_a_failure(load: Load) -> None:
    model = load("sd15", fresh=True)
    pipe = model._pipe
    pipe.run_safety_checker = lambda image, *_: (image, [True, False])
    answers = model.run("generate", [ask(seed=1), ask(seed=2)], NotingDesk())
    assert isinstance(answers[0], Permanent)
    assert "safety checker" in answers[0].message
    assert answers[1]["rgb"]


def test_a_decoder_that_was_left_in_another_precision_is_put_right(load: Load) -> None:
    import torch

    model = load("sdxl", fresh=True)
    (before,) = made(model, ask())
    model._pipe.vae.to(torch.float64)  # as a call does that ends in the middle of decoding
    assert distance(made(model, ask())[0], before) == 0


def test_half_precision_runs_and_is_another_image(load: Load) -> None:
    full = made(load("sdxl"), ask())[0]
    half = made(load("sdxl", dtype="bf16"), ask())[0]
    assert distance(full, half) > 0


def test_tiles_are_decoded(load: Load) -> None:
    (image,) = made(load("sd15", vae_tiling=True), ask())
    assert image.shape == (64, 64, 3)


def test_size_and_close(load: Load) -> None:
    model = load("sdxl", fresh=True)
    assert 500_000 < model.size() < 20_000_000
    half = load("sdxl", dtype="bf16")
    assert half.size() < 0.6 * model.size()
    model.offload()
    assert made(model, ask())[0].shape == (64, 64, 3)
    model.close()
    assert model.size() == 0


@pytest.mark.slow
def test_an_offloaded_model_makes_the_same_images(load: Load, models: Path) -> None:
    """The processor stands for an accelerator, as `cpu:0`: hooks move parts to it and back."""
    model = load("sdxl", fresh=True, refiner=str(models / "refiner"))
    reference = ask(references=(photo(),), sampling={"following": "img2img"})
    plain = ask(sampling={"steps": 5})
    before = [made(model, one)[0] for one in (plain, reference)]
    model._device = "cpu:0"
    model.offload()
    assert hasattr(model._pipe.unet, "_hf_hook")
    during = [made(model, one)[0] for one in (plain, reference)]
    reporter = NotingDesk(unwanted=frozenset({0}), patience=1)
    assert model.run("generate", [plain], reporter) == [None]
    again = made(model, plain)[0]
    model.restore()
    assert not hasattr(model._pipe.unet, "_hf_hook")
    after = [made(model, one)[0] for one in (plain, reference)]
    for one, two, three in zip(before, during, after, strict=True):
        assert distance(one, two) == distance(one, three) == 0
    assert distance(again, before[0]) == 0
