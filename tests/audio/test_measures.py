"""Measures of sound effects, their faults by name, and libebur128 as the measure of ours."""

import itertools
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.clicks import clicks
from engine.audio.decode import decode
from engine.audio.faults import faults_of
from engine.audio.loudness import loudness, true_peak_db
from engine.audio.measures import MEASURES, SoundMeasures, measure_sound
from engine.audio.phase import phase, phase_status
from engine.audio.sound import Sound
from engine.audio.synthesis.description import Description
from engine.audio.synthesis.effect import synthesise
from engine.audio.synthesis.footsteps import GROUNDS
from tests.audio import ebur128
from tests.support.effort import cases

RATE = 16_000
Floats = NDArray[np.float32]


def _steps(ground: str = "wood", pace: float = 110, seconds: float = 4, rate: int = RATE) -> Floats:
    """Return footsteps in two equal channels."""
    words = Description(sources=("footsteps",), surface=ground, pace=pace)
    steps = synthesise(words, seconds, rate, 7).samples[0]
    return np.stack([steps, steps])


def _tone(seconds: float, hertz: float = 220.0, level: float = 0.5) -> Floats:
    tone = level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([tone, tone]).astype(np.float32)


def _measured(samples: Floats) -> SoundMeasures:
    return measure_sound(Sound(samples.astype(np.float32), RATE))


def _faults(samples: Floats) -> set[str]:
    return {fault.name for fault in faults_of(_measured(samples))}


def _with_clicks(samples: Floats) -> Floats:
    broken = samples.copy()
    broken[:, [20_000, 31_000]] += 0.3
    return broken


def _half_silent(samples: Floats) -> Floats:
    broken = samples.copy()
    broken[:, samples.shape[1] // 2 :] = 0
    return broken


def _one_channel_silent(samples: Floats) -> Floats:
    return samples * np.array([[1], [0]], np.float32)


BROKEN: dict[str, tuple[Callable[[Floats], Floats], set[str]]] = {
    "whole": (lambda sound: sound, set()),
    "clicks": (_with_clicks, {"clicks"}),
    "clipped": (lambda sound: (4 * sound).clip(-1, 1), {"clipped"}),
    "too loud": (lambda sound: 2 * sound, {"over_full_scale"}),
    "inverted": (lambda sound: sound * np.array([[1], [-1]]), {"inverted"}),
    "one channel": (_one_channel_silent, {"silent_channel"}),
    "offset": (lambda sound: 0.5 * sound + np.float32(0.1), {"offset"}),
    "half silent": (_half_silent, {"early_end"}),
    "late": (lambda sound: np.pad(sound, ((0, 0), (RATE, 0))), {"late_start"}),
    "silent": (np.zeros_like, {"silent"}),
    "constant": (lambda sound: np.full_like(sound, 0.25), {"silent", "offset"}),
    "not a number": (lambda sound: np.where(sound == sound.max(), np.nan, sound), {"unusable"}),
    "endless": (lambda sound: np.where(sound == sound.max(), np.inf, sound), {"unusable"}),
    "nothing": (lambda sound: sound[:, :0], {"unusable"}),
    "0.02 s": (lambda sound: sound[:, 200:520], set()),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_with_a_sound_is_named(name: str) -> None:
    broken, names = BROKEN[name]
    assert _faults(broken(_steps())) == names


@pytest.mark.parametrize("name", BROKEN)
def test_every_measure_has_a_value_or_a_reason(name: str) -> None:
    measures = _measured(BROKEN[name][0](_steps()))
    for measure in MEASURES:
        assert (getattr(measures, measure) is None) == (measure in measures.undefined), measure
    assert SoundMeasures.model_validate_json(measures.model_dump_json()) == measures


def test_levels_of_a_tone() -> None:
    measures = _measured(_tone(4))
    assert measures.rms == pytest.approx(0.5 / math.sqrt(2), abs=1e-4)
    assert measures.rms_db == pytest.approx(-9.03, abs=0.01)
    assert measures.peak_db == pytest.approx(-6.02, abs=0.01)
    assert measures.crest_db == pytest.approx(3.01, abs=0.02)
    assert measures.dc == pytest.approx(0, abs=1e-4)
    assert measures.centroid_hz == pytest.approx(220, abs=3)
    assert measures.flatness is not None
    assert measures.flatness < 0.01


def test_noise_is_flat_and_has_no_steps() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, (2, 3 * RATE)).astype(np.float32)
    measures = _measured(noise)
    assert measures.flatness is not None
    assert measures.flatness > 0.4
    assert measures.centroid_hz == pytest.approx(RATE / 4, rel=0.02)
    assert measures.clicks == ()
    assert measures.cadence is None
    assert measures.phase is not None
    assert measures.phase.correlation == pytest.approx(0, abs=0.05)
    assert measures.phase.fold_down_db == pytest.approx(-3.01, abs=0.1)


def test_silence_before_and_after() -> None:
    quiet = np.pad(_tone(1), ((0, 0), (RATE // 2, RATE * 2)))
    measures = _measured(quiet)
    assert measures.silence_start == pytest.approx(0.5, abs=0.01)
    assert measures.sound_end == pytest.approx(1.5, abs=0.01)
    assert measures.silence_end == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("ground", GROUNDS)
@cases("pace", [110, 80, 170], usual=1)
def test_the_pace_of_steps(ground: str, pace: float) -> None:
    measures = _measured(_steps(ground, pace))
    assert measures.cadence == pytest.approx(pace, rel=0.04)


def test_three_knocks_are_three_onsets() -> None:
    knock = _tone(0.3, 400) * np.exp(-np.arange(round(0.3 * RATE)) / 800)
    sound = np.zeros((2, 2 * RATE), np.float32)
    for start in (0.2, 0.7, 1.3):
        place = round(start * RATE)
        sound[:, place : place + knock.shape[1]] += knock
    assert _measured(sound).onsets == pytest.approx((0.2, 0.7, 1.3), abs=0.011)


def test_clicks_are_found_where_they_are() -> None:
    broken = _tone(2)
    broken[0, 8000] += 0.05
    broken[1, 24_020:] = 0  # a cut within the wave
    assert clicks(broken, RATE) == pytest.approx((0.5, 1.5), abs=0.002)


@pytest.mark.parametrize("ground", GROUNDS)
def test_the_attacks_of_steps_are_not_clicks(ground: str) -> None:
    assert len(clicks(_steps(ground, 110, 2, FINE), FINE)) <= 1


def test_a_sound_cut_short_has_no_click() -> None:
    assert clicks(_steps("gravel")[:, :700], RATE) == ()


def test_the_edges_of_a_tone_are_not_clicks() -> None:
    square = np.sign(_tone(1, 110)) * np.float32(0.4)
    assert clicks(square, RATE) == ()


@pytest.mark.parametrize(
    ("correlation", "status"),
    [
        (1.0, "good"),
        (-0.29, "good"),
        (-0.3, "mild_phase_issue"),
        (-0.7, "mild_phase_issue"),
        (-0.71, "severe_phase_issue"),
        (-1.0, "severe_phase_issue"),
    ],
)
def test_status_of_the_phase(correlation: float, status: str) -> None:
    assert phase_status(correlation) == status


def test_cancelling_channels_leave_nothing_in_mono() -> None:
    measures = _measured(_tone(1) * np.array([[1], [-1]]) + 0.1)
    assert measures.phase is not None
    assert measures.phase.correlation == pytest.approx(-1, abs=1e-3)
    assert measures.phase.worst == pytest.approx(-1, abs=1e-3)
    assert measures.phase.fold_down_db is None
    assert "mono is silent" in measures.phase.message


def test_mono_has_no_phase() -> None:
    measures = _measured(_tone(1)[:1])
    assert measures.phase is None
    assert measures.undefined["phase"] == "it needs two channels; the sound has 1"


def test_a_short_sound_has_no_loudness_and_says_why() -> None:
    measures = _measured(_tone(0.399))
    assert measures.lufs is None
    assert measures.undefined["lufs"] == "0.399 s is too short; it needs 0.4 s"
    assert _measured(_tone(0.4)).lufs is not None
    assert _measured(_tone(2.9)).undefined["lra"] == "2.9 s is too short; it needs 3 s"


FINE = 48_000

SOUNDS: dict[str, Callable[[], Floats]] = {
    "steps": lambda: _steps("concrete", 120, 4, FINE),
    "gravel": lambda: _steps("gravel", 90, 3.73, FINE),
    "noise": lambda: np.random.default_rng(2).normal(0, 0.2, (2, 4 * FINE)).astype(np.float32),
    "short": lambda: _steps("metal", 110, 0.65, FINE),
    "quiet": lambda: _steps("snow", 110, 4, FINE) * np.float32(0.01),
}


@pytest.mark.parametrize("name", SOUNDS)
def test_libebur128_measures_the_same(name: str) -> None:
    library = ebur128.library()
    samples = SOUNDS[name]()
    ours, theirs = loudness(samples, FINE), ebur128.measured(library, samples, FINE)
    assert ours.integrated == pytest.approx(theirs.integrated, abs=0.02)
    assert true_peak_db(samples) == pytest.approx(theirs.true_peak_db, abs=0.1)


RECORDINGS = Path("/usr/share/games/minetest/games/minetest_game/mods/default/sounds")


def _recordings() -> list[tuple[Floats, int]]:
    """Return real footsteps, of 0.16 to 2.5 s at three sample rates."""
    pytest.importorskip("soundfile")
    files = sorted(RECORDINGS.glob("default_*_footstep*.ogg"))
    if not files:
        pytest.skip("there are no recordings: apt-get install minetest-data")
    sounds = [decode(path.read_bytes()) for path in files]
    return [(sound.samples, sound.sample_rate) for sound in sounds]


def test_libebur128_measures_real_sounds_the_same() -> None:
    library = ebur128.library()
    recordings = _recordings()
    long_enough = 0
    for samples, rate in recordings:
        theirs = ebur128.measured(library, samples, rate)
        assert true_peak_db(samples) == pytest.approx(theirs.true_peak_db, abs=0.1)
        ours = loudness(samples, rate).integrated
        if ours is not None:
            long_enough += 1
            assert ours == pytest.approx(theirs.integrated, abs=0.02)
    assert long_enough >= 5


def test_the_correlation_is_that_of_numpy_from_50_ms_on() -> None:
    whole = synthesise(Description(sources=("footsteps", "rain")), 2, FINE, 7).samples
    for seconds in (0.05, 0.06, 0.4, 1, 2):
        samples = whole[:, : round(seconds * FINE)]
        measured = phase(samples, FINE)
        wanted = np.asarray(np.corrcoef(np.asarray(samples, np.float64)))[0, 1]
        assert measured.correlation == pytest.approx(wanted, abs=1e-6)


def test_the_correlation_of_real_sounds_is_that_of_numpy() -> None:
    recordings = _recordings()
    for (one, rate), (other, other_rate) in itertools.pairwise(recordings):
        frames = min(one.shape[1], other.shape[1])
        if rate != other_rate:
            continue
        pair = np.stack([one[0, :frames], other[0, :frames] + one[0, :frames]])
        measured = phase(pair, rate)
        wanted = np.asarray(np.corrcoef(pair.astype(np.float64)))[0, 1]
        assert measured.correlation == pytest.approx(wanted, abs=1e-6)
