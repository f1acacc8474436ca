"""Weights that a model needs, by what its files on this machine are; none of them is loaded."""

import json
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.models.sound.checkpoints import layout_of
from engine.models.sound.model_config import ConfigError, LoraConfig
from engine.models.sound.options import SoundLora, SoundModelOptions
from engine.models.sound.sources import ModelSources, config_path, lora_config, weights_in
from tests.support import tiny_stable_audio as tiny

BASE = "stabilityai/stable-audio-open-1.0"


def saved_by_torch(path: Path, names: list[str]) -> Path:
    """A file laid out as torch lays one out; its pickle is no pickle, since nothing may read it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("best/data.pkl", b"\x80\x02not a pickle" + "\n".join(names).encode())
        archive.writestr("best/data/0", b"\0" * 64)
    return path


def safetensors(path: Path, names: list[str]) -> Path:
    """A header of the format with tensors of these names."""
    tensor = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    header = json.dumps(dict.fromkeys(names, tensor)).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 4)
    return path


LORA, WHOLE = ["model/model/transformer/x/lora_down.weight"], ["model.model.transformer.x.weight"]


@pytest.mark.parametrize("write", [saved_by_torch, safetensors])
def test_a_lora_and_a_model_are_told_apart_by_names_alone(tmp_path: Path, write: Any):
    ending = ".ckpt" if write is saved_by_torch else ".safetensors"
    assert layout_of(write(tmp_path / f"a{ending}", LORA)) == "lora"
    assert layout_of(write(tmp_path / f"b{ending}", WHOLE)) == "model"


@pytest.mark.parametrize("name", ["x.ckpt", "x.safetensors"])
@pytest.mark.parametrize("content", [b"", b"<html>Log in</html>", b"PK\3\4 cut", b"\xff" * 99])
def test_other_files_have_no_layout(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    assert layout_of(tmp_path / name) is None
    assert layout_of(tmp_path / "missing.ckpt") is None


def names(options: SoundModelOptions, *loras: SoundLora) -> list[str]:
    return [wanted.name for wanted in ModelSources.of(options).wanted(loras)]


def written(path: Path, config: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config))
    return path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with a model, as far as names go."""
    written(tmp_path / "base/model_config.json", tiny.config())
    safetensors(tmp_path / "base/model.safetensors", WHOLE)
    return tmp_path / "base"


def test_the_default_is_one_model_of_the_hub_with_its_text_encoder():
    wanted = list(ModelSources.of(SoundModelOptions(model=BASE)).wanted())
    assert [item.name for item in wanted] == ["stable-audio", "stable-audio.text"]
    assert [item.source for item in wanted] == [BASE, "google-t5/t5-base"]
    assert wanted[0].files == ("model_config.json", "model.safetensors")


def test_a_lora_as_checkpoint_needs_the_base_model_and_takes_its_scale_from_the_run(
    tmp_path: Path, base: Path
):
    checkpoint = saved_by_torch(tmp_path / "best.ckpt", LORA)
    run = written(tmp_path / "model_config_lora.json", tiny.config(rank=32, alpha=64))
    options = SoundModelOptions(model=str(base), checkpoint=str(checkpoint), config=str(run))
    sources = ModelSources.of(options)
    assert (sources.is_lora, sources.needs_base) == (True, True)
    assert config_path(options) == base / "model_config.json"
    assert lora_config(options) == LoraConfig(rank=32, alpha=64)
    parts = ["", ".config", ".checkpoint", ".text", ".lora-1"]
    found = names(options, SoundLora(source="/x.ckpt"))
    assert found == [f"stable-audio{part}" for part in parts]


def test_a_whole_model_as_checkpoint_needs_its_configuration_and_no_base(tmp_path: Path):
    checkpoint = saved_by_torch(tmp_path / "model.ckpt", WHOLE)
    config = written(tmp_path / "c.json", tiny.config("rectified_flow"))
    options = SoundModelOptions(model=BASE, checkpoint=str(checkpoint), config=str(config))
    sources = ModelSources.of(options)
    assert (sources.is_lora, sources.needs_base) == (False, False)
    assert sources.facts.objective == "rectified_flow"
    assert names(options) == ["stable-audio.config", "stable-audio.checkpoint", "stable-audio.text"]


def test_a_configuration_without_a_run_replaces_that_of_the_model(tmp_path: Path, base: Path):
    config = written(tmp_path / "c.json", tiny.config("rectified_flow"))
    options = SoundModelOptions(model=str(base), config=str(config))
    assert config_path(options) == config
    run = written(tmp_path / "run.json", tiny.config("rectified_flow", rank=8, alpha=8))
    of_run = SoundModelOptions(model=str(base), config=str(run))
    assert config_path(of_run) == base / "model_config.json"
    assert ModelSources.of(of_run).facts.objective == "v"


def test_a_single_file_has_its_configuration_beside_it_or_named(tmp_path: Path, base: Path):
    file = base / "model.safetensors"
    assert config_path(SoundModelOptions(model=str(file))) == base / "model_config.json"
    assert weights_in(file) == weights_in(base) == file
    alone = safetensors(tmp_path / "alone.safetensors", WHOLE)
    assert config_path(SoundModelOptions(model=str(alone))) is None
    config = written(tmp_path / "c.json", tiny.config())
    assert config_path(SoundModelOptions(model=str(alone), config=str(config))) == config


def test_a_folder_of_this_machine_may_have_the_older_format(tmp_path: Path):
    written(tmp_path / "old/model_config.json", tiny.config())
    file = saved_by_torch(tmp_path / "old/model.ckpt", WHOLE)
    assert weights_in(tmp_path / "old") == file
    (wanted, *_) = ModelSources.of(SoundModelOptions(model=str(tmp_path / "old"))).wanted()
    assert wanted.needs == ("model_config.json", "model.ckpt")


def test_a_wrong_configuration_is_named(tmp_path: Path):
    config = written(tmp_path / "c.json", {"model_type": "lm"})
    with pytest.raises(ConfigError, match=r"The configuration c\.json has the model_type 'lm'"):
        ModelSources.of(SoundModelOptions(model=BASE, config=str(config)))
