"""A tiny model with a LoRA through the whole engine: command line, host, files as documented."""

import asyncio
import json
import wave
from pathlib import Path
from typing import Any

import pytest

from engine.cli.app import main
from engine.client.workspace import Workspace
from engine.runtime.engine import Engine
from tests.support import tiny_stable_audio as tiny
from tests.support.optional import HOSTING_TORCH, needs

needs(*tiny.PACKAGES)
pytestmark = [pytest.mark.xdist_group(HOSTING_TORCH), pytest.mark.slow]

PROMPT = "heavy boots walking on marble floor"

KEYS = {
    *("prompt", "checkpoint", "config", "output_path", "timestamp", "generation_time_seconds"),
    *("generation_time_minutes", "sample_rate", "audio_shape", "channels", "num_samples"),
    *("target_duration_seconds", "actual_duration_seconds", "max_amplitude", "rms", "peak_db"),
    *("rms_db", "phase_info", "cfg_scale", "diffusion_steps", "device", "success"),
}
"""Keys that users were promised in the document beside a sound."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model `base`, its text encoder, `best.ckpt` and the configuration of it."""
    import torch

    tiny.prepare()
    folder = tmp_path_factory.mktemp("models")
    text = tiny.save_text(folder / "t5")
    tiny.save(folder / "base", text)
    torch.save(tiny.lora_tensors(tiny.built("v", text)), folder / "best.ckpt")
    config = json.dumps(tiny.config(rank=4, alpha=8, multiplier=1.0))
    (folder / "model_config_lora.json").write_text(config)
    return folder


@pytest.fixture
def workspace(tmp_path: Path, files: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace whose base model is the tiny one."""
    monkeypatch.setattr("engine.backends.stable_audio.audio.LOADER", tiny.LOADER)
    monkeypatch.chdir(files)
    (tmp_path / "w").mkdir()
    (tmp_path / "w/safelight.toml").write_text(
        f"[backends.stable-audio]\nmodel = '{files / 'base'}'\ntext_encoder = '{files / 't5'}'\n"
    )
    overrides = {"hosts": {"devices": ["cpu"], "cpu_threads": 1}}
    return Workspace(tmp_path / "w", create=True, overrides=overrides)


def queue(workspace: Workspace, output: Path, *more: str) -> None:
    options = ["--prompt", PROMPT, "--output", str(output), "--num-variations", "2"]
    chosen = ["--max-iterations", "1", "--audio-length", "0.5", *more, "--set", "seed=5"]
    root = str(workspace.paths.root)
    assert main(["queue", "sound-effect", *options, *chosen, "-w", root]) == 0


async def run(workspace: Workspace) -> None:
    engine = Engine(
        workspace.paths,
        workspace.settings,
        workspace.catalog,
        version="0",
        run_id="tests",
        signer=workspace.signer,
    )
    async with asyncio.timeout(300):
        await engine.run(lambda running: running.is_idle)


def documents(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder.rglob("2*.json"))]


async def test_the_documented_command_gives_the_documented_files(
    workspace: Workspace, files: Path, tmp_path: Path
):
    model = ["--checkpoint", "best.ckpt", "--config", "model_config_lora.json"]
    queue(workspace, tmp_path / "with", *model, "--steps", "12")
    queue(workspace, tmp_path / "base", "--set", "audio=stable-audio", "--steps", "12")
    await run(workspace)
    found = documents(tmp_path / "with")
    assert len(found) == 2
    for document in found:
        assert set(document) >= KEYS
        assert (document["checkpoint"], document["config"]) == (
            "best.ckpt",
            "model_config_lora.json",
        )
        assert (document["audio_shape"], document["sample_rate"]) == ([2, 4000], 8000)
        assert (document["cfg_scale"], document["diffusion_steps"]) == (7.0, 12)
        assert (document["device"], document["success"]) == ("cpu", True)
        name = document["output_path"]
        assert name.partition("_")[2].endswith(f"_{PROMPT.replace(' ', '_')}.wav") or "-2" in name
        (file,) = (tmp_path / "with").rglob(name)
        with wave.open(str(file)) as sound:
            assert (sound.getnframes(), sound.getnchannels()) == (4000, 2)
    assert len({document["seed"] for document in found}) == 2
    base = documents(tmp_path / "base")
    assert {document["seed"] for document in base} == {document["seed"] for document in found}
    assert {document["rms"] for document in base}.isdisjoint(document["rms"] for document in found)
    assert all(document["checkpoint"].startswith("base#") for document in base)
    assert all(str(files) not in json.dumps(document) for document in [*found, *base])


def test_the_documented_call_from_python_returns_a_tensor_and_the_documented_values(
    workspace: Workspace, files: Path, tmp_path: Path
):
    import torch

    from safelight import generate_sound

    audio, sample_rate, path, metadata = generate_sound(
        prompt="high heels on concrete pavement",
        checkpoint_path="best.ckpt",
        config_path=Path("model_config_lora.json"),
        output_dir=tmp_path / "outputs",
        audio_length=0.5,
        cfg_scale=7.0,
        steps=10,
        settings={"num_variations": 1, "max_iterations": 1},
        workspace=workspace,
    )
    assert isinstance(audio, torch.Tensor)
    assert (tuple(audio.shape), sample_rate) == ((2, 4000), 8000)
    assert path.is_relative_to(tmp_path / "outputs")
    assert metadata["checkpoint"] == "best.ckpt"
    assert metadata["phase_info"]["status"] in {"good", "mild_phase_issue", "severe_phase_issue"}
    beside = json.loads(path.with_suffix(".json").read_text())
    assert beside | {"output_path": str(path)} == metadata
