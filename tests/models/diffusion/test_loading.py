"""Models that can be loaded, and the messages about those that cannot."""

import json
import shutil
from pathlib import Path

import pytest

from engine.contract import Blocked, Permanent
from engine.models.failures import loading
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import ask, distance, made
from tests.support import tiny_files
from tests.support import tiny_pipelines as tiny


def test_a_single_file_is_what_its_folder_is(load: Load, models: Path, tmp_path: Path) -> None:
    file = tiny_files.save_single_file(tiny.sd15(), tmp_path / "one.safetensors")
    single = load(str(file), config=str(models / "sd15"))
    assert distance(made(single, ask())[0], made(load("sd15"), ask())[0]) == 0


def test_a_single_file_without_all_parts_is_refused(
    load: Load, models: Path, tmp_path: Path
) -> None:
    part = models / "sd15/unet/diffusion_pytorch_model.safetensors"
    with pytest.raises(Permanent, match="text_encoder"):
        load(str(part), config=str(models / "sd15"))


def test_another_vae_paints_other_pixels(load: Load, tmp_path: Path) -> None:
    tiny.prepare()
    tiny.vae(seed=9).save_pretrained(tmp_path)
    other = load("sd15", vae=str(tmp_path))
    assert distance(made(other, ask())[0], made(load("sd15"), ask())[0]) > 0
    assert other._pipe.vae is not load("sd15")._pipe.vae


@pytest.fixture
def copy(models: Path, tmp_path: Path) -> Path:
    """A folder of a model that a test may spoil."""
    return Path(shutil.copytree(models / "sd15", tmp_path / "copy"))


def test_a_model_that_is_not_there_is_blocked(load: Load, tmp_path: Path) -> None:
    with pytest.raises(Blocked) as raised:
        load(str(tmp_path / "nowhere"))
    assert raised.value.reason == "weights"


def test_a_model_of_the_hub_is_loaded_from_its_cache(
    load: Load, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "1a2b3c4d" * 5
    repo = tmp_path / "models--org--tiny"
    (repo / "snapshots").mkdir(parents=True)
    (repo / "snapshots" / commit).symlink_to(models / "sd15")
    (repo / "refs").mkdir()
    (repo / "refs/main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(tmp_path))
    from engine.models.diffusion.loading import load as load_options
    from tests.models.diffusion.desks import CpuPlace

    for source in ("org/tiny", f"org/tiny@{commit}"):
        model = load_options(json.dumps({"model": source}), CpuPlace())
        assert distance(made(model, ask())[0], made(load("sd15"), ask())[0]) == 0
    with pytest.raises(Blocked):
        load_options(json.dumps({"model": "org/tiny@v2"}), CpuPlace())


def test_an_id_that_was_never_fetched_is_blocked_with_the_command_that_mends_it(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.models.diffusion.loading import load as load_options
    from tests.models.diffusion.desks import CpuPlace

    with pytest.raises(Blocked) as raised:
        load_options(json.dumps({"model": "nobody/has-this-model"}), CpuPlace())
    assert "safelight models pull diffusers" in raised.value.remedy


def test_a_file_that_is_cut_short_is_blocked(load: Load, copy: Path) -> None:
    file = copy / "unet/diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(Blocked) as raised:
        load(str(copy))
    assert raised.value.reason == "weights"
    assert str(copy) in raised.value.message


def test_a_part_that_is_missing_is_blocked(load: Load, copy: Path) -> None:
    (copy / "vae/diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(Blocked, match="not whole"):
        load(str(copy))


def test_pickled_weights_are_never_loaded(load: Load, copy: Path) -> None:
    import torch

    part = copy / "unet/diffusion_pytorch_model.safetensors"
    torch.save({"weight": torch.zeros(1)}, part.with_suffix(".bin"))
    part.unlink()
    with pytest.raises(Blocked):
        load(str(copy))


def test_code_that_a_model_brings_is_never_run(load: Load, copy: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (copy / "pipeline.py").write_text(f"open({str(ran)!r}, 'w').close()")
    (copy / "unet/evil.py").write_text(
        f"open({str(ran)!r}, 'w').close()\nfrom diffusers import UNet2DConditionModel as Evil\n"
    )
    index = json.loads((copy / "model_index.json").read_text())
    index["unet"] = ["evil", "Evil"]
    (copy / "model_index.json").write_text(json.dumps(index))
    with pytest.raises((Permanent, Blocked)):
        load(str(copy))
    assert not ran.exists()


@pytest.mark.parametrize("name", ["LTXPipeline", "NoSuchPipeline"])
def test_a_model_that_makes_no_images_is_refused(load: Load, copy: Path, name: str) -> None:
    index = json.loads((copy / "model_index.json").read_text())
    (copy / "model_index.json").write_text(json.dumps({**index, "_class_name": name}))
    with pytest.raises(Permanent, match="images"):
        load(str(copy))


def test_a_refiner_needs_a_model_that_hands_on(load: Load, models: Path) -> None:
    with pytest.raises(Permanent, match="refiner"):
        load("sd15", refiner=str(models / "refiner"))


def test_no_memory_is_left_to_the_host() -> None:
    import torch

    for error in (
        torch.OutOfMemoryError("CUDA out of memory."),
        RuntimeError("MPS backend out of memory"),
        MemoryError(),
    ):
        with pytest.raises(type(error)) as raised, loading("x", "y"):
            raise error
        assert raised.value is error
