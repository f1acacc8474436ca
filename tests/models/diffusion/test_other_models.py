"""A model of another kind than Stable Diffusion: what it does not know is not asked of it."""

import pytest

from engine.contract import Permanent
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import NotingDesk, ask, distance, made
from tests.models.diffusion.test_images import TOLERANCE, photo


def test_flux_makes_images_that_are_their_seeds(load: Load) -> None:
    model, reporter = load("flux"), NotingDesk()
    asks = [ask(seed=seed, preview_every=1, sampling={"steps": 3}) for seed in (1, 2)]
    together = made(model, *asks, reporter=reporter)
    assert distance(*together) > 2
    assert distance(made(model, asks[1])[0], together[1]) <= TOLERANCE
    assert reporter.fractions[1] == [pytest.approx(n / 3) for n in (1, 2, 3)]
    assert reporter.previews == {}  # no map is known for its latents


def test_its_sides_are_multiples_of_sixteen(load: Load) -> None:
    (image,) = made(load("flux"), ask(width=70, height=64))
    (whole,) = made(load("flux"), ask(width=80, height=64))
    assert distance(image, whole[:, 5:75]) == 0


def test_a_negative_prompt_is_no_obstacle_and_a_reference_is_followed(load: Load) -> None:
    (plain,) = made(load("flux"), ask(sampling={"steps": 4}))
    made(load("flux"), ask(negative_prompt="blur"))
    following = {"steps": 4, "following": "img2img", "strength": 0.5}
    (red,) = made(load("flux"), ask(references=(photo(),), sampling=following))
    assert distance(plain, red) > 0


def test_schedulers_of_other_models_are_refused(load: Load) -> None:
    with pytest.raises(Permanent, match="euler-a"):
        load("flux").run("generate", [ask(sampling={"scheduler": "euler-a"})], NotingDesk())
    with pytest.raises(Permanent, match="Karras"):
        load("sd15").run("generate", [ask(sampling={"karras": True})], NotingDesk())


def test_an_ip_adapter_is_refused(load: Load) -> None:
    with pytest.raises(Permanent, match="IP-Adapter"):
        load(
            "flux",
            fresh=True,
            ip_adapter={"source": "/nowhere", "weights": "x", "image_encoder": "y"},
        )
