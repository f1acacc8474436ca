"""Melodies of synthesised voices, read back."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.features import Melody, Note, Rhythm, Tempo, Undefined
from engine.audio.melody import contour, melody
from engine.audio.sound import Sound
from engine.audio.spectra import Spectra

RATE = 16_000
SCALE = (60, 62, 64, 65, 67, 69, 71, 72)
Floats = NDArray[np.float32]


def _note(pitch: float, seconds: float, rate: int, partials: int = 5) -> Floats:
    times = np.arange(int(seconds * rate)) / rate
    hertz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(0.6**k * np.sin(2 * np.pi * hertz * (k + 1) * times) for k in range(partials))
    fade = np.minimum(1, np.minimum(times, times[::-1]) / 0.01)
    return (0.3 * np.asarray(wave) * fade * np.exp(-2 * times)).astype(np.float32)


def _played(*pitches: float, seconds: float = 0.3, rate: int = RATE) -> Floats:
    return np.concatenate([_note(pitch, seconds, rate) for pitch in pitches])


def _melody(samples: Floats, rate: int = RATE, rhythm: Rhythm | None = None) -> Melody:
    return melody(Spectra.of(Sound(samples[None], rate)), rhythm)


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("shift", [-14, 0, 12])
def test_a_scale_is_read_back(rate: int, shift: int) -> None:
    pitches = tuple(pitch + shift for pitch in SCALE)
    heard = _melody(_played(*pitches, rate=rate), rate)
    assert tuple(note.pitch for note in heard.notes) == pitches
    assert [note.start for note in heard.notes] == pytest.approx(np.arange(8) * 0.3, abs=0.04)
    assert (heard.lowest, heard.highest) == (pitches[0], pitches[-1])
    assert heard.contour == "ascending"
    assert heard.density == pytest.approx(8 / 2.4, rel=0.02)


def test_a_repeated_note_is_two() -> None:
    heard = _melody(_played(69, 69, 69))
    assert [note.pitch for note in heard.notes] == [69, 69, 69]


def test_rests_are_no_notes() -> None:
    rest = np.zeros(RATE // 2, np.float32)
    heard = _melody(np.concatenate([_played(60), rest, _played(67)]))
    assert [note.pitch for note in heard.notes] == [60, 67]
    assert heard.notes[0].end < 0.4
    assert heard.notes[1].start == pytest.approx(0.8, abs=0.04)


def test_the_tuning_of_the_sound_is_followed() -> None:
    heard = _melody(_played(*(pitch + 0.4 for pitch in SCALE)))
    assert [note.pitch for note in heard.notes] == list(SCALE)


def test_gain_changes_nothing() -> None:
    samples = _played(*SCALE)
    assert _melody(samples * np.float32(0.01)) == _melody(samples)


def test_the_leading_voice_of_a_mix_is_followed() -> None:
    lead = _played(72, 76, 79, 77, 74, 76, seconds=0.5)
    chords = np.concatenate(
        [_played(*group, seconds=1.5) for group in ((48,), (43,))]
    ) + np.concatenate([_played(*group, seconds=1.5) for group in ((52,), (47,))])
    heard = _melody(lead + 0.4 * chords)
    found = {(round(note.start / 0.5), note.pitch) for note in heard.notes}
    truth = set(enumerate((72, 76, 79, 77, 74, 76)))
    assert len(found & truth) >= 5


def test_notes_do_not_overlap_and_end_with_the_sound() -> None:
    samples = _played(*SCALE)
    heard = _melody(samples)
    assert all(a.end <= b.start + 1e-9 for a, b in zip(heard.notes, heard.notes[1:], strict=False))
    assert heard.notes[-1].end <= len(samples) / RATE


def test_short_notes_count_only_if_the_beat_is_fast() -> None:
    tempo = Tempo(bpm=40, confidence=1, half=20, double=80)
    slow = Rhythm(tempo=tempo, beats=(), downbeats=(), metre="4/4", metre_confidence=1)
    samples = np.concatenate([_played(60, 64), _played(67, seconds=0.12), _played(72)])
    assert 67 in {note.pitch for note in _melody(samples).notes}
    assert 67 not in {note.pitch for note in _melody(samples, rhythm=slow).notes}


@pytest.mark.parametrize(
    ("pitches", "expected"),
    [
        ((60, 62, 64, 65, 67, 69), "ascending"),
        ((72, 71, 69, 67, 65, 64), "descending"),
        ((60, 61, 60, 61, 60, 61), "stable"),
        ((60, 60, 67, 67, 60, 60), "mixed"),
        ((60,), "stable"),
    ],
)
def test_contours(pitches: tuple[int, ...], expected: str) -> None:
    notes = tuple(Note(start=k, end=k + 1, pitch=pitch) for k, pitch in enumerate(pitches))
    assert contour(notes) == expected


@pytest.mark.parametrize("frames", [0, 1, 800, RATE])
def test_silence_has_no_melody(frames: int) -> None:
    with pytest.raises(Undefined, match="silent"):
        _melody(np.zeros(frames, np.float32))


@pytest.mark.parametrize("frames", [1, 50, 400])
def test_a_few_samples_have_no_melody(frames: int) -> None:
    tiny = np.random.default_rng(1).normal(0, 0.1, frames).astype(np.float32)
    tiny[0] = 0.5
    with pytest.raises(Undefined):
        _melody(tiny)
