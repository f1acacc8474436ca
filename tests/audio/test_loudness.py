"""Loudness against the signals of EBU Tech 3341, and levels, correlation and peaks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.dynamics import dynamics
from engine.audio.features import Undefined
from engine.audio.loudness import integrated_lufs, loudness, true_peak_db
from engine.audio.sound import Sound
from engine.audio.stereo import correlation, worst_correlation

RATE = 16_000
Floats = NDArray[np.float32]


def _tone(db: float, seconds: float, hertz: float = 997, rate: int = RATE) -> Floats:
    times = np.arange(int(seconds * rate)) / rate
    tone = (10 ** (db / 20) * np.sin(2 * np.pi * hertz * times)).astype(np.float32)
    return np.stack([tone, tone])


def _steps(*steps: tuple[float, float]) -> Floats:
    return np.concatenate([_tone(db, seconds) for db, seconds in steps], axis=1)


EBU = [
    (((-23, 20),), -23),
    (((-33, 20),), -33),
    (((-36, 10), (-23, 60), (-36, 10)), -23),
    (((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23),
    (((-26, 20), (-20, 20.1), (-26, 20)), -23),
]


@pytest.mark.parametrize(("steps", "expected"), EBU)
def test_the_cases_of_the_ebu(steps: tuple[tuple[float, float], ...], expected: float) -> None:
    assert integrated_lufs(_steps(*steps), RATE) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_every_rate_gives_the_same(rate: int) -> None:
    stereo = _tone(-23, 2, rate=rate)
    assert integrated_lufs(stereo, rate) == pytest.approx(-23, abs=0.1)
    assert integrated_lufs(stereo[:1], rate) == pytest.approx(-26.01, abs=0.1)


def test_a_mono_tone_of_full_scale_has_the_value_of_the_standard() -> None:
    assert integrated_lufs(_tone(0, 5, rate=48_000)[:1], 48_000) == pytest.approx(-3.01, abs=0.02)


def test_rear_channels_count_more_and_the_low_one_not_at_all() -> None:
    tone = _tone(-28, 5)[0]
    levels = [-28, -28, -24, -200, -30, -30]
    surround = np.stack([tone * np.float32(10 ** ((db + 28) / 20)) for db in levels])
    assert integrated_lufs(surround, RATE) == pytest.approx(-23, abs=0.1)
    surround[3] = 1
    assert integrated_lufs(surround, RATE) == pytest.approx(-23, abs=0.1)


def test_gain_moves_the_loudness_by_as_many_decibels() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (2, RATE * 3)).astype(np.float32)
    before, after = integrated_lufs(noise, RATE), integrated_lufs(noise * 0.25, RATE)
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(20 * np.log10(0.25), abs=1e-4)


@pytest.mark.parametrize("seconds", [0.0, 0.1, 0.399])
def test_under_a_block_there_is_no_loudness(seconds: float) -> None:
    assert loudness(_tone(-10, seconds), RATE) == loudness(np.zeros((1, RATE)), RATE)
    assert integrated_lufs(_tone(-10, seconds), RATE) is None


def test_a_part_of_a_block_at_the_end_is_left_out() -> None:
    tone = _tone(-23, 0.5)
    quiet_end = np.concatenate([tone, np.zeros((2, 1500), np.float32)], axis=1)
    assert integrated_lufs(quiet_end, RATE) == integrated_lufs(tone, RATE)


def test_loudest_moments_and_range() -> None:
    measured = loudness(_steps((-20, 20), (-30, 20)), RATE)
    assert measured.momentary_max == pytest.approx(-20, abs=0.1)
    assert measured.short_term_max == pytest.approx(-20, abs=0.1)
    assert measured.loudness_range == pytest.approx(10, abs=1)


def test_true_peak_finds_what_lies_between_samples() -> None:
    tone = np.sin(np.pi / 2 * np.arange(200_000) + np.pi / 4).astype(np.float32)
    ramp = np.minimum(1, np.minimum(np.arange(200_000), np.arange(200_000)[::-1]) / 2000)
    quiet = (0.5 * tone * ramp).astype(np.float32)
    assert 20 * np.log10(np.abs(quiet).max()) == pytest.approx(-9.03, abs=0.01)
    assert true_peak_db(quiet[None]) == pytest.approx(-6.02, abs=0.1)
    assert true_peak_db(np.zeros((1, 100))) == -np.inf


def test_correlation_is_exact_and_without_offset() -> None:
    times = np.arange(RATE) / RATE
    sine, cosine = np.sin(2 * np.pi * 100 * times), np.cos(2 * np.pi * 100 * times)
    assert correlation(np.stack([sine, sine])) == pytest.approx(1, abs=1e-6)
    assert correlation(np.stack([sine, -sine + 0.5])) == pytest.approx(-1, abs=1e-6)
    assert correlation(np.stack([sine, cosine]) + 0.2) == pytest.approx(0, abs=1e-6)
    mixed = -0.3 * sine + np.sqrt(1 - 0.09) * cosine
    assert correlation(np.stack([sine, mixed])) == pytest.approx(-0.3, abs=1e-6)
    assert correlation(np.stack([sine, np.full(RATE, 0.2)])) is None


def test_the_worst_block_shows_a_short_fault() -> None:
    sine = np.sin(2 * np.pi * 100 * np.arange(4 * RATE) / RATE)
    faulty = np.stack([sine, sine])
    faulty[1, RATE : 2 * RATE] *= -1
    assert worst_correlation(faulty, RATE) == pytest.approx(-1, abs=1e-6)
    assert worst_correlation(faulty[:, :100], RATE) is None
    assert worst_correlation(faulty[:, :10], 1) == pytest.approx(1)  # less than a frame a block


def test_dynamics_of_a_tone() -> None:
    level = dynamics(Sound(_tone(-20, 3), RATE))
    assert level.rms_db == pytest.approx(-23.01, abs=0.02)
    assert level.peak_db == pytest.approx(-20, abs=0.02)
    assert level.crest_db == pytest.approx(3.01, abs=0.02)
    assert level.range_db == pytest.approx(0, abs=0.1)
    assert level.lufs == pytest.approx(-20, abs=0.1)
    assert level.trend == "steady"


@pytest.mark.parametrize(
    ("envelope", "trend", "swell"),
    [
        ([-30, -10], "rising", 18),
        ([-10, -30], "falling", -18),
        ([-30, -10, -30], "arched", 10),
        ([-20, -20], "steady", 0),
    ],
)
def test_trends(envelope: list[float], trend: str, swell: float) -> None:
    tone = _tone(0, 9)
    db = np.interp(np.linspace(0, 1, tone.shape[1]), np.linspace(0, 1, len(envelope)), envelope)
    level = dynamics(Sound((tone * 10 ** (db / 20)).astype(np.float32), RATE))
    assert level.trend == trend
    assert level.swell == pytest.approx(swell, abs=1.5)


def test_a_tenth_of_a_second_has_a_level_and_no_loudness() -> None:
    level = dynamics(Sound(_tone(-20, 0.1), RATE))
    assert level.lufs is None
    assert level.trend == "steady"


@pytest.mark.parametrize("frames", [0, 1000])
def test_silence_has_no_dynamics(frames: int) -> None:
    with pytest.raises(Undefined, match="silent"):
        dynamics(Sound(np.zeros((1, frames), np.float32), RATE))
