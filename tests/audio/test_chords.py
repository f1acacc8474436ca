"""Chords on a timeline."""

from itertools import pairwise

import numpy as np
import pytest

from engine.audio.chords import LABELS, chords
from engine.audio.features import Undefined
from tests.audio.synthetic import RATE, Samples, noise, progression, spectra_of, triad


def test_the_timeline_of_a_cadence_has_its_chords_at_their_times() -> None:
    timeline = chords(spectra_of(progression(2, minor=True, seconds=1.0, rounds=1)))
    assert [chord.label for chord in timeline] == ["Dm", "Gm", "A", "Dm"]
    assert [chord.start for chord in timeline] == pytest.approx([0, 1, 2, 3], abs=0.1)
    assert timeline[-1].end == pytest.approx(4)


def test_chords_cover_the_sound_without_gaps() -> None:
    samples = np.concatenate([progression(0, minor=False, rounds=1), np.zeros(RATE, np.float32)])
    timeline = chords(spectra_of(samples))
    assert timeline[0].start == 0
    assert timeline[-1].end == pytest.approx(len(samples) / RATE)
    assert timeline[-1].label == "N"
    assert all(one.end == two.start for one, two in pairwise(timeline))


@pytest.mark.parametrize("index", range(0, 24, 5))
def test_every_triad_has_its_label(index: int) -> None:
    root, third = index % 12, 4 if index < 12 else 3
    timeline = chords(spectra_of(triad(root, third, 1.0)))
    assert [chord.label for chord in timeline] == [LABELS[index]]


@pytest.mark.parametrize(
    "samples", [np.zeros(RATE, np.float32), noise(3)], ids=["silence", "noise"]
)
def test_sounds_without_harmony_have_no_chords(samples: Samples) -> None:
    with pytest.raises(Undefined):
        chords(spectra_of(samples))
