"""Models of local backends as options of the recipe: their backend, their files, their device."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.recipes.sound_effect import RECIPE
from engine.recipes.sound_effect.settings import SoundEffectSettings
from tests.models.sound.test_sources import LORA, saved_by_torch, written
from tests.support import tiny_stable_audio as tiny


def test_a_checkpoint_names_its_backend_and_paths_become_absolute(monkeypatch: Any, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    settings = SoundEffectSettings(
        checkpoint="models/best.ckpt", config=Path("config/run.json"), loras="a.ckpt*0.5, b.ckpt"
    )
    assert settings.audio == "stable-audio"
    found = RECIPE.settings_of_backends(settings)["stable-audio"]
    assert found == {
        "checkpoint": str(tmp_path / "models/best.ckpt"),
        "config": str(tmp_path / "config/run.json"),
        "loras": [f"{tmp_path / 'a.ckpt'}*0.5", str(tmp_path / "b.ckpt")],
    }
    stored = settings.model_dump(mode="json")
    assert SoundEffectSettings.model_validate(stored) == settings


def test_without_a_model_nothing_changes():
    settings = SoundEffectSettings()
    assert settings.audio == "builtin"
    assert RECIPE.settings_of_backends(settings) == {"stable-audio": {}, "diffusers": {}}
    assert SoundEffectSettings(checkpoint="", config=None, loras=()).audio == "builtin"


def test_a_device_and_loras_reach_every_local_backend():
    settings = SoundEffectSettings(
        audio="diffusers, stable-audio", device="cuda:1", loras="/a.ckpt"
    )
    assert RECIPE.settings_of_backends(settings) == {
        "stable-audio": {"loras": ["/a.ckpt"], "device": "cuda:1"},
        "diffusers": {"audio_loras": ["/a.ckpt"], "device": "cuda:1"},
    }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"checkpoint": "/a.ckpt", "audio": "fal"}, "checkpoint is for the backend stable-audio"),
        ({"config": "/a.json", "audio": "diffusers"}, "config is for the backend stable-audio"),
        ({"loras": "/a.ckpt", "audio": "builtin"}, "loras is for the backend diffusers or stable"),
        ({"device": "cuda"}, "device is for the backend diffusers or stable-audio"),
        ({"device": "tpu", "audio": "diffusers"}, "pattern"),
    ],
)
def test_a_model_of_another_backend_is_refused(settings: dict[str, Any], message: str):
    with pytest.raises(ValidationError, match=message):
        SoundEffectSettings(**settings)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a LoRA `best.ckpt` and the configuration of its training run."""
    saved_by_torch(tmp_path / "best.ckpt", LORA)
    written(tmp_path / "model_config_lora.json", tiny.config(rank=32, alpha=64))
    return tmp_path


def queue(root: Path, *more: str) -> int:
    options = ["--prompt", "heavy boots walking on marble floor", "--output", str(root / "out")]
    return main(["queue", "sound-effect", *options, *more, "-w", str(root / "w")])


def test_the_documented_command_queues_a_batch_with_the_backend_of_the_checkpoint(files: Path):
    config = files / "model_config_lora.json"
    assert queue(files, "--checkpoint", f"{files}/best.ckpt", "--config", str(config)) == 0
    with Workspace(files / "w").reading() as reader:
        snapshot = json.loads(reader.execute("SELECT snapshot FROM batches").fetchone()[0])
    audio = snapshot["backends"]["audio"]
    assert audio["name"] == "stable-audio"
    assert audio["settings"]["checkpoint"] == str(files / "best.ckpt")
    assert audio["settings"]["config"] == str(config)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--checkpoint", "missing.ckpt"], "does not exist"),
        (["--checkpoint", "best.ckpt", "--config", "missing.json"], "The configuration"),
        (["--checkpoint", "best.ckpt", "--cfg-scale", "16"], "guidance scale of at most 15"),
        (["--checkpoint", "best.ckpt", "--steps", "9"], "takes at least 10 steps, not 9"),
        (["--checkpoint", "best.ckpt", "--audio-length", "48"], "seconds, not of 48"),
        (["--checkpoint", "best.ckpt", "--device", "tpu"], "Setting device"),
    ],
)
def test_wrong_options_are_refused_before_queueing(
    files: Path,
    monkeypatch: Any,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
):
    monkeypatch.chdir(files)
    assert queue(files, *options) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_an_option_of_the_command_line_overrides_the_workspace_and_is_overridden_by_set(
    files: Path, monkeypatch: Any
):
    monkeypatch.chdir(files)
    (files / "w").mkdir()
    (files / "w/safelight.toml").write_text(
        "[backends.stable-audio]\nbatch = 2\ndevice = 'cuda:0'\n[recipes.sound-effect]\n"
        "audio = 'stable-audio'\n"
    )
    chosen = ["--device", "cpu", "--set", "stable-audio.checkpoint=other.ckpt"]
    saved_by_torch(files / "other.ckpt", LORA)
    assert queue(files, "--checkpoint", "best.ckpt", *chosen) == 0
    with Workspace(files / "w").reading() as reader:
        snapshot = json.loads(reader.execute("SELECT snapshot FROM batches").fetchone()[0])
    settings = snapshot["backends"]["audio"]["settings"]
    assert (settings["batch"], settings["device"]) == (2, "cpu")
    assert settings["checkpoint"] == str(files / "other.ckpt")
