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


@pytest.mark.parametrize(
    ("size", "name", "bpm"),
    [
        (2, "2/4", 80),
        (2, "2/4", 95),
        (3, "3/4", 95),
        (3, "3/4", 120),
        (4, "4/4", 95),
        (4, "4/4", 120),
    ],
)
def test_bars_begin_at_changes_of_harmony(size: int, name: str, bpm: float) -> None:
    found = rhythm(spectra_of(bars(bpm, size, 6)))
    assert found.tempo.bpm == pytest.approx(bpm, rel=0.02)
    assert found.metre == name
    truth = 0.5 + np.arange(7) * size * 60 / bpm
    distances = np.abs(np.array(found.downbeats)[:, None] - truth[None]).min(axis=1)
    assert distances.max() < 0.07
    assert len(found.downbeats) >= 5
    assert set(found.downbeats) <= set(found.beats)


@pytest.mark.parametrize(("size", "name"), [(2, "6/8"), (3, "9/8"), (4, "12/8")])
def test_beats_divided_into_three_are_compound(size: int, name: str) -> None:
    eighth = 60 / 90 / 3
    chords = [
        [note(p, 3 * size * eighth) for p in pitches]
        for pitches in ((36, 60, 64, 67), (41, 65, 69, 72))
    ]
    music = []
    for number in range(16 // size):
        bar = np.sum(chords[number % 2], axis=0)
        for place in range(3 * size):
            level = 1.5 if place % 3 == 0 else 0.7
            pluck, start = note(79, eighth) * level, round(place * eighth * RATE)
            bar[start : start + len(pluck)] += pluck[: len(bar) - start]
        music.append(bar)
    found = rhythm(spectra_of(np.concatenate(music)))
    assert found.metre == name
    assert found.tempo.bpm == pytest.approx(90, rel=0.02)
    assert np.diff(found.downbeats) == pytest.approx(3 * size * eighth, abs=0.05)


def test_a_passage_out_of_time_does_not_change_the_tempo() -> None:
    played = np.concatenate([clicks(120, 20), clicks(131, 4), clicks(120, 20)])
    assert rhythm(spectra_of(played)).tempo.bpm == pytest.approx(120, rel=0.005)


def test_long_notes_are_on_beats() -> None:
    period = 60 / 100
    lengths = (0.5, 0.25, 0.25) * 8 + (1.0,) + (0.25, 0.25, 0.5) * 8
    music = np.concatenate([note(67, length * period) for length in lengths])
    found = rhythm(spectra_of(music))
    offsets = np.array(found.beats[:8]) / period % 1
    assert np.minimum(offsets, 1 - offsets).max() < 0.1


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
