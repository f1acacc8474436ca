"""Synthesised sounds: what their models promise, in spectra, decays and times."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.audio.synthesis.description import Description
from engine.audio.synthesis.footsteps import GROUNDS, SHOES, footsteps
from engine.audio.synthesis.grains import Grains, crushed
from engine.audio.synthesis.modal import MATERIALS, RATIOS, Body, Shape, struck
from engine.audio.synthesis.take import Take
from tests.support.effort import cases

RATE = 22_050
BAR = Body(440, MATERIALS["steel"])


def blow(body: Body = BAR, seconds: float = 1, seed: int = 0, **how: float) -> Any:
    return struck(body, seconds, RATE, np.random.default_rng(seed), **how)


def steps(seconds: float, seed: int, *, loop: bool = False, **words: Any) -> Any:
    take = Take(round(seconds * RATE), RATE, loop, np.random.default_rng(seed))
    return footsteps(Description(sources=("footsteps",), **words), take).mean(axis=0)


def centroid(samples: Any) -> float:
    power = np.abs(np.fft.rfft(samples)) ** 2
    return float((np.fft.rfftfreq(len(samples), 1 / RATE) * power).sum() / power.sum())


def decay(samples: Any) -> float:
    """Seconds until 90 % of the energy have passed."""
    energy = np.cumsum(np.square(samples, dtype=float))
    return float(np.searchsorted(energy, 0.9 * energy[-1]) / RATE)


@pytest.mark.parametrize("shape", RATIOS)
def test_the_modes_are_those_of_the_shape(shape: Shape) -> None:
    samples = blow(replace(BAR, shape=shape), hardness=1, position=0.11)
    spectrum, hertz = np.abs(np.fft.rfft(samples)), np.fft.rfftfreq(len(samples), 1 / RATE)
    for ratio in RATIOS[shape][:3]:
        near = abs(hertz / (440 * ratio) - 1) < 0.03
        around = (abs(hertz / (440 * ratio) - 1) < 0.12) & ~near
        assert spectrum[near].max() > 5 * spectrum[around].max()


def test_materials_ring_as_long_as_their_friction_lets_them() -> None:
    lengths = [decay(blow(Body(440, one), 2)) for one in MATERIALS.values()]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > 5 * lengths[-1]


def test_a_hard_hammer_sounds_brighter_and_a_large_body_lower() -> None:
    assert centroid(blow(hardness=1)) > 1.5 * centroid(blow(hardness=0.1))
    assert centroid(blow(Body(110, BAR.material))) < 0.7 * centroid(blow())


@pytest.mark.parametrize("seconds", [0.0, 0.0001, 0.3, 1.23456])
def test_a_sound_has_its_length_a_peak_of_1_and_no_click_at_its_end(seconds: float) -> None:
    samples = blow(seconds=seconds)
    assert samples.shape == (round(seconds * RATE),)
    assert samples.dtype == np.float32
    assert np.isfinite(samples).all()
    if seconds > 0.1:
        assert np.abs(samples).max() == pytest.approx(1)
        assert samples[-1] == 0


def test_modes_above_half_the_rate_are_left_out() -> None:
    samples = blow(Body(6000, BAR.material), hardness=1)
    assert np.abs(np.fft.rfftfreq(len(samples), 1 / RATE)[np.abs(np.fft.rfft(samples)).argmax()]
                  - 6000) < 200  # fmt: skip


def test_grains_come_with_the_force_and_in_their_band() -> None:
    grains = Grains(1000, 3000, 0.002, 2000)
    force = np.concatenate([np.zeros(RATE // 2), np.ones(RATE // 2)])
    samples = crushed(grains, force, RATE, np.random.default_rng(0))
    assert not samples[: RATE // 2].any()
    assert samples[RATE // 2 :].std() > 0
    assert 1000 < centroid(samples) < 3000


@cases("name", GROUNDS, usual=4)
def test_steps_come_at_their_pace(name: str) -> None:
    samples = steps(6, 3, surface=name, pace=100)
    envelope = np.convolve(np.square(samples, dtype=float), np.ones(2205), "same")[::221]
    lags = np.correlate(envelope, envelope, "full")[len(envelope) :]
    assert 35 + lags[35:85].argmax() == pytest.approx(60, abs=3)  # 10 ms each: a step is 0.6 s


def test_loose_ground_is_noisier_and_hard_ground_rings() -> None:
    sounds = {name: steps(3, 1, surface=name) for name in GROUNDS}

    def flatness(samples: Any) -> float:
        power = np.abs(np.fft.rfft(samples)) ** 2 + 1e-9
        return float(np.exp(np.log(power).mean()) / power.mean())

    assert flatness(sounds["gravel"]) > 3 * flatness(sounds["metal"])
    assert centroid(sounds["leaves"]) > centroid(sounds["gravel"]) > centroid(sounds["snow"])
    assert centroid(sounds["marble"]) > centroid(sounds["wood"])


def test_heels_are_brighter_than_boots_and_bare_feet_the_softest() -> None:
    found = {shoe: centroid(steps(3, 1, surface="marble", shoe=shoe)) for shoe in SHOES}
    assert found["heels"] > 1.3 * found["dress_shoes"] > found["boots"]
    assert found["barefoot"] < found["sneakers"] < found[""]
    assert set(found) == {"", "boots", "heels", "barefoot", "sneakers", "dress_shoes"}


def test_a_number_of_steps_is_kept() -> None:
    samples = steps(4, 1, surface="concrete", pace=60, count=2)
    assert np.abs(samples[: 2 * RATE]).max() > 100 * np.abs(samples[round(2.5 * RATE) :]).max()


def test_a_seed_gives_the_same_steps_and_no_two_steps_are_alike() -> None:
    one, again, other = (steps(2, seed, surface="wood", pace=120) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
    assert not np.allclose(one[: RATE // 2], one[RATE // 2 : RATE], atol=0.02)


def test_a_wet_ground_splashes_if_it_is_hard_and_is_duller_if_it_crunches() -> None:
    def bright(surface: str, wet: float) -> float:
        return centroid(steps(2, 3, surface=surface, wet=wet))

    for hard in ("concrete", "marble", "wood", "deck", "metal"):
        assert bright(hard, 0.8) > max(bright(hard, 0.4), bright(hard, 0))
    for loose in ("gravel", "leaves"):
        assert bright(loose, 0.8) < 0.9 * bright(loose, 0)
    assert (steps(1, 3, surface="water", wet=0.8) == steps(1, 3, surface="water")).all()
