"""The backend `stable-audio` in one process: settings, identity, requests, files, the processor."""

import io
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engine.audio.decode import decode
from engine.audio.looping import looped, overlap_of
from engine.audio.wav import write_float_wav
from engine.backends.stable_audio import StableAudioSettings
from engine.backends.stable_audio import audio as stable_audio
from engine.backends.stable_audio.audio import StableAudioSounds
from engine.backends.stable_audio.finishing import Finish, finished
from engine.contract import Blocked, Permanent, Retryable, StepError, Task
from engine.contract.audio import AudioRequest
from engine.models.hosts import codec
from engine.models.hosts.out_of_memory import ModelTooLarge
from engine.models.sound.packages import REQUIREMENTS, TOOLS
from engine.plugins.catalog import EntryPointCatalog
from engine.testing.context import MemoryContext
from safelight.testing import AudioBackendContract
from tests.models.sound.test_sources import LORA, WHOLE, safetensors, saved_by_torch, written
from tests.support import tiny_stable_audio as tiny

OPEN, RATE = "stabilityai/stable-audio-open-1.0", 44_100


def backend(**settings: Any) -> StableAudioSounds:
    return StableAudioSounds(StableAudioSettings(**settings))


def request(**fields: Any) -> AudioRequest:
    return AudioRequest(**{"prompt": "heavy boots", "seconds": 1.5, "seed": 7, **fields})


class HostContext(MemoryContext):
    """Answers tasks with noise of their seed, as a model host answers, and remembers them."""

    def __init__(self, failures: dict[str, StepError] | None = None, level: float = 0.5) -> None:
        super().__init__()
        self.tasks: list[Task] = []
        self.failures, self.level = failures or {}, level

    async def infer(self, task: Task) -> Any:
        self.tasks.append(task)
        if (failure := self.failures.get(task.model.device)) is not None:
            raise failure
        frames = round(task.payload["seconds"] * RATE)
        noise = np.random.default_rng(task.payload["seed"]).uniform(-1, 1, (2, frames))
        return {
            "pcm": (noise * self.level).astype(np.float32).tobytes(),
            "channels": 2,
            "sample_rate": RATE,
            "steps": 100,
            "guidance": 7.0,
            "sampler": "dpmpp-2m-sde",
            "device": task.model.device or "cuda:0",
        }


class TestContract(AudioBackendContract):
    def make_backend(self) -> Any:
        return backend()

    async def call(self, made: Any, context: MemoryContext) -> Any:
        host = HostContext()
        host.files, host.shown = context.files, context.shown
        return await made.generate_audio(self.request, host)


# -- settings and identity ----------------------------------------------------------------------


def test_the_defaults_are_stable_audio_open_with_the_limits_that_users_know():
    found = EntryPointCatalog().backend("audio", "stable-audio", {}, {})
    assert isinstance(found, StableAudioSounds)
    info = found.info
    assert (info.name, info.model, info.version) == ("stable-audio", OPEN, "1")
    assert (info.sample_rate, info.channels) == (RATE, 2)
    assert (info.max_steps, info.max_guidance) == (200, 15)
    assert info.max_seconds == pytest.approx(47.55, abs=0.01)
    assert {"loop", "init_audio"} < info.takes


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"seconds": 48}, r"sounds of .* to 47.5\d* seconds, not of 48"),
        ({"guidance": 16}, "a guidance scale of at most 15, not 16"),
        ({"guidance": 0.5}, "a guidance scale of at least 1, not 0.5"),
        ({"steps": 201}, "takes at most 200 steps, not 201"),
        ({"steps": 9}, "takes at least 10 steps, not 9"),
    ],
)
async def test_a_limit_that_is_passed_is_named(fields: dict[str, Any], message: str):
    with pytest.raises(Permanent, match=message):
        await backend().generate_audio(request(**fields), HostContext())


def test_the_limits_are_those_of_the_configuration_and_can_be_raised(tmp_path: Path):
    config = written(tmp_path / "c.json", tiny.config("rf_denoiser"))
    small = backend(config=str(config)).info
    assert (small.max_seconds, small.min_steps, small.sample_rate) == (2.0, 1, 8000)
    run = written(tmp_path / "run.json", tiny.config(rank=32, alpha=64))
    assert backend(config=str(run)).info.max_seconds > 47
    raised = backend(max_seconds=120, max_steps=500, max_cfg=30).info
    assert (raised.max_seconds, raised.max_steps, raised.max_guidance) == (120, 500, 30)


@pytest.mark.parametrize(
    ("changed", "is_seen"),
    [
        ({"steps": 50}, True),
        ({"cfg": 5}, True),
        ({"sampler": "k-heun"}, True),
        ({"sigma_max": 100}, True),
        ({"dtype": "fp16"}, True),
        ({"trim_tail": True}, True),
        ({"checkpoint": "/a.ckpt"}, True),
        ({"config": "/c.json"}, True),
        ({"text_encoder": "/t5"}, True),
        ({"loras": "/a.ckpt*0.5"}, True),
        ({"loras": "/a.ckpt*0"}, False),
        ({"batch": 2}, False),
        ({"device": "cpu"}, False),
        ({"cpu_fallback": False}, False),
        ({"preview_every": 0}, False),
        ({"max_steps": 999}, False),
        ({"offline": True}, False),
    ],
)
def test_what_changes_a_sound_is_part_of_its_fingerprint(changed: dict[str, Any], is_seen: bool):
    usual, other = backend().info, backend(**changed).info
    assert ((usual.model, usual.version) != (other.model, other.version)) is is_seen


def test_paths_are_made_absolute_and_survive_the_store(monkeypatch: Any, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    settings = StableAudioSettings(
        checkpoint="models/best.ckpt", config="config/model_config_lora.json", loras="x.ckpt*0.3"
    )
    assert settings.checkpoint == str(tmp_path / "models/best.ckpt")
    assert settings.config == str(tmp_path / "config/model_config_lora.json")
    assert (settings.loras[0].source, settings.loras[0].weight) == (str(tmp_path / "x.ckpt"), 0.3)
    assert StableAudioSettings.model_validate(settings.model_dump(mode="json")) == settings
    stated = {"source": "/x.ckpt", "weight": 0.5, "alpha": 8}
    assert StableAudioSettings(loras=[stated]).loras[0].alpha == 8
    assert StableAudioSettings(checkpoint="org/name:a/b.ckpt").checkpoint == "org/name:a/b.ckpt"


@pytest.mark.parametrize(
    "wrong",
    [
        {"checkpoint": "https://evil.example/x.ckpt"},
        {"checkpoint": "/x\x1b[2J.ckpt"},
        {"checkpoint": ""},
        {"config": "org/name"[:0]},
        {"loras": "/a.bin"},
        {"loras": "/a.ckpt*11"},
        {"loras": "/a.ckpt*nan"},
        {"sampler": "dpm++"},
        {"sigma_max": 1},
        {"device": "tpu"},
        {"unknown": 1},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        StableAudioSettings(**wrong)


# -- what is checked before a batch is queued ----------------------------------------------------


def test_files_are_checked_before_anything_is_loaded(tmp_path: Path):
    checkpoint = saved_by_torch(tmp_path / "best.ckpt", LORA)
    config = written(tmp_path / "run.json", tiny.config(rank=32, alpha=64))
    assert backend(checkpoint=str(checkpoint), config=str(config)).refusal() == ""
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"<html>")
    text, old = tmp_path / "README.md", tmp_path / "old.ckpt"
    text.write_text("# Weights")
    old.write_bytes(b"\x80\x02 as torch saved it before 1.6")
    assert backend(loras=str(old)).refusal() == ""
    wrong = written(tmp_path / "wrong.json", {"model_type": "lm"})
    missing = str(tmp_path / "missing")
    for settings, message in [
        ({"checkpoint": f"{missing}.ckpt"}, "The checkpoint"),
        ({"config": f"{missing}.json"}, "does not exist"),
        ({"loras": f"{missing}.ckpt"}, "The LoRA"),
        ({"checkpoint": str(tmp_path)}, "is not a file"),
        ({"checkpoint": str(broken)}, "is damaged, or is not a file of the safetensors format"),
        ({"checkpoint": str(text)}, "is damaged, or is not a checkpoint that torch saved"),
        ({"config": str(wrong)}, "The configuration wrong.json has the model_type 'lm'"),
    ]:
        assert message in backend(**settings).refusal()


def test_what_is_missing_is_named_with_one_command(monkeypatch: Any, tmp_path: Path):
    monkeypatch.setattr(stable_audio, "has_package", lambda name: name not in TOOLS)
    (missing,) = backend().missing()
    assert missing.what.startswith("the packages alias_free_torch, einops")
    assert str(REQUIREMENTS) in missing.remedy
    assert "--no-deps --requirement" in missing.remedy
    assert missing.reason == "backend"
    monkeypatch.setattr(stable_audio, "has_package", lambda _: True)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    checkpoint = saved_by_torch(tmp_path / "x.ckpt", WHOLE)
    config = written(tmp_path / "c.json", tiny.config())
    found = backend(checkpoint=str(checkpoint), config=str(config)).missing()
    assert [item.what for item in found] == ["the weights stable-audio.text (google-t5/t5-base)"]
    assert found[0].remedy == "Run: safelight models pull stable-audio.text."


def test_the_file_of_requirements_names_every_module_that_is_looked_for():
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    assert all("==" in line for line in lines)
    assert sorted(line.partition("==")[0].replace("-", "_") for line in lines) == sorted(TOOLS)


# -- requests and files ---------------------------------------------------------------------------


async def test_a_request_becomes_a_task_and_its_sound_a_file(tmp_path: Path):
    checkpoint = safetensors(tmp_path / "best.safetensors", LORA)
    config = written(tmp_path / "run.json", tiny.config(rank=32, alpha=64))
    context = HostContext()
    sounds = backend(checkpoint=str(checkpoint), config=str(config), loras="/x.ckpt*0.5", cfg=6)
    result = await sounds.generate_audio(
        request(negative_prompt="music", steps=50, sampler="k-heun"), context
    )
    (task,) = context.tasks
    assert json.loads(task.model.options) == {
        "model": OPEN,
        "checkpoint": str(checkpoint),
        "config": str(config),
    }
    assert task.model.name.startswith("best.safetensors#")
    payload = task.payload
    assert (payload["prompt"], payload["negative_prompt"]) == ("heavy boots", "music")
    assert (payload["seed"], payload["seconds"], payload["init"]) == (7, 1.5, None)
    sampling = payload["sampling"]
    assert (sampling["steps"], sampling["guidance"], sampling["sampler"]) == (50, 6.0, "k-heun")
    assert sampling["loras"] == ({"source": "/x.ckpt", "weight": 0.5, "alpha": None},)
    assert (result.seed, result.device, result.steps, result.guidance) == (7, "cuda:0", 100, 7.0)
    assert result.notes == ()
    with wave.open(io.BytesIO(context.files[result.audio.hash])) as file:
        assert (file.getnframes(), file.getnchannels()) == (66_150, 2)
        assert (file.getframerate(), file.getsampwidth()) == (RATE, 3)


@pytest.mark.parametrize("seconds", [0.5, 1, 6, 10, 47])
async def test_lengths_are_exact_to_the_sample(seconds: float):
    context = HostContext()
    result = await backend().generate_audio(request(seconds=seconds), context)
    with wave.open(io.BytesIO(context.files[result.audio.hash])) as file:
        assert file.getnframes() == round(seconds * RATE)


async def test_a_loop_is_as_long_as_asked_and_continues_into_its_start():
    context = HostContext()
    result = await backend().generate_audio(request(seconds=1.5, loop=True), context)
    assert context.tasks[0].payload["seconds"] == 1.5 + overlap_of(1.5) == 1.875
    assert decode(context.files[result.audio.hash]).samples.shape == (2, 66_150)


def test_a_crossfade_leaves_no_step_and_keeps_the_power():
    wave_ = np.sin(np.arange(12_000) * 0.05).astype(np.float32)
    loop = looped(np.stack([wave_, -wave_]), 10_000)
    assert loop.shape == (2, 10_000)
    assert abs(loop[0, 0] - wave_[10_000]) < 1e-6
    noise = np.random.default_rng(1).normal(size=(1, 60_000)).astype(np.float32)
    assert looped(noise, 40_000)[:, :20_000].std() == pytest.approx(1, abs=0.03)
    assert (looped(noise, 60_000) == noise).all()


async def test_a_sound_to_start_from_travels_decoded():
    context = HostContext()
    start = np.linspace(-1, 1, 800, dtype=np.float32).reshape(2, 400)
    artifact = context.give(write_float_wav(start, 16_000))
    await backend().generate_audio(request(init_audio=artifact, init_noise=0.3), context)
    (task,) = context.tasks
    init = task.payload["init"]
    assert (init["channels"], init["sample_rate"]) == (2, 16_000)
    assert (np.frombuffer(init["pcm"], np.float32).reshape(2, -1) == start).all()
    assert task.payload["sampling"]["init_noise"] == 0.3
    long = context.give(write_float_wav(np.zeros((1, 80_000), np.float32), 8_000))
    await backend().generate_audio(request(init_audio=long), context)
    taken = len(context.tasks[-1].payload["init"]["pcm"]) / 4 / 8_000
    assert 1.5 + 0.5 <= taken < 2.1  # of 10 seconds, and 1.5 of them are asked for
    with pytest.raises(Permanent, match="cannot be decoded"):
        broken = context.give(b"no sound")
        await backend().generate_audio(request(init_audio=broken), context)


def pcm(*pieces: float, seconds: float = 0.5) -> bytes:
    """Stereo pieces of noise, each of some seconds and a level."""
    generator, frames = np.random.default_rng(2), round(seconds * RATE)
    parts = [generator.uniform(-1, 1, (2, frames)).astype(np.float32) * level for level in pieces]
    return np.concatenate(parts, axis=1).tobytes()


def test_a_sound_that_ends_early_is_noted_and_cut_if_wanted():
    silent = pcm(0.5, 0, 0, 0)
    wav, notes = finished(silent, 2, RATE, Finish(2.0))
    assert notes == ["The sound ends after 0.5 of 2 seconds; the rest is silent."]
    assert decode(wav).samples.shape == (2, 4 * 22_050)
    wav, notes = finished(silent, 2, RATE, Finish(2.0, trim=True))
    assert notes == ["The sound ends after 0.5 of 2 seconds; the rest is cut off."]
    assert decode(wav).seconds == pytest.approx(0.55, abs=0.02)
    assert finished(pcm(0.5, 0.5, 0.5, 0.5), 2, RATE, Finish(2.0))[1] == []
    assert finished(pcm(0, 0), 2, RATE, Finish(1.0))[1] == []


def test_a_sound_beyond_full_scale_is_turned_down_and_never_clipped():
    wav, notes = finished(pcm(2.0), 2, RATE, Finish(0.5))
    assert notes == ["The sound went beyond full scale and was turned down by 6.1 dB."]
    samples = decode(wav).samples
    assert 0.97 < np.abs(samples).max() < 1
    original = np.frombuffer(pcm(2.0), np.float32).reshape(2, -1)
    ratio = samples[:, 100:200] / original[:, 100:200]
    assert ratio.std() < 1e-4


# -- the processor in place of a device ------------------------------------------------------------


def lacking(kind: str) -> StepError:
    """Errors of a device that is missing or full, as they come from a host."""
    if kind == "missing":
        error: StepError = Blocked("There is no cuda here.", reason="backend")
        error.lacks_device = True
        return error
    if kind == "full":
        error = Retryable("Other programs hold cuda:0.")
        error.lacks_device = True
    else:
        error = ModelTooLarge("best.ckpt", 8 << 30, "cuda:0", 4 << 30)
    return codec.unpack_error(codec.pack_error(error))


@pytest.mark.parametrize("kind", ["missing", "full", "small"])
@pytest.mark.parametrize("device", ["", "cuda"])
async def test_a_device_that_is_missing_or_full_means_the_processor_with_a_word(
    kind: str, device: str
):
    context, sounds = HostContext({device: lacking(kind)}), backend(device=device)
    result = await sounds.generate_audio(request(), context)
    assert result.device == "cpu"
    assert result.notes[0].endswith("The processor has generated the sound instead.")
    again = await sounds.generate_audio(request(), context)
    assert [task.model.device for task in context.tasks] == [device, "cpu", "cpu"]
    assert again.notes == result.notes


async def test_other_errors_and_settings_do_not_fall_back():
    cases: list[tuple[dict[str, Any], dict[str, StepError]]] = [
        ({}, {"": Permanent("It is no model.")}),
        ({"cpu_fallback": False}, {"": lacking("small")}),
        ({"device": "cpu"}, {"cpu": lacking("small")}),
        ({}, {"": lacking("full"), "cpu": lacking("small")}),
    ]
    for settings, failures in cases:
        with pytest.raises(StepError):
            await backend(**settings).generate_audio(request(), HostContext(failures))
