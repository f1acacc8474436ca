"""Whole sound effects: level, ends, loops, and the spectra and times that tell them apart."""

from typing import Any

import numpy as np
import pytest

from engine.audio.loudness import true_peak_db
from engine.audio.synthesis.description import describe
from engine.audio.synthesis.effect import MODELS, synthesise

RATE = 24_000
PROMPTS = {
    "footsteps": "heavy boots walking on marble floor",
    "rain": "rain on a tin roof",
    "wind": "strong wind",
    "thunder": "thunder",
    "fire": "a crackling campfire",
    "water": "a small stream",
    "engine": "truck engine idling",
    "click": "UI click",
    "door": "creaky door closing",
    "bell": "church bell",
    "whoosh": "sword whoosh",
    "impact": "a metal pipe clang",
}


def effect(prompt: str, seconds: float = 2, seed: int = 1, **how: Any) -> Any:
    return synthesise(describe(prompt), seconds, RATE, seed, **how).samples


def centroid(samples: Any) -> float:
    power = (np.abs(np.fft.rfft(samples)) ** 2).sum(axis=0)
    return float((np.fft.rfftfreq(samples.shape[1], 1 / RATE) * power).sum() / power.sum())


def envelope(samples: Any, seconds: float = 0.02) -> Any:
    size = round(seconds * RATE)
    whole = samples.shape[1] // size * size
    return np.sqrt(np.square(samples[:, :whole]).reshape(2, -1, size).mean(axis=(0, 2)))


def test_there_is_a_prompt_for_each_model() -> None:
    assert {name: describe(prompt).sources[0] for name, prompt in PROMPTS.items()} == {
        name: name for name in MODELS
    }


@pytest.mark.parametrize("name", PROMPTS)
def test_level_length_and_ends(name: str) -> None:
    samples = effect(PROMPTS[name], 1.2345)
    assert samples.shape == (2, round(1.2345 * RATE))
    assert samples.dtype == np.float32
    assert np.isfinite(samples).all()
    assert -12 < true_peak_db(samples) <= -1
    assert np.abs(samples.mean(axis=1)).max() < 1e-3
    assert np.abs(samples[:, [0, -1]]).max() < 1e-3
    assert np.corrcoef(samples)[0, 1] > -0.2


@pytest.mark.parametrize("name", PROMPTS)
def test_a_loop_goes_on_without_a_click(name: str) -> None:
    samples = effect(PROMPTS[name], 1.5, loop=True).astype(float)
    joined = np.concatenate([samples[:, -200:], samples[:, :200]], axis=1)
    jumps = np.abs(np.diff(samples, 2)).max(axis=1)
    assert (np.abs(np.diff(joined, 2))[:, 198:200].max(axis=1) <= 1.05 * jumps).all()
    if name in ("rain", "wind", "fire", "engine", "water"):
        levels = envelope(samples, 0.05)
        assert levels[0] / levels.mean() > 0.2
        assert levels[-1] / levels.mean() > 0.2


@pytest.mark.parametrize("seconds", [0.1, 0.13371])
@pytest.mark.parametrize("loop", [False, True])
def test_the_shortest_sounds(seconds: float, loop: bool) -> None:
    for prompt in PROMPTS.values():
        samples = effect(prompt, seconds, loop=loop)
        assert samples.shape == (2, round(seconds * RATE))
        assert np.isfinite(samples).all()
        assert samples.any()


def test_a_seed_gives_the_same_sound_and_another_one_another() -> None:
    one, again, other = (effect("rain", 0.5, seed) for seed in (2**62, 2**62, 3))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)


def test_bright_and_dull_sounds() -> None:
    assert centroid(effect("small handbell")) > 2 * centroid(effect("huge church bell"))
    assert centroid(effect("rain")) > 3 * centroid(effect("thunder"))
    assert centroid(effect("violent wind", 4)) > centroid(effect("gentle breeze", 4))
    assert centroid(effect("motorcycle engine")) > centroid(effect("huge truck engine"))
    assert centroid(effect("footsteps on marble")) > 1.2 * centroid(
        effect("distant footsteps on marble")
    )


def test_bells_ring_longer_than_clicks() -> None:
    assert (envelope(effect("church bell", 3)) > 0.02).mean() > 0.9
    assert (envelope(effect("UI click", 3)) > 0.02).mean() < 0.1


def test_confirmation_rises_and_errors_fall() -> None:
    def pitches(prompt: str) -> list[float]:
        mono = effect(prompt, 0.5)[0]
        parts = mono[: round(0.08 * RATE)], mono[round(0.12 * RATE) : round(0.2 * RATE)]
        return [float(np.abs(np.fft.rfft(one, 1 << 15)).argmax()) for one in parts]

    first, second = pitches("confirm beep")
    assert second > 1.3 * first
    first, second = pitches("error beep")
    assert second < 0.8 * first


def test_three_knocks_are_three() -> None:
    levels = envelope(effect("three knocks on a wooden door, dry", 3), 0.02)
    loud = levels > 0.3 * levels.max()
    assert int((loud[1:] & ~loud[:-1]).sum() + loud[0]) == 3


def test_what_approaches_gets_louder_and_what_passes_goes_right() -> None:
    levels = envelope(effect("approaching footsteps on gravel", 4), 0.5)
    assert levels[-2:].mean() > 3 * levels[:2].mean()
    left, right = np.sqrt(np.square(effect("car engine passing by", 4)).reshape(2, 4, -1).mean(2))
    assert left[0] > 1.5 * right[0]
    assert right[-1] > 1.5 * left[-1]


def test_a_hall_sounds_on_and_ambience_scales_it() -> None:
    tails = [
        envelope(effect("single wood impact in a cathedral", 2, ambience=factor))[40:80].mean()
        for factor in (0.0, 1.0, 2.0)
    ]
    assert tails[2] > 1.5 * tails[1] > 3 * tails[0]
