"""ControlNets and upscaling in loaded pipelines: what they change, and what is refused."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from engine.contract import Blocked, Permanent
from engine.models.diffusion import upscaling
from engine.models.diffusion.options import ControlOptions, PipelineOptions
from engine.models.diffusion.upscaling import Upscaler
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import NotingDesk, ask, distance, made
from tests.support import tiny_controls
from tests.support.optional import needs

needs("cv2")


def drawing(shape: str = "rectangle", size: tuple[int, int] = (90, 70)) -> bytes:
    image = Image.new("RGB", size, (20, 20, 20))
    getattr(ImageDraw.Draw(image), shape)((15, 15, 60, 55), fill=(230, 200, 60))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def nets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    tiny_controls.of_sd15(folder / "sd15")
    tiny_controls.of_sdxl(folder / "sdxl")
    tiny_controls.depth(folder / "depth")
    return folder


def control(nets: Path, name: str, kind: str = "canny") -> ControlOptions:
    depth = str(nets / "depth") if kind == "depth" else ""
    return ControlOptions.model_validate(
        {"source": str(nets / name), "kind": kind, "depth_model": depth}
    )


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_the_layout_of_an_image_counts_and_its_absence_leaves_no_trace(
    load: Load, nets: Path, name: str
) -> None:
    model = load(name, control=control(nets, name))
    (plain,) = made(load(name), ask())
    (without,) = made(model, ask())
    assert distance(without, plain) == 0
    (square,) = made(model, ask(control=drawing()))
    (round_,) = made(model, ask(control=drawing("ellipse")))
    assert distance(square, plain) > 2
    assert distance(square, round_) > 0
    (weak,) = made(model, ask(control=drawing(), sampling={"control_scale": 0.0}))
    assert distance(weak, plain) <= 1
    assert distance(made(model, ask())[0], plain) == 0


def test_images_of_one_call_have_a_layout_each(load: Load, nets: Path) -> None:
    model = load("sd15", control=control(nets, "sd15"))
    asks = [ask(control=drawing()), ask(control=drawing("ellipse"))]
    together = made(model, *asks)
    for one, image in zip(asks, together, strict=True):
        assert distance(made(model, one)[0], image) <= 1


@pytest.mark.parametrize("name", ["sd15", "sdxl"])
def test_a_layout_and_a_reference_are_followed_together(load: Load, nets: Path, name: str) -> None:
    model = load(name, control=control(nets, name))
    sampling = {"steps": 4, "following": "img2img", "strength": 0.6}
    reference = drawing("ellipse")
    (both,) = made(model, ask(control=drawing(), references=(reference,), sampling=sampling))
    (followed,) = made(model, ask(references=(reference,), sampling=sampling))
    assert both.shape == (64, 64, 3)
    assert distance(both, followed) > 2


def test_the_refiner_finishes_what_was_laid_out(load: Load, models: Path, nets: Path) -> None:
    options = {"refiner": str(models / "refiner"), "control": control(nets, "sdxl")}
    model = load("sdxl", **options)
    (plain,) = made(model, ask(sampling={"steps": 5}))
    (laid_out,) = made(model, ask(control=drawing(), sampling={"steps": 5}))
    assert distance(plain, laid_out) > 0


@pytest.mark.parametrize("kind", ["canny", "depth", "as-is"])
def test_maps_have_the_size_of_the_image(load: Load, nets: Path, kind: str) -> None:
    model = load("sd15", control=control(nets, "sd15", kind))
    [found] = model._control.maps([Image.open(io.BytesIO(drawing()))], (64, 48))
    pixels = np.asarray(found)
    assert pixels.shape == (48, 64, 3)
    if kind == "canny":
        assert set(np.unique(pixels)) == {0, 255}
        assert 0.01 < (pixels == 255).mean() < 0.2
    if kind == "depth":
        assert (pixels.min(), pixels.max()) == (0, 255)
        assert (pixels[..., 0] == pixels[..., 1]).all()
    (image,) = made(model, ask(control=drawing()))
    assert image.shape == (64, 64, 3)


def test_what_is_no_image_fails_alone(load: Load, nets: Path) -> None:
    model = load("sd15", control=control(nets, "sd15"))
    payloads = [ask(control=b"no image"), ask(control=drawing())]
    answers = model.run("generate", payloads, NotingDesk())
    assert isinstance(answers[0], Permanent)
    assert answers[1]["width"] == 64


def test_a_controlnet_of_another_model_is_refused(load: Load, nets: Path) -> None:
    with pytest.raises(Permanent, match="another kind of model"):
        load("sdxl", fresh=True, control=control(nets, "sd15"))
    with pytest.raises(Permanent, match="Only Stable Diffusion and SDXL"):
        load("flux", fresh=True, control=control(nets, "sd15"))


def test_missing_weights_are_named(load: Load, tmp_path: Path, nets: Path) -> None:
    with pytest.raises(Blocked):
        load("sd15", fresh=True, control=control(tmp_path, "none"))
    with pytest.raises(Blocked):
        load("sd15", fresh=True, upscaler=str(tmp_path / "none.safetensors"))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no tensors")
    with pytest.raises(Blocked):
        load("sd15", fresh=True, upscaler=str(broken))


# -- upscaling ------------------------------------------------------------------------------------


def enlarge(file: Path, image: Image.Image) -> np.ndarray[Any, Any]:
    options = PipelineOptions(model="x", upscaler=str(file))
    return np.asarray(Upscaler.load(options, "cpu").enlarged(image))


@pytest.mark.parametrize("prefix", ["", "params_ema."])
def test_tiles_meet_without_a_seam(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    monkeypatch.setattr(upscaling, "TILE", 16)
    monkeypatch.setattr(upscaling, "OVERLAP", 4)
    pixels = np.random.default_rng(1).integers(0, 256, (37, 50, 3), np.uint8)
    large = enlarge(tiny_controls.repeating(tmp_path, prefix=prefix), Image.fromarray(pixels))
    assert (large == pixels.repeat(4, axis=0).repeat(4, axis=1)).all()


def test_a_network_of_factor_two_folds_pixels(tmp_path: Path) -> None:
    pixels = np.full((7, 9, 3), (10, 100, 200), np.uint8)
    large = enlarge(tiny_controls.repeating(tmp_path, channels=12), Image.fromarray(pixels))
    assert large.shape == (14, 18, 3)
    assert (large == (10, 100, 200)).all()


def test_an_image_is_generated_small_and_enlarged_to_what_is_asked_for(
    load: Load, tmp_path: Path
) -> None:
    model = load("sd15", fresh=True, upscaler=str(tiny_controls.repeating(tmp_path)))
    (small,) = made(load("sd15"), ask(width=64, height=48))
    (large,) = made(model, ask(width=256, height=192, upscale_from=64))
    assert distance(large, small.repeat(4, axis=0).repeat(4, axis=1)) == 0
    (other,) = made(model, ask(width=160, height=120, upscale_from=64))
    assert other.shape == (120, 160, 3)
    (as_it_is,) = made(model, ask(width=64, height=48, upscale_from=64))
    assert distance(as_it_is, small) == 0
    assert model.size() > load("sd15").size()


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    file = tmp_path / "other.safetensors"
    save_file({"model.0.weight": torch.zeros(4, 3, 3, 3)}, file)
    with pytest.raises(Permanent, match="Real-ESRGAN"):
        enlarge(file, Image.new("RGB", (8, 8)))
