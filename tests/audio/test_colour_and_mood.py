"""Timbre, mel-spectrogram, mood and the eight features of older exports."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from engine.audio.dynamics import dynamics
from engine.audio.features import Chord, Dynamics, Features, Key, Rhythm, Tempo, Timbre, Undefined
from engine.audio.legacy import eight_keys
from engine.audio.mel import mel_png, mel_spectrogram
from engine.audio.mood import mood, mood_label, roughness_of
from engine.audio.sound import Sound
from engine.audio.spectra import Spectra
from engine.audio.timbre import timbre

RATE = 16_000
Floats = NDArray[np.float32]


def _tones(*hertz: float, seconds: float = 1.0, rate: int = RATE) -> Sound:
    times = np.arange(int(seconds * rate)) / rate
    waves = sum(np.sin(2 * np.pi * each * times) for each in hertz)
    return Sound((0.5 / len(hertz) * np.asarray(waves)).astype(np.float32)[None], rate)


def _chord(*pitches: int) -> Spectra:
    notes = [440 * 2 ** ((pitch - 69) / 12) for pitch in pitches]
    return Spectra.of(_tones(*(note * k for note in notes for k in range(1, 6))))


def _noise(seconds: float = 1.0) -> Sound:
    noise = np.random.default_rng(1).normal(0, 0.1, (1, int(seconds * RATE)))
    return Sound(noise.astype(np.float32), RATE)


def _clicks() -> Sound:
    samples = np.zeros((1, 2 * RATE), np.float32)
    samples[0, RATE // 8 :: RATE // 4] = 0.9
    return Sound(samples, RATE)


def test_colour_of_a_tone() -> None:
    colour = timbre(Spectra.of(_tones(1000)))
    assert colour.centroid == pytest.approx(1000, rel=0.03)
    assert colour.rolloff == pytest.approx(1000, abs=25)
    assert colour.zero_crossings == pytest.approx(2000, rel=0.01)
    assert colour.flatness < 0.01
    assert colour.bands["500-2000 Hz"] > 0.99
    assert sum(colour.bands.values()) == pytest.approx(1)
    assert list(colour.bands)[-1] == "4000-8000 Hz"


def test_noise_is_flatter_brighter_and_wider_than_a_tone() -> None:
    tone, noise = timbre(Spectra.of(_tones(300))), timbre(Spectra.of(_noise()))
    assert noise.flatness > 0.4 > tone.flatness
    assert noise.brightness > tone.brightness
    assert noise.bandwidth > tone.bandwidth
    assert noise.centroid == pytest.approx(4000, rel=0.05)


def test_clicks_are_percussive_and_tones_are_not() -> None:
    assert timbre(Spectra.of(_clicks())).percussive > 0.8
    assert timbre(Spectra.of(_tones(440, 660, 880))).percussive < 0.2


def test_colour_does_not_depend_on_gain() -> None:
    loud = _noise()
    quiet = Sound(loud.samples * np.float32(0.01), RATE)
    assert timbre(Spectra.of(quiet)).centroid == pytest.approx(
        timbre(Spectra.of(loud)).centroid, rel=1e-3
    )


def test_silence_has_no_colour() -> None:
    with pytest.raises(Undefined, match="silent"):
        timbre(Spectra.of(Sound(np.zeros((1, RATE), np.float32), RATE)))


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100])
def test_mel_bands_are_in_real_hertz_up_to_nyquist(rate: int) -> None:
    for hertz in (500, 1500, 3500):
        mel = mel_spectrogram(_tones(hertz, rate=rate))
        loudest = int(mel.decibels.mean(axis=1).argmax())
        width = mel.frequencies[loudest + 1] - mel.frequencies[loudest]
        assert abs(mel.frequencies[loudest] - hertz) <= width
        assert mel.frequencies.max() < rate / 2
        assert mel.decibels.shape == (128, len(mel.decibels[0]))
        assert mel.decibels.max() == 0
        assert mel.decibels.min() >= -80


@pytest.mark.parametrize("frames", [0, 1, 100, 1600])
def test_short_and_silent_sounds_have_a_mel_image(frames: int) -> None:
    mel = mel_spectrogram(Sound(np.zeros((2, frames), np.float32), RATE))
    assert mel.decibels.max() == pytest.approx(-80, abs=1e-3)
    assert Image.open(io.BytesIO(mel_png(mel))).size == (960, 400)


def test_the_mel_image_is_bright_at_the_height_of_the_tone() -> None:
    mel = mel_spectrogram(_tones(1000))
    image = Image.open(io.BytesIO(mel_png(mel, 640, 300))).convert("L")
    pixels = np.asarray(image, float)[10:266, 64:624].mean(axis=1)
    band = 1 - (pixels.argmax() + 0.5) / len(pixels)
    assert abs(mel.frequencies[int(band * 128)] - 1000) < 60
    assert pixels.max() > 150 > 40 > np.median(pixels)


def test_no_band_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least 1 band"):
        mel_spectrogram(_tones(500), bands=0)


def test_roughness_grows_from_a_fifth_to_a_triad_to_a_cluster() -> None:
    fifth, triad, cluster = (
        roughness_of(_chord(*pitches)) for pitches in ((60, 67), (60, 64, 67), (60, 61, 62))
    )
    assert fifth < triad < cluster
    assert roughness_of(Spectra.of(Sound(np.zeros((1, RATE), np.float32), RATE))) == 0


def _key(mode: str) -> Key:
    return Key.model_validate(
        {"tonic": "A#", "mode": mode, "confidence": 0.8}
        | {"runner_up": "G minor", "runner_up_confidence": 0.2}
    )


def _rhythm(bpm: float) -> Rhythm:
    tempo = Tempo(bpm=bpm, confidence=1, half=bpm / 2, double=bpm * 2)
    return Rhythm(tempo=tempo, beats=(), downbeats=(), metre="3/4", metre_confidence=1)


def _level(lufs: float | None, trend: str = "steady", swell: float = 0) -> Dynamics:
    level = dynamics(_tones(440))
    return level.model_copy(update={"lufs": lufs, "trend": trend, "swell": swell})


def _colour(brightness: float) -> Timbre:
    return timbre(Spectra.of(_tones(440))).model_copy(update={"brightness": brightness})


@pytest.mark.parametrize(
    ("mode", "bpm", "lufs", "expected"),
    [
        ("major", 150, -9, "happy"),
        ("minor", 60, -30, "sad"),
        ("major", 60, -30, "calm"),
        ("minor", 160, -8, "tense"),
    ],
)
def test_corners_of_the_plane(mode: str, bpm: float, lufs: float, expected: str) -> None:
    result = mood(_key(mode), _rhythm(bpm), _level(lufs), _colour(0.5), roughness=0.08)
    assert result.label == expected


def test_each_cue_moves_the_mood_its_way() -> None:
    middle = mood(_key("major"), _rhythm(100), _level(-20), _colour(0.5), 0.08)
    assert mood(_key("minor"), _rhythm(100), _level(-20), _colour(0.5), 0.08).valence < 0
    assert mood(_key("major"), _rhythm(100), _level(-20), _colour(0.5), 0.2).valence < (
        middle.valence
    )
    assert mood(_key("major"), _rhythm(140), _level(-20), _colour(0.5), 0.08).arousal > (
        middle.arousal
    )
    assert mood(_key("major"), _rhythm(100), _level(-10), _colour(0.5), 0.08).arousal > (
        middle.arousal
    )
    assert mood(_key("major"), _rhythm(100), _level(-20), _colour(0.8), 0.08).arousal > (
        middle.arousal
    )


def test_a_mood_needs_neither_key_nor_beat() -> None:
    result = mood(None, None, _level(-32), _colour(0.2))
    assert result.valence == 0
    assert result.arousal < 0
    assert mood_label(0, 0) == "neutral"


def _features(**known: object) -> Features:
    nothing = dict.fromkeys(
        ["key", "rhythm", "melody", "chords", "dynamics", "timbre", "sections", "mood"], None
    )
    base: dict[str, object] = {"seconds": 10, "sample_rate": RATE, "channels": 1}
    return Features.model_validate(base | nothing | known)


def test_the_eight_features_keep_their_words() -> None:
    chords = tuple(
        Chord(start=k, end=k + 1, label=label) for k, label in enumerate(["C", "G", "Am", "F"])
    )
    known = eight_keys(
        _features(
            key=_key("minor"),
            rhythm=_rhythm(150),
            chords=chords,
            dynamics=_level(-9, "rising", 9),
            timbre=_colour(0.2),
        )
    )
    assert known == {
        "key": "A#",
        "tonality": "minor",
        "tempo": 150,
        "time_signature": "3/4",
        "mood": "energetic, dark, dramatic",
        "melody_contour": "unknown",
        "harmonic_progression": "moderate_progression",
        "dynamic_intensity": "very_intense",
    }


@pytest.mark.parametrize(("bpm", "word"), [(141, "energetic"), (140, "upbeat"), (60, "slow")])
def test_pace_of_the_mood(bpm: float, word: str) -> None:
    assert eight_keys(_features(rhythm=_rhythm(bpm)))["mood"] == word


@pytest.mark.parametrize(
    ("lufs", "word"),
    [(-30, "soft"), (-20, "moderate"), (-14, "intense"), (-8, "very_intense")],
)
def test_intensity(lufs: float, word: str) -> None:
    assert eight_keys(_features(dynamics=_level(lufs)))["dynamic_intensity"] == word


def test_what_is_undefined_keeps_its_type() -> None:
    values = eight_keys(_features())
    assert values.pop("tempo") == 0.0  # type: ignore[misc]
    assert set(values.values()) == {"unknown"}
