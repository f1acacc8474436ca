"""Accuracy on songs rendered with a soundfont, against the truth that they were composed from."""

import numpy as np
import pytest

from engine.audio.chords import chords
from engine.audio.key import key
from engine.audio.rhythm import rhythm
from engine.audio.spectra import Spectra
from tests.support.songs import Song, composed, lacking, rendered

SEEDS = range(40, 46)

Songs = list[tuple[Song, Spectra]]


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Songs:
    missing = lacking()
    if missing:
        pytest.skip(f"needs the Debian package {missing}")
    pieces = [composed(seed) for seed in SEEDS]
    sounds = rendered(pieces, tmp_path_factory.mktemp("songs"))
    return [(piece, Spectra.of(sound)) for piece, sound in zip(pieces, sounds, strict=True)]


def test_keys_are_found(songs: Songs) -> None:
    assert np.mean([key(spectra).name == song.key for song, spectra in songs]) >= 0.8


def test_tempi_are_found_or_are_halves_or_doubles(songs: Songs) -> None:
    for song, spectra in songs:
        ratio = rhythm(spectra).tempo.bpm / song.bpm
        assert min(abs(ratio / k - 1) for k in (0.5, 1, 2)) < 0.04


def test_beats_and_downbeats_are_found(songs: Songs) -> None:
    found = [rhythm(spectra) for _, spectra in songs]
    beats = [_agreement(r.beats, s.beats) for r, (s, _) in zip(found, songs, strict=True)]
    bars = [_agreement(r.downbeats, s.downbeats) for r, (s, _) in zip(found, songs, strict=True)]
    assert np.mean(beats) >= 0.87
    assert np.mean(bars) >= 0.80


def test_metres_are_found(songs: Songs) -> None:
    assert np.mean([rhythm(spectra).metre == song.metre for song, spectra in songs]) >= 0.8


def test_chords_are_found_for_most_of_the_time(songs: Songs) -> None:
    assert np.mean([_overlap(song, spectra) for song, spectra in songs]) >= 0.93


def _agreement(found: tuple[float, ...], truth: list[float]) -> float:
    """Return the F measure of times, within 70 ms."""
    distances = np.abs(np.array(found)[:, None] - np.array(truth)[None]) <= 0.07
    hits = min(distances.any(axis=0).sum(), distances.any(axis=1).sum())
    return float(2 * hits / (len(found) + len(truth)))


def _overlap(song: Song, spectra: Spectra) -> float:
    """Return the share of the song's time at which the chord is the true one."""
    total = 0.0
    for start, end, label in song.chords:
        for chord in chords(spectra):
            if chord.label == label:
                total += max(0.0, min(end, chord.end) - max(start, chord.start))
    return total / song.chords[-1][1]
