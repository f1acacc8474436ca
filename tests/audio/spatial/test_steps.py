"""Takes cut into single steps."""

import numpy as np
import pytest

from engine.audio.sound import Sound
from engine.audio.spatial.steps import cut_steps, folded
from engine.audio.synthesis.description import describe
from engine.audio.synthesis.effect import synthesise
from tests.support.optional import needs

needs("scipy")

RATE = 48_000


def clicks(*times: float, seconds: float = 4.0, toe: float = 0.0) -> Sound:
    """Decaying noise at some times, each with a softer one after it."""
    rng = np.random.default_rng(1)
    samples = np.zeros((1, round(seconds * RATE)), np.float32)
    burst = rng.standard_normal(4800).clip(-2, 2) * np.exp(-np.arange(4800) / 600) * 0.2
    for time in times:
        for delay, level in ((0.0, 1.0), (toe, 0.5)) if toe else ((0.0, 1.0),):
            start = round((time + delay) * RATE)
            part = samples[0, start : start + 4800]
            part += (burst * level).astype(np.float32)[: len(part)]
    return Sound(samples, RATE)


def test_each_step_is_cut_whole_with_its_peak() -> None:
    sound = clicks(0.5, 1.1, 1.8, 2.4)
    steps = cut_steps(sound)
    assert [step.number for step in steps] == [0, 1, 2, 3]
    loudest = float(np.abs(sound.samples).max())
    for step in steps:
        assert step.is_clean
        assert abs(float(step.samples[step.peak])) == pytest.approx(loudest)
        assert len(step.samples) < 0.5 * RATE


def test_heel_and_toe_are_one_step() -> None:
    assert len(cut_steps(clicks(0.5, 1.1, 1.8, toe=0.09))) == 3


def test_steps_start_and_end_in_silence() -> None:
    for step in cut_steps(clicks(0.5, 1.1, 1.8)):
        assert abs(float(step.samples[0])) < 1e-4
        assert abs(float(step.samples[-1])) < 1e-4


def test_a_step_that_runs_into_the_end_is_left_out() -> None:
    assert [step.number for step in cut_steps(clicks(0.5, 1.5, 3.99))] == [0, 1]


@pytest.mark.parametrize("prompt", ["boots on marble", "boots on gravel", "sneakers on snow"])
def test_synthesised_walks_give_about_a_step_per_half_second(prompt: str) -> None:
    take = synthesise(describe(f"{prompt}, walking"), 6.0, seed=3)
    steps = cut_steps(take)
    assert 8 <= len(steps) <= 12
    assert all(0.2 < len(step.samples) / take.sample_rate < 0.7 for step in steps)


def test_a_sound_that_never_pauses_has_no_steps() -> None:
    assert cut_steps(synthesise(describe("rain on a roof"), 6.0, seed=3)) == []


@pytest.mark.parametrize("value", [0.0, np.nan, 0.5])
def test_silence_nan_and_an_offset_have_no_steps(value: float) -> None:
    assert cut_steps(Sound(np.full((2, RATE), value, np.float32), RATE)) == []


def test_channels_that_cancel_do_not_vanish() -> None:
    mono = clicks(0.5, 1.1).samples[0]
    inverted = Sound(np.stack([mono, -mono]), RATE)
    assert np.array_equal(folded(inverted), mono)
    assert len(cut_steps(inverted)) == 2
