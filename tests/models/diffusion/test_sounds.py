"""Sounds by loaded pipelines: lengths, seeds, batches, samplers, progress, cancelling."""

import json
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.contract import Blocked, Permanent
from engine.models.diffusion.sound_facts import SoundFacts, sound_facts
from engine.models.diffusion.sound_options import SoundTask
from tests.models.diffusion.conftest import Load
from tests.models.diffusion.desks import NotingDesk
from tests.models.diffusion.sounds import QUIET, RATE, apart, heard, sound
from tests.support import tiny_pipelines as tiny
from tests.support import tiny_sounds

EDM = "EDMDPMSolverMultistepScheduler"


@pytest.fixture(scope="module")
def model(load_sound: Load) -> Any:
    """Stable Audio in small."""
    return load_sound()


def test_lengths_are_exact_to_the_sample(model: Any, load_sound: Load, sounds: Path) -> None:
    tiny.saved(partial(tiny_sounds.stable_audio, 1024), sounds / "whole")
    whole = load_sound("whole")
    for seconds in (0.5, 0.7, 1, 6, 10, 47):
        of_length = model if seconds <= 1 else whole
        (waveform,) = heard(of_length, sound(seconds=seconds, sampling={"steps": 1}))
        assert waveform.shape == (2, round(seconds * RATE))
        assert abs(waveform[:, -1000:]).max() > 0


def test_a_seed_gives_the_same_sound_alone_and_among_others(model: Any) -> None:
    prompts = ("boots on marble", "rain", "a bell, 1890")
    asks = [sound(p, s) for p, s in zip(prompts, (7, 8, 2**62 + 5), strict=True)]
    for negative in ("", "hiss"):
        asked = [{**ask, "negative_prompt": negative} for ask in asks]
        together = heard(model, *asked)
        for ask, waveform in zip(asked, together, strict=True):
            assert apart(heard(model, ask)[0], waveform) < QUIET
        assert apart(heard(model, *reversed(asked))[-1], together[0]) < QUIET
        assert apart(together[0], together[1]) > 20 * QUIET


def test_everything_that_is_asked_counts(model: Any) -> None:
    (plain,) = heard(model, sound())
    changes: list[dict[str, Any]] = [
        {"prompt": "a door"},
        {"seed": 8},
        {"negative_prompt": "hiss"},
        {"sampling": {"steps": 3}},
        {"sampling": {"cfg": 2.0}},
        {"sampling": {"sampler": "dpmpp-2m-sde"}},
        {"sampling": {"sampler": "dpmpp-3m", "steps": 4}},
    ]
    for changed in changes:
        (other,) = heard(model, sound(**changed))
        assert apart(plain, other) > 0, changed
    assert apart(plain, heard(model, sound())[0]) == 0
    assert apart(plain, heard(model, sound(sampling={"cfg": 7.0}))[0]) == 0


def test_what_was_used_is_reported_where_defaults_were_left(model: Any) -> None:
    def used(**sampling: Any) -> tuple[Any, ...]:
        (answer,) = model.run("generate", [sound(sampling=sampling)], NotingDesk())
        return answer["steps"], answer["guidance"], answer["device"]

    assert used() == (2, 7.0, "cpu")
    assert used(steps=3, cfg=0.0) == (3, 0.0, "cpu")


@pytest.mark.skipif(find_spec("torchsde") is None, reason="torchsde is not installed")
def test_the_scheduler_of_the_real_model_draws_its_noise_from_the_seed(
    load_sound: Load, sounds: Path
) -> None:
    from diffusers import CosineDPMSolverMultistepScheduler

    def build() -> Any:
        pipe = tiny_sounds.stable_audio()
        pipe.scheduler = CosineDPMSolverMultistepScheduler()
        return pipe

    tiny.saved(build, sounds / "cosine")
    cosine = load_sound("cosine")
    for sampler in ("default", "dpmpp-2m-sde-karras"):
        asks = [sound(seed=s, sampling={"sampler": sampler, "steps": 5}) for s in (1, 2)]
        together = heard(cosine, *asks)
        assert apart(heard(cosine, asks[1])[0], together[1]) < QUIET
        assert apart(*together) > 20 * QUIET


def test_a_sampler_with_noise_keeps_to_the_seed(model: Any) -> None:
    asks = [sound(seed=s, sampling={"sampler": "dpmpp-2m-sde", "steps": 3}) for s in (1, 2)]
    together = heard(model, *asks)
    assert apart(heard(model, asks[1])[0], together[1]) < QUIET


def test_an_unknown_sampler_is_refused_with_those_there_are(model: Any) -> None:
    with pytest.raises(Permanent, match="it has default, dpmpp-2m,"):
        heard(model, sound(sampling={"sampler": "pingpong"}))


def test_progress_rises_to_the_end_for_each_sound(model: Any) -> None:
    reporter = NotingDesk()
    heard(
        model, sound(sampling={"steps": 4}), sound(seed=8, sampling={"steps": 4}), reporter=reporter
    )
    assert reporter.fractions == {0: [0.25, 0.5, 0.75, 1.0], 1: [0.25, 0.5, 0.75, 1.0]}


def test_a_call_that_nobody_waits_for_ends_in_the_middle(model: Any) -> None:
    (before,) = heard(model, sound())
    alone = NotingDesk(unwanted=frozenset({0}), patience=3)
    assert model.run("generate", [sound(sampling={"steps": 50})], alone) == [None]
    assert alone.words == 3
    both = NotingDesk(unwanted=frozenset({0}), patience=1)
    first, second = model.run("generate", [sound(), sound(seed=8)], both)
    assert first is None
    assert second["channels"] == 2
    assert apart(heard(model, sound())[0], before) == 0


def test_a_model_that_overflows_is_a_failure_and_no_noise(load_sound: Load) -> None:
    import torch

    broken = load_sound()
    with torch.no_grad():
        broken._pipe.vae.decoder.conv2.weight_v.fill_(float("nan"))
    (answer,) = broken.run("generate", [sound()], NotingDesk())
    assert isinstance(answer, Permanent)
    assert "dtype" in answer.remedy


def test_a_sound_beyond_full_scale_is_attenuated_with_a_note(load_sound: Load) -> None:
    import torch

    loud = load_sound()
    with torch.no_grad():
        loud._pipe.vae.decoder.conv2.weight_g.mul_(100)
    (answer,) = loud.run("generate", [sound()], NotingDesk())
    (note,) = answer["notes"]
    assert "louder than full scale" in note
    assert abs(heard(loud, sound())[0]).max() == pytest.approx(1, abs=1e-6)


def test_memory_that_lacks_reaches_the_host_as_it_is(model: Any, monkeypatch: Any) -> None:
    from engine.models.hosts.memory import is_out_of_memory

    def full(*_: Any, **__: Any) -> Any:
        raise MemoryError("no room")

    monkeypatch.setattr(model._pipe.vae, "decode", full)
    with pytest.raises(MemoryError) as caught:
        model.run("generate", [sound()], NotingDesk())
    assert is_out_of_memory(caught.value)
    assert model.size() > 10_000


def test_groups_part_what_cannot_share_a_call() -> None:
    def group(**fields: Any) -> str:
        return SoundTask.model_validate(sound(**fields)).group()

    assert group(prompt="another", seed=99) == group()
    others = [
        group(seconds=1.0),
        group(negative_prompt="hiss"),
        group(sampling={"steps": 9}),
        group(sampling={"cfg": 3.0}),
        group(sampling={"sampler": "dpmpp-2m"}),
        group(init=b""),
    ]
    assert len({group(), *others}) == 1 + len(others)


# -- Stable Audio 3 ---------------------------------------------------------------------------


def test_stable_audio_3_is_exact_and_its_seeds_are_its_own(load_sound: Load, sounds: Path) -> None:
    tiny.saved(tiny_sounds.stable_audio_3, sounds / "third")
    third = load_sound("third")
    for seconds in (0.5, 0.7, 1, 6, 10):
        (waveform,) = heard(third, sound(seconds=seconds, sampling={"steps": 1}))
        assert waveform.shape == (2, round(seconds * RATE))
    for sampler in ("default", "pingpong", "euler"):
        asks = [sound(seed=s, sampling={"sampler": sampler, "steps": 3}) for s in (1, 2)]
        together = heard(third, *asks)
        assert apart(heard(third, asks[1])[0], together[1]) < QUIET
        assert apart(*together) > QUIET
    (answer,) = third.run("generate", [sound(sampling={"steps": None})], NotingDesk())
    assert (answer["steps"], answer["guidance"]) == (8, 1.0)
    guided = sound(sampling={"cfg": 4.0})
    assert apart(heard(third, guided)[0], heard(third, {**guided, "negative_prompt": "x"})[0]) > 0


# -- sounds to start from ---------------------------------------------------------------------


def tone(seconds: float = 0.5, hertz: float = 440) -> bytes:
    """A stereo sound to start from."""
    times = np.arange(round(seconds * RATE)) / RATE
    wave = (0.5 * np.sin(2 * np.pi * hertz * times)).astype("<f4")
    return np.stack([wave, -wave]).tobytes()


@pytest.mark.parametrize("name", ["stable_audio", "third"])
def test_a_sound_to_start_from_counts_the_less_the_more_noise_it_gets(
    load_sound: Load, sounds: Path, name: str
) -> None:
    if name == "third":
        tiny.saved(tiny_sounds.stable_audio_3, sounds / "third")
    starting = load_sound(name)

    def started(noise: float, hertz: float = 440, seed: int = 7) -> dict[str, Any]:
        sampling = {"steps": 3, "init_noise": noise}
        return sound(seed=seed, init=tone(hertz=hertz), sampling=sampling)

    def spread(noise: float) -> float:
        return apart(heard(starting, started(noise))[0], heard(starting, started(noise, 3000))[0])

    assert spread(0.2) > spread(0.9)
    asks = [started(0.5, hertz, seed) for hertz, seed in ((440, 1), (3000, 2))]
    together = heard(starting, *asks)
    assert apart(heard(starting, asks[1])[0], together[1]) < QUIET
    assert apart(heard(starting, started(0.5, seed=8))[0], heard(starting, started(0.5))[0]) > 0
    (plain,) = heard(starting, sound())
    assert plain.shape == together[0].shape
    assert apart(heard(starting, sound())[0], plain) == 0


def test_without_noise_it_stays_as_it_is_at_the_length_that_is_asked_for(model: Any) -> None:
    ask = sound(seconds=1.0, init=tone(0.5), sampling={"init_noise": 0.0})
    (answer,) = model.run("generate", [ask], NotingDesk())
    waveform = np.frombuffer(answer["samples"], "<f4").reshape(2, -1)
    assert waveform.shape == (2, RATE)
    assert waveform[:, : RATE // 2].tobytes() == tone(0.5)
    assert not waveform[:, RATE // 2 :].any()
    assert (answer["steps"], answer["guidance"]) == (None, None)


# -- loading ----------------------------------------------------------------------------------


def test_facts_are_read_without_loading(sounds: Path, tmp_path: Path) -> None:
    assert sound_facts(sounds / "stable_audio") == SoundFacts(RATE, 2, 64 * 2048 / RATE, EDM)
    assert sound_facts(None) == SoundFacts()
    assert SoundFacts().max_seconds == pytest.approx(47.55, abs=0.01)
    for part, config in {
        "vae": {"sampling_rate": -1, "audio_channels": "two", "downsampling_ratios": "[8]"},
        "transformer": {"sample_size": True},
        "scheduler": [],
    }.items():
        (tmp_path / part).mkdir()
        (tmp_path / part / "config.json").write_text(json.dumps(config))
    (tmp_path / "vocoder").mkdir()
    (tmp_path / "vocoder/config.json").write_text("[" * 100_000)
    assert sound_facts(tmp_path) == SoundFacts(max_seconds=120, starts=False)
    (tmp_path / "vocoder/config.json").write_text('{"sampling_rate": 16000}')
    assert sound_facts(tmp_path) == SoundFacts(16_000, 1, 120, starts=False)


def test_a_model_of_images_is_refused(load_sound: Load, models: Path) -> None:
    with pytest.raises(Permanent, match="model that makes sounds"):
        load_sound(str(models / "sd15"))


def test_a_language_model_that_no_longer_generates_is_refused_before_anything_runs() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel, GPT2Model

    from engine.models.diffusion.sound_loading import check_language_model

    tiny_one = GPT2Config(n_embd=4, n_head=1, n_layer=1, vocab_size=8, n_positions=8)
    check_language_model(SimpleNamespace())
    check_language_model(SimpleNamespace(language_model=GPT2LMHeadModel(tiny_one)))
    with pytest.raises(Permanent, match="GPT2Model") as caught:
        check_language_model(SimpleNamespace(language_model=GPT2Model(tiny_one)))
    assert "GPT2LMHeadModel" in caught.value.remedy


def test_files_that_are_cut_are_not_whole(load_sound: Load, sounds: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(sounds / "stable_audio", tmp_path / "cut")
    file = tmp_path / "cut/transformer/diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(Blocked, match="not whole") as caught:
        load_sound(str(tmp_path / "cut"))
    assert caught.value.reason == "weights"


def test_pickled_weights_are_never_read(load_sound: Load, sounds: Path, tmp_path: Path) -> None:
    import shutil

    import torch

    shutil.copytree(sounds / "stable_audio", tmp_path / "pickled")
    file = tmp_path / "pickled/transformer/diffusion_pytorch_model.safetensors"
    file.unlink()
    torch.save({}, file.with_suffix(".bin"))
    with pytest.raises(Blocked):
        load_sound(str(tmp_path / "pickled"))
