"""LoRAs and the IP-Adapter: they count as far as they are weighed, and leave no trace."""

from pathlib import Path
from typing import Any

import pytest

from engine.contract import Blocked, Permanent
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import NotingDesk, ask, distance, made
from tests.models.diffusion.test_images import TOLERANCE, photo
from tests.support import tiny_files
from tests.support import tiny_pipelines as tiny


@pytest.fixture(scope="module")
def loras(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    """A folder with `first`, `second` and `other`, the last one for another model."""
    folder = tmp_path_factory.mktemp("loras")
    tiny_files.save_lora(folder / "first", seed=1)
    tiny_files.save_lora(folder / "second", seed=2)
    tiny_files.save_lora(folder / "other", tiny.sd15)
    return folder


def styled(*loras: tuple[Path, float], seed: int = 7) -> dict[str, Any]:
    counted = [{"source": str(path), "weight": weight} for path, weight in loras]
    return ask(seed=seed, sampling={"loras": counted, "steps": 3})


def test_weight_zero_and_no_lora_give_the_base_back_exactly(load: Load, loras: Path) -> None:
    model, first, second = load("sdxl"), loras / "first", loras / "second"
    (base,) = made(model, styled())
    (full,) = made(model, styled((first, 1.0)))
    assert distance(base, full) > 0
    assert distance(made(model, styled((first, 0.0)))[0], base) == 0
    (half,) = made(model, styled((first, 0.5)))
    assert distance(half, base) > 0
    assert distance(half, full) > 0
    (both,) = made(model, styled((first, 1.0), (second, 0.7)))
    assert distance(both, full) > 0
    assert distance(made(model, styled((first, 1.0)))[0], full) == 0
    assert distance(made(model, styled())[0], base) == 0


def test_images_with_a_lora_are_their_seeds_too(load: Load, loras: Path) -> None:
    asks = [styled((loras / "first", 0.8), seed=seed) for seed in (1, 2, 3)]
    together = made(load("sdxl"), *asks)
    assert distance(made(load("sdxl"), asks[2])[0], together[2]) <= TOLERANCE


def test_a_file_is_named_like_a_folder_with_one(load: Load, loras: Path) -> None:
    file = loras / "first/pytorch_lora_weights.safetensors"
    (named,) = made(load("sdxl"), styled((file, 1.0)))
    assert distance(named, made(load("sdxl"), styled((file.parent, 1.0)))[0]) == 0


def test_a_lora_that_is_trained_again_is_loaded_again(
    load: Load, loras: Path, tmp_path: Path
) -> None:
    def file(of: str) -> bytes:
        return (loras / of / "pytorch_lora_weights.safetensors").read_bytes()

    changed = tmp_path / "changed.safetensors"
    changed.write_bytes(file("first"))
    (before,) = made(load("sdxl"), styled((changed, 1.0)))
    changed.write_bytes(file("second"))
    (after,) = made(load("sdxl"), styled((changed, 1.0)))
    assert distance(before, after) > 0
    assert distance(after, made(load("sdxl"), styled((loras / "second", 1.0)))[0]) == 0


@pytest.mark.parametrize("fault", ["missing", "cut", "other", "two"])
def test_a_lora_that_cannot_be_loaded_is_said_and_changes_nothing(
    load: Load, loras: Path, tmp_path: Path, fault: str
) -> None:
    model = load("sdxl")
    (base,) = made(model, styled())
    whole = (loras / "first/pytorch_lora_weights.safetensors").read_bytes()
    faults: dict[str, tuple[Path, type[Exception], str]] = {
        "missing": (tmp_path / "missing.safetensors", Blocked, "missing.safetensors"),
        "cut": (tmp_path / "cut.safetensors", Blocked, "not whole"),
        "other": (loras / "other", Permanent, "LoRA"),
        "two": (tmp_path, Blocked, "2 safetensors"),
    }
    path, kind, words = faults[fault]
    if fault in {"cut", "two"}:
        (tmp_path / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    if fault == "two":
        (tmp_path / "whole.safetensors").write_bytes(whole)
    with pytest.raises(kind, match=words):
        model.run("generate", [styled((path, 1.0))], NotingDesk())
    assert distance(made(model, styled())[0], base) == 0


def test_a_lora_that_was_never_fetched_is_said_by_its_place_in_the_list(
    load: Load, loras: Path
) -> None:
    never = {"source": "nobody/style:style.safetensors", "weight": 1.0}
    counted = [{"source": str(loras / "first"), "weight": 0.5}, never]
    with pytest.raises(Blocked) as raised:
        load("sdxl").run("generate", [ask(sampling={"loras": counted})], NotingDesk())
    assert "safelight models pull diffusers.lora-2" in raised.value.remedy


# -- IP-Adapter -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def adapted(load: Load, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """SDXL with an IP-Adapter."""
    folder = tiny_files.save_ip_adapter(tmp_path_factory.mktemp("ip"))
    return load("sdxl", ip_adapter=adapter_in(folder))


def adapter_in(folder: Path) -> dict[str, str]:
    return {
        "source": str(folder),
        "weights": "models/ip.safetensors",
        "image_encoder": "models/image_encoder",
    }


def following(*references: bytes, scale: float = 0.8, seed: int = 7) -> dict[str, Any]:
    sampling = {"steps": 3, "following": "ip-adapter", "ip_scale": scale}
    return ask(seed=seed, references=references, sampling=sampling)


def test_without_a_reference_an_adapter_changes_nothing(adapted: Any, load: Load) -> None:
    plain = ask(sampling={"steps": 3})
    assert distance(made(adapted, plain)[0], made(load("sdxl"), plain)[0]) <= TOLERANCE


def test_an_adapter_follows_its_reference(adapted: Any) -> None:
    plain = made(adapted, ask(sampling={"steps": 3}))[0]
    red, blue = photo(), photo((10, 10, 240))
    (one,) = made(adapted, following(red))
    assert distance(one, plain) > 0
    assert distance(one, made(adapted, following(blue))[0]) > 0
    assert distance(one, made(adapted, following(red, scale=0.2))[0]) > 0
    assert distance(one, made(adapted, following(red, blue))[0]) > 0
    assert distance(made(adapted, following(red, scale=0.0))[0], plain) <= TOLERANCE


def test_images_that_follow_one_reference_are_their_seeds(adapted: Any) -> None:
    asks = [following(photo(), seed=seed) for seed in (1, 2)]
    together = made(adapted, *asks)
    assert distance(made(adapted, asks[1])[0], together[1]) <= TOLERANCE


def test_an_adapter_for_another_model_is_refused(load: Load, models: Path, tmp_path: Path) -> None:
    folder = tiny_files.save_ip_adapter(tmp_path, text_width=32)
    with pytest.raises(Permanent, match="IP-Adapter"):
        load("sdxl", fresh=True, ip_adapter=adapter_in(folder))
    (folder / "models/image_encoder/model.safetensors").unlink()
    with pytest.raises(Blocked, match="not on this machine"):
        load("sdxl", fresh=True, ip_adapter=adapter_in(folder))
