"""Sounds of the backend `diffusers` in one process: settings, identity, requests, files."""

import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.backends.diffusers import DiffusersSettings
from engine.backends.diffusers.audio import DiffusersSounds
from engine.contract import Permanent, Retryable, StepError, Task
from engine.contract.audio import AudioRequest
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from safelight.testing import AudioBackendContract
from tests.support.sounds import noise_wav

OPEN = "stabilityai/stable-audio-open-1.0"


def backend(**settings: Any) -> DiffusersSounds:
    return DiffusersSounds(DiffusersSettings(**settings))


def request(**fields: Any) -> AudioRequest:
    return AudioRequest(**{"prompt": "rain on a tin roof", "seconds": 1.5, "seed": 7, **fields})


class HostContext(MemoryContext):
    """Answers tasks with noise of their seed, as a model host answers, and remembers them."""

    def __init__(self, failure: StepError | None = None, notes: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.tasks: list[Task] = []
        self.failure, self.notes = failure, list(notes)

    async def infer(self, task: Task) -> Any:
        self.tasks.append(task)
        if self.failure is not None:
            raise self.failure
        frames = round(task.payload["seconds"] * 44_100)
        noise = np.random.default_rng(task.payload["seed"]).uniform(-1, 1, (2, frames))
        return {
            "samples": noise.astype("<f4").tobytes(),
            "channels": 2,
            "sample_rate": 44_100,
            "notes": self.notes,
            "steps": 30,
            "guidance": 5.0,
            "device": "cuda:0",
        }


class TestContract(AudioBackendContract):
    def make_backend(self) -> Any:
        return backend()

    async def call(self, made: Any, context: MemoryContext) -> Any:
        host = HostContext()
        host.files, host.shown = context.files, context.shown
        return await made.generate_audio(self.request, host)


def test_the_defaults_are_stable_audio_open() -> None:
    made = EntryPointCatalog().backend("audio", "diffusers", {}, {})
    assert isinstance(made, DiffusersSounds)
    assert (made.info.name, made.info.model, made.info.version) == ("diffusers", OPEN, "1")
    assert made.info.lane == f"diffusers:{OPEN}"
    assert (made.info.sample_rate, made.info.channels) == (44_100, 2)
    assert made.info.max_seconds == pytest.approx(47.55, abs=0.01)
    assert made.info.limits.concurrency == 8
    fields = {"negative_prompt", "seed", "steps", "guidance", "sampler", "init_audio"}
    assert made.info.takes == fields


async def test_a_request_becomes_a_task_and_its_sound_a_file() -> None:
    context = HostContext(notes=("It was louder.",))
    made = await backend(audio_cfg=5, audio_batch=2, dtype="fp16").generate_audio(
        request(negative_prompt="hiss", steps=30, sampler="dpmpp-2m-sde"), context
    )
    (task,) = context.tasks
    assert json.loads(task.model.options) == {"model": OPEN, "most": 2, "dtype": "fp16"}
    assert task.payload == {
        "prompt": "rain on a tin roof",
        "negative_prompt": "hiss",
        "seed": 7,
        "seconds": 1.5,
        "init": None,
        "sampling": {
            "sampler": "dpmpp-2m-sde",
            "steps": 30,
            "cfg": 5.0,
            "init_noise": 0.5,
            "loras": (),
        },
    }
    assert (made.seed, made.notes) == (7, ("It was louder.",))
    assert (made.device, made.steps, made.guidance) == ("cuda:0", 30, 5.0)
    data = context.files[made.audio.hash]
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 3, 44_100)
        assert file.getnframes() == 66_150


async def test_takes_of_one_prompt_share_a_call_and_what_is_asked_wins() -> None:
    context, made = HostContext(), backend(audio_steps=50, audio_cfg=5)
    for fields in ({"seed": 1}, {"seed": 2}, {"guidance": 0.0, "steps": 8}):
        await made.generate_audio(request(**fields), context)
    first, second, other = context.tasks
    usual = {"sampler": "default", "init_noise": 0.5, "loras": ()}
    assert first.group == second.group != other.group
    assert first.payload["sampling"] == {"steps": 50, "cfg": 5.0} | usual
    assert other.payload["sampling"] == {"steps": 8, "cfg": 0.0} | usual


async def test_what_the_model_cannot_do_is_refused_before_a_host_is_asked() -> None:
    context = HostContext()
    with pytest.raises(Permanent, match=r"47\.5545 seconds, not of 60"):
        await backend().generate_audio(request(seconds=60), context)
    with pytest.raises(Permanent, match="it has default, dpmpp-2m-sde"):
        await backend().generate_audio(request(sampler="euler"), context)
    assert context.tasks == []


async def test_a_failure_of_the_host_is_passed_on() -> None:
    with pytest.raises(Retryable, match="died"):
        await backend().generate_audio(request(), HostContext(Retryable("The host died.")))


def test_the_format_is_that_of_the_weights_once_they_are_there(tmp_path: Path) -> None:
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae/config.json").write_text('{"sampling_rate": 48000, "audio_channels": 1}')
    assert backend(audio_model=str(tmp_path)).info.sample_rate == 44_100
    (tmp_path / "model_index.json").write_text("{}")
    (tmp_path / "vae/model.safetensors").write_bytes(b"")
    info = backend(audio_model=str(tmp_path)).info
    assert (info.sample_rate, info.channels, info.max_seconds) == (48_000, 1, 120)


@pytest.mark.parametrize(
    "changed",
    [
        {"audio_steps": 20},
        {"audio_cfg": 5},
        {"audio_variant": "fp16"},
        {"dtype": "fp32"},
        {"audio_model": "org/other"},
        {"audio_loras": "org/style:s.safetensors"},
        {"audio_loras": "org/style:s.safetensors*0.5"},
    ],
)
def test_what_changes_a_sound_is_in_the_identity_of_sounds_alone(changed: dict[str, Any]) -> None:
    usual, other = backend().info, backend(**changed).info
    assert (usual.model, usual.version) != (other.model, other.version)
    if "dtype" not in changed:
        images = [
            EntryPointCatalog().backend("image", "diffusers", settings, {}).info
            for settings in ({}, changed)
        ]
        assert images[0] == images[1]


def test_what_does_not_change_a_sound_is_not() -> None:
    usual = backend().info
    for same in (
        {"audio_batch": 2},
        {"device": "cpu"},
        {"steps": 9},
        {"loras": "org/a:b.safetensors"},
    ):
        other = backend(**same).info
        assert (usual.model, usual.version, usual.lane) == (other.model, other.version, other.lane)


def test_what_is_missing_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    has_package = "engine.backends.diffusers.packages.has_package"
    monkeypatch.setattr(has_package, lambda name: name != "torchsde")
    (lack,) = backend(audio_model="nobody/model").missing()
    assert (lack.what, lack.reason) == ("the package torchsde", "backend")
    monkeypatch.setattr(has_package, lambda name: True)
    model, lora = backend(
        audio_model="nobody/model", audio_loras="nobody/a:b.safetensors"
    ).missing()
    assert model.what == "the weights diffusers.audio (nobody/model)"
    assert lora.what == "the weights diffusers.audio-lora-1 (nobody/a:b.safetensors)"
    assert lora.remedy == "Run: safelight models pull diffusers.audio diffusers.audio-lora-1."


async def test_loras_travel_with_their_weights() -> None:
    context = HostContext()
    made = backend(audio_loras="org/a:a.safetensors*0.5, org/b:b.safetensors")
    await made.generate_audio(request(), context)
    assert [lora["weight"] for lora in context.tasks[0].payload["sampling"]["loras"]] == [0.5, 1.0]
    with pytest.raises(ValidationError, match=r"has to be a \.safetensors file"):
        backend(audio_loras="org/a:a.ckpt")


@pytest.mark.parametrize(("rate", "channels"), [(44_100, 2), (22_050, 1), (48_000, 4)])
async def test_a_sound_to_start_from_comes_in_the_rate_and_channels_of_the_model(
    rate: int, channels: int
) -> None:
    context = HostContext()
    sound = context.give(noise_wav(1.0, rate, channels))
    await backend().generate_audio(request(init_audio=sound, init_noise=0.3), context)
    (task,) = context.tasks
    init = np.frombuffer(task.payload["init"], "<f4").reshape(2, -1)
    assert init.shape == (2, 44_100)
    assert 0.05 < abs(init).max() < 1
    assert task.payload["sampling"]["init_noise"] == 0.3
    broken = context.give(b"no sound", "audio/wav")
    with pytest.raises(Permanent, match="cannot be decoded"):
        await backend().generate_audio(request(init_audio=broken), context)
