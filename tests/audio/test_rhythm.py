"""Tempo, beats and bars."""

import numpy as np
import pytest

from engine.audio.features import Undefined
from engine.audio.rhythm import rhythm
from tests.audio.synthetic import RATE, Samples, bars, clicks, noise, note, spectra_of


@pytest.mark.parametrize("bpm", [60, 95, 140])
def test_beats_of_a_metronome_are_on_its_clicks(bpm: float) -> None:
    found = rhythm(spectra_of(clicks(bpm, 10)))
    assert found.tempo.bpm == pytest.approx(bpm, rel=0.005)
    assert found.tempo.half * 2 == found.tempo.double / 2 == found.tempo.bpm
    assert found.tempo.confidence > 0.5
    truth = np.arange(0.5, 9.9, 60 / bpm)
    distances = np.abs(np.array(found.beats)[:, None] - truth[None]).min(axis=1)
    assert distances.max() < 0.02
    assert len(found.beats) >= len(truth) - 1


@pytest.mark.parametrize("bpm", [95, 120])
@pytest.mark.parametrize(("size", "name"), [(3, "3/4"), (4, "4/4")])
def test_bars_begin_at_changes_of_harmony(bpm: float, size: int, name: str) -> None:
    found = rhythm(spectra_of(bars(bpm, size, 6)))
    assert found.tempo.bpm == pytest.approx(bpm, rel=0.02)
    assert found.metre == name
    truth = 0.5 + np.arange(7) * size * 60 / bpm
    distances = np.abs(np.array(found.downbeats)[:, None] - truth[None]).min(axis=1)
    assert distances.max() < 0.07
    assert len(found.downbeats) >= 5
    assert set(found.downbeats) <= set(found.beats)


def test_beats_divided_into_three_are_compound() -> None:
    eighth = 60 / 90 / 3
    chords = [
        [note(p, 6 * eighth) for p in pitches] for pitches in ((36, 60, 64, 67), (41, 65, 69, 72))
    ]
    music = []
    for number in range(8):
        bar = np.sum(chords[number % 2], axis=0)
        for place in range(6):
            level = 1.5 if place in (0, 3) else 0.7
            pluck, start = note(79, eighth) * level, round(place * eighth * RATE)
            bar[start : start + len(pluck)] += pluck[: len(bar) - start]
        music.append(bar)
    found = rhythm(spectra_of(np.concatenate(music)))
    assert found.metre == "6/8"
    assert found.tempo.bpm == pytest.approx(90, rel=0.02)
    assert np.diff(found.downbeats) == pytest.approx(6 * eighth, abs=0.05)


def test_gain_and_offset_do_not_change_the_beats() -> None:
    samples = clicks(120, 6)
    plain, changed = rhythm(spectra_of(samples)), rhythm(spectra_of(samples * 0.003 + 0.4))
    assert changed.beats == pytest.approx(plain.beats, abs=0.002)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros(4 * RATE, np.float32), "no onsets"),
        (clicks(120, 1.5), "too short"),
        (noise(8), "no regular pulse"),
    ],
    ids=["silence", "short", "noise"],
)
def test_sounds_without_a_pulse_have_no_tempo(samples: Samples, reason: str) -> None:
    with pytest.raises(Undefined, match=reason):
        rhythm(spectra_of(samples))
