"""Sounds of tiny models by the real samplers: lengths, seeds, LoRAs, sounds to start from."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.contract import Blocked, Permanent, StepError
from engine.models.sound.options import (
    FLOW_SAMPLERS,
    V_SAMPLERS,
    InitSound,
    SoundLora,
    SoundSampling,
    SoundTask,
)
from tests.models.diffusion.desks import CpuPlace
from tests.models.sound.conftest import Load
from tests.support import tiny_stable_audio as tiny
from tests.support.effort import cases
from tests.support.optional import needs

needs(*tiny.PACKAGES)

TOLERANCE = 1e-5
"""Difference by rounding alone, where sounds share a call: full scale is 1."""


@dataclass
class Reports:
    """Keeps all reports; gives up tasks after a number of them."""

    unwanted: frozenset[int] = frozenset()
    patience: int = 0
    progressed: list[tuple[int, float, str]] = field(default_factory=list)
    previews: list[tuple[int, bytes]] = field(default_factory=list)

    def progress(self, task: int, fraction: float | None, message: str = "") -> None:
        assert fraction is not None
        self.progressed.append((task, fraction, message))

    def preview(self, task: int, image: bytes) -> None:
        self.previews.append((task, image))

    def is_given_up(self, task: int) -> bool:
        return task in self.unwanted and len(self.progressed) >= self.patience


def ask(prompt: Any = "rain", seed: Any = 7, seconds: Any = 0.5, **fields: Any) -> dict[str, Any]:
    """A payload: three steps at a guidance of 3, unless stated otherwise."""
    sampling = SoundSampling(**{"steps": 3, "guidance": 3, **fields.pop("sampling", {})})
    task = SoundTask(prompt=prompt, seed=seed, seconds=seconds, sampling=sampling, **fields)
    return task.model_dump()


def sounds(model: Any, *asks: dict[str, Any], reports: Any = None) -> list[NDArray[np.float32]]:
    """The sounds of a call, of shape (channels, samples)."""
    answers = model.run("generate", list(asks), reports or Reports())
    for answer in answers:
        if isinstance(answer, StepError):
            raise answer
    return [np.frombuffer(a["pcm"], np.float32).reshape(a["channels"], -1) for a in answers]


def apart(one: Any, other: Any) -> float:
    return float(np.abs(one - other).max())


SAMPLERS = [("v", sampler) for sampler in V_SAMPLERS] + [
    (objective, sampler)
    for objective in ("rectified_flow", "rf_denoiser")
    for sampler in FLOW_SAMPLERS
]


@cases("objective, sampler", SAMPLERS, usual=slice(0, None, 4))
def test_a_sound_is_to_the_bit_what_the_library_alone_gives(
    load: Load, objective: str, sampler: str
):
    from engine.models.sound import library

    model = load(objective)
    (sound,) = sounds(model, ask(sampling={"sampler": sampler}))
    from stable_audio_tools.inference.generation import generate_diffusion_cond

    noise = (
        {"sigma_min": 0.3, "sigma_max": 500, "rho": 1.0} if objective == "v" else {"sigma_max": 1}
    )
    with library.quiet():
        expected = generate_diffusion_cond(
            model._model,
            steps=3,
            cfg_scale=3,
            conditioning=[{"prompt": "rain", "seconds_start": 0, "seconds_total": 0.5}],
            sample_size=63 * tiny.RATIO,
            seed=7,
            device="cpu",
            sampler_type=sampler,
            **noise,
        )
    assert sound.shape == (2, 4000)
    assert apart(sound, expected[0, :, :4000].numpy()) == 0
    chosen = {"sampling": {"sampler": sampler}}
    together = sounds(
        model, ask("boots", 1, **chosen), ask("rain", 7, **chosen), ask("wind", 2**40, **chosen)
    )
    assert apart(together[1], sound) < TOLERANCE
    assert apart(together[0], sound) > 0.01


@pytest.mark.parametrize("seconds", [0.001, 0.5, 1, 2.345, 6])
def test_a_sound_has_exactly_the_requested_length(load: Load, seconds: float):
    (sound,) = sounds(load("v"), ask(seconds=seconds, sampling={"steps": 1}))
    assert sound.shape == (2, round(seconds * tiny.RATE))


def test_the_answer_tells_what_was_used_by_the_models_defaults(load: Load):
    for objective, steps, guidance, sampler in [
        ("v", 100, 7.0, "dpmpp-2m-sde"),
        ("rf_denoiser", 8, 1.0, "pingpong"),
    ]:
        task = SoundTask(prompt="rain", seed=1, seconds=0.02).model_dump()
        (answer,) = load(objective).run("generate", [task], Reports())
        used = (answer["steps"], answer["guidance"], answer["sampler"], answer["device"])
        assert used == (steps, guidance, sampler, "cpu")
        assert "GiB" in answer["device_name"]


def test_words_against_something_change_a_sound_only_with_guidance(load: Load):
    model, against = load("v"), {"negative_prompt": "music"}
    (plain,), (other,) = sounds(model, ask()), sounds(model, ask(**against))
    assert apart(plain, other) > 1e-4
    weak = {"sampling": {"guidance": 1}}
    (plain,), (other,) = sounds(model, ask(**weak)), sounds(model, ask(**against, **weak))
    assert apart(plain, other) == 0


def init(amplitude: float = 0.5, rate: int = tiny.RATE, channels: int = 2) -> InitSound:
    wave = np.sin(np.arange(rate) / rate * 2 * np.pi * 300).astype(np.float32) * amplitude
    return InitSound(pcm=np.stack([wave] * channels).tobytes(), channels=channels, sample_rate=rate)


@pytest.mark.parametrize(
    ("objective", "sampler"),
    [("v", ""), ("v", "v-ddim"), ("rf_denoiser", ""), ("rf_denoiser", "euler")],
)
def test_a_sound_to_start_from_counts_the_less_the_more_noise_is_added(
    load: Load, objective: str, sampler: str
):
    model = load(objective)

    def started(noise: float, sound: InitSound) -> Any:
        return sounds(model, ask(init=sound, sampling={"sampler": sampler, "init_noise": noise}))[0]

    quiet, loud = init(0.0), init(0.5)
    differences = [apart(started(noise, loud), started(noise, quiet)) for noise in (0, 0.3, 1.0)]
    assert differences[0] > differences[2]
    assert differences[1] > differences[2]
    assert apart(started(0, loud), started(0, loud)) == 0
    assert started(0.5, init(rate=16_000, channels=1)).shape == (2, 4000)


def test_progress_runs_to_the_end_and_previews_are_pictures(load: Load):
    reports = Reports()
    sounds(load("v"), ask(preview_every=2), ask(seed=8, preview_every=2), reports=reports)
    assert [fraction for task, fraction, _ in reports.progressed if task == 1] == pytest.approx(
        [0, 1 / 3, 2 / 3, 1]
    )
    assert "GiB" in reports.progressed[0][2]
    assert reports.progressed[-1][2] == "step 3 of 3"
    assert [task for task, _ in reports.previews] == [0, 1]
    assert all(
        image.startswith(b"\x89PNG") and len(image) < 20_000 for _, image in reports.previews
    )


def test_a_call_ends_once_all_of_its_tasks_are_cancelled(load: Load):
    reports = Reports(unwanted=frozenset({0, 1}), patience=4)
    answers = load("v").run("generate", [ask(), ask(seed=8)], reports)
    assert answers == [None, None]
    assert len(reports.progressed) == 4
    one = Reports(unwanted=frozenset({0}))
    answers = load("v").run("generate", [ask(), ask(seed=8)], one)
    assert {task for task, fraction, _ in one.progressed if fraction} == {1}
    assert answers[1] is not None


def test_an_unknown_sampler_is_refused_with_those_of_the_objective(load: Load):
    with pytest.raises(
        Permanent, match="'euler' is not for a model with the objective v"
    ) as refusal:
        sounds(load("v"), ask(sampling={"sampler": "euler"}))
    assert "dpmpp-3m-sde" in refusal.value.remedy


# -- checkpoints and LoRAs ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def run_folder(models: Path, load: Load) -> Path:
    """A folder with a LoRA `best.ckpt`, and the configuration of its training run."""
    import torch

    tensors = tiny.lora_tensors(load("v")._model)
    assert any(name.startswith("model/model/transformer/layers/0/self_attn/") for name in tensors)
    torch.save(tensors, models / "best.ckpt")
    torch.save({"state_dict": tensors}, models / "wrapped.ckpt")
    config = tiny.config(rank=4, alpha=8, multiplier=1.0)
    (models / "model_config_lora.json").write_text(json.dumps(config))
    return models


def test_a_lora_as_checkpoint_is_the_base_with_its_weights_merged(load: Load, run_folder: Path):
    (base,) = sounds(load("v"), ask())
    run = {"config": str(run_folder / "model_config_lora.json")}
    (with_lora,) = sounds(load("v", checkpoint=str(run_folder / "best.ckpt"), **run), ask())
    (wrapped,) = sounds(load("v", checkpoint=str(run_folder / "wrapped.ckpt"), **run), ask())
    assert apart(with_lora, base) > 0.01
    assert apart(with_lora, wrapped) == 0
    model = load("v", **run)
    chosen = {"loras": (SoundLora(source=str(run_folder / "best.ckpt")),)}
    assert apart(sounds(model, ask(sampling=chosen))[0], with_lora) == 0
    off = {"loras": (SoundLora(source=str(run_folder / "best.ckpt"), weight=0),)}
    assert apart(sounds(model, ask(sampling=off))[0], base) == 0
    merged = _merged(load, run_folder)
    assert apart(sounds(merged, ask())[0], with_lora) < 1e-4


def _merged(load: Load, run_folder: Path) -> Any:
    import torch
    from safetensors.torch import load_file, save_file

    tensors = load_file(run_folder / "v/model.safetensors")
    lora = torch.load(run_folder / "best.ckpt", weights_only=True)
    for key in lora:
        if key.endswith("lora_down.weight"):
            layer = key.removesuffix("/lora_down.weight")
            update = lora[f"{layer}/lora_up.weight"] @ lora[key] * 2.0
            tensors[f"{layer.replace('/', '.')}.weight"] += update
    file = run_folder / "merged.safetensors"
    save_file(tensors, str(file))
    return load("v", checkpoint=str(file))


def test_a_checkpoint_of_a_training_run_is_unwrapped_with_its_averaged_weights(
    load: Load, models: Path
):
    import torch
    from safetensors.torch import load_file

    tensors = load_file(models / "rectified_flow/model.safetensors")
    trained = {f"diffusion.{name}": tensor for name, tensor in tensors.items()}
    averaged = "diffusion.model.model.transformer.project_in.weight"
    trained["diffusion_ema.ema_model.model.transformer.project_in.weight"] = trained[averaged]
    trained[averaged] = torch.zeros_like(trained[averaged])
    file = models / "last.ckpt"
    torch.save({"state_dict": trained | {"losses.x": torch.ones(1)}, "epoch": 3}, file)
    model = load("rectified_flow", checkpoint=str(file))
    assert apart(sounds(model, ask())[0], sounds(load("rectified_flow"), ask())[0]) == 0


def test_a_lora_is_no_model(load: Load, run_folder: Path):
    with pytest.raises(Permanent, match=r"best\.ckpt is a LoRA, not a whole model"):
        load(
            "v", model=str(run_folder / "best.ckpt"), config=str(run_folder / "v/model_config.json")
        )


def test_weights_of_another_model_are_refused_before_it_is_built(
    load: Load, models: Path, monkeypatch: pytest.MonkeyPatch
):
    config = tiny.config()
    config["model"]["diffusion"]["config"]["embed_dim"] = 60_000
    file = models / "huge.json"
    file.write_text(json.dumps(config))
    with pytest.raises(Blocked, match="holds the weights of another model"):
        load("v", config=str(file))


def test_missing_parts_are_named_with_what_fetches_them(models: Path):
    from engine.models.sound.loading import load as load_options
    from engine.models.sound.options import SoundModelOptions

    for options, name in [
        ({"model": "org/missing"}, "stable-audio"),
        ({"model": str(models / "v"), "text_encoder": "org/missing"}, "stable-audio.text"),
    ]:
        with pytest.raises(Blocked) as refusal:
            load_options(SoundModelOptions(**options).model_dump_json(), CpuPlace())
        assert f"safelight models pull {name}." in refusal.value.remedy
        assert refusal.value.reason == "weights"


def test_the_size_is_that_of_all_weights_with_the_text_encoder(load: Load, models: Path):
    file = (models / "v/model.safetensors").stat().st_size
    assert load("v").size() > 0.9 * file + (models / "t5/model.safetensors").stat().st_size * 0.9


def test_half_precision_gives_nearly_the_same_sound(load: Load):
    (exact,) = sounds(load("rectified_flow"), ask())
    (rough,) = sounds(load("rectified_flow", dtype="bf16"), ask())
    assert 0 < apart(exact, rough) < 0.1
