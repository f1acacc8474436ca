"""Analysis of a sound as a whole."""

import numpy as np
import pytest

from engine.audio.analysis import LONGEST, analyse
from engine.audio.features import PITCH_CLASSES, Features
from engine.audio.sound import Sound, SoundError
from tests.audio.synthetic import RATE, Samples, bars, noise, note, progression


def _analysed(samples: Samples, rate: int = RATE) -> Features:
    return analyse(Sound(np.atleast_2d(samples), rate))


MUSICAL = {"key", "rhythm", "chords", "sections"}


@pytest.fixture(scope="module")
def waltz() -> Samples:
    return bars(100, 3, 8) * np.float32(0.05)


def test_a_piece_has_its_features(waltz: Samples) -> None:
    found = _analysed(waltz)
    assert (found.channels, found.sample_rate) == (1, RATE)
    assert found.seconds == pytest.approx(len(waltz) / RATE)
    assert found.key and found.key.name == "C major"
    assert found.rhythm and found.rhythm.metre == "3/4"
    assert found.chords and "Am" in {chord.label for chord in found.chords}
    assert "too short" in found.undefined["sections"]
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("gain", "offset"), [(0.01, 0.0), (1.0, 0.3), (0.3, -0.01)], ids=["quiet", "offset", "both"]
)
def test_gain_and_offset_do_not_change_the_music(
    waltz: Samples, gain: float, offset: float
) -> None:
    plain, changed = _analysed(waltz), _analysed(waltz * np.float32(gain) + np.float32(offset))
    assert plain.key and changed.key and changed.key.name == plain.key.name
    assert plain.rhythm and changed.rhythm
    assert changed.rhythm.beats == pytest.approx(plain.rhythm.beats, abs=0.005)
    assert [c.label for c in changed.chords or ()] == [c.label for c in plain.chords or ()]


@pytest.mark.parametrize("rate", [16_000, 44_100])
def test_the_sample_rate_does_not_change_the_music(waltz: Samples, rate: int) -> None:
    times = np.arange(0, len(waltz) / RATE, 1 / rate)
    again = np.interp(times, np.arange(len(waltz)) / RATE, waltz).astype(np.float32)
    plain, changed = _analysed(waltz), _analysed(again, rate)
    assert plain.key and changed.key and changed.key.name == plain.key.name
    assert plain.rhythm and changed.rhythm
    assert changed.rhythm.tempo.bpm == pytest.approx(plain.rhythm.tempo.bpm, rel=0.01)


def test_a_semitone_higher_is_the_next_key_and_the_next_chords() -> None:
    plain = _analysed(progression(4, minor=False, rounds=1) * 0.2)
    higher = _analysed(progression(5, minor=False, rounds=1) * 0.2)
    assert plain.key and higher.key
    assert PITCH_CLASSES.index(higher.key.tonic) == PITCH_CLASSES.index(plain.key.tonic) + 1
    moved = [PITCH_CLASSES.index(c.label) + 1 for c in plain.chords or ()]
    assert [PITCH_CLASSES.index(c.label) for c in higher.chords or ()] == [m % 12 for m in moved]


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (np.zeros((2, RATE * 3), np.float32), "silent"),
        (np.full((1, RATE * 3), 0.5, np.float32), "silent"),
        (noise(3) * np.float32(1e-6), "silent"),
        (note(60, 0.05), "too short"),
        (np.ones(1, np.float32), "silent"),
    ],
    ids=["zeros", "constant", "dither", "short", "one sample"],
)
def test_a_sound_without_music_has_a_reason_for_each_feature(samples: Samples, reason: str) -> None:
    found = _analysed(samples)
    assert set(found.undefined) >= MUSICAL
    assert all(reason in found.undefined[name] for name in MUSICAL)
    assert all(getattr(found, name) is None for name in found.undefined)


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros((1, 0), np.float32), RATE, "no samples"),
        (np.array([0.1, np.nan, 0.2], np.float32), RATE, "not numbers"),
        (np.array([0.1, np.inf, 0.2], np.float32), RATE, "not numbers"),
        (np.array([0.1, 3e38, 0.2], np.float32), RATE, "full scale"),
        (noise(1), 1000, "sample rate of 1000 Hz is too low"),
    ],
    ids=["empty", "nan", "infinite", "huge", "slow"],
)
def test_samples_that_are_no_sound_are_refused(samples: Samples, rate: int, message: str) -> None:
    with pytest.raises(SoundError, match=message):
        _analysed(samples, rate)


def test_clipping_and_an_offset_are_reported(waltz: Samples) -> None:
    clipped = np.clip(waltz * 100, -1, 1)
    assert any("clipped" in warning for warning in _analysed(clipped).warnings)
    assert any("offset" in warning for warning in _analysed(waltz + np.float32(0.1)).warnings)


def test_of_a_long_sound_the_first_minutes_are_analysed() -> None:
    rate = 4000
    samples = np.zeros((1, int((LONGEST + 60) * rate)), np.float32)
    found = analyse(Sound(samples, rate))
    assert found.seconds == LONGEST + 60
    assert found.warnings == ("Only the first 10 of 11.0 minutes were analysed.",)
    start = Sound(samples[:, : int(LONGEST * rate)], rate, LONGEST + 60)
    assert analyse(start) == found


def test_a_sound_of_unknown_length_has_a_warning_without_it() -> None:
    found = analyse(Sound(np.zeros((1, 8000), np.float32), 4000, 2.0))
    assert found.seconds == 2
    assert found.warnings == ("Only the first 0.0333 minutes were analysed.",)


@pytest.mark.parametrize(
    ("samples", "reason"), [(np.zeros((1, RATE), np.float32), "silent"), (note(60, 0.05), "short")]
)
def test_a_sound_without_music_is_refused_if_music_is_needed(samples: Samples, reason: str) -> None:
    sound = Sound(np.atleast_2d(samples), RATE)
    with pytest.raises(SoundError, match=reason):
        analyse(sound, needs_music=True)


def test_a_played_scale_has_melody_level_colour_and_mood() -> None:
    times = np.arange(8000) / 16_000
    notes = [
        0.5 * np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * times) * np.exp(-3 * times)
        for pitch in (60, 62, 64, 65, 67, 69, 71, 72)
    ]
    found = analyse(Sound(np.concatenate(notes).astype(np.float32)[None], 16_000))
    assert found.melody is not None
    assert [note.pitch for note in found.melody.notes] == [60, 62, 64, 65, 67, 69, 71, 72]
    assert found.dynamics is not None
    assert found.dynamics.peak_db == pytest.approx(-6, abs=0.2)
    assert found.timbre is not None
    assert found.mood is not None
    assert not {"melody", "dynamics", "timbre", "mood"} & set(found.undefined)
