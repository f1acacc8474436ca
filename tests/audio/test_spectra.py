"""Spectra that all measurements share."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.audio.sound import Sound
from engine.audio.spectra import Spectra, mel_filters

RATE = 22_050


def _tone(hertz: float, seconds: float = 1.0, rate: int = RATE) -> NDArray[np.float32]:
    times = np.arange(int(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def _spectra(*channels: NDArray[np.float32], rate: int = RATE) -> Spectra:
    return Spectra.of(Sound(np.stack(channels), rate))


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_a_tone_is_in_the_bin_of_its_frequency_at_every_rate(rate: int) -> None:
    spectra = _spectra(_tone(1000, rate=rate), rate=rate)
    loudest = spectra.magnitudes[len(spectra.magnitudes) // 2]
    bin_width = spectra.frequencies[1]
    assert abs(spectra.frequencies[loudest.argmax()] - 1000) <= bin_width
    assert loudest.max() == pytest.approx(1, abs=0.2)
    assert spectra.seconds == pytest.approx(1, abs=0.001)


def test_frames_follow_each_other_every_ten_milliseconds() -> None:
    spectra = _spectra(_tone(440, 2.0))
    assert spectra.hop_seconds == pytest.approx(0.01, abs=0.0001)
    assert len(spectra.magnitudes) == pytest.approx(2 / spectra.hop_seconds, abs=2)
    assert len(spectra.flux) == len(spectra.low_flux) == len(spectra.magnitudes)
    assert len(spectra.chroma_times) == len(spectra.chroma)


def test_what_is_above_the_working_rate_does_not_fold_back() -> None:
    spectra = _spectra(_tone(440, rate=44_100) + _tone(15_000, rate=44_100), rate=44_100)
    folded = np.abs(spectra.frequencies - (22_050 - 15_000)) < 100
    assert spectra.magnitudes[20:-20, folded].max() < 1e-3


def test_channels_that_cancel_each_other_are_not_silence() -> None:
    tone = _tone(440)
    assert np.allclose(_spectra(tone, -tone).mono, _spectra(tone).mono, atol=1e-5)


def test_gain_and_offset_change_nothing() -> None:
    sound = _tone(440) + _tone(660)
    plain, changed = _spectra(sound), _spectra(sound * 0.01 + 0.2)
    assert np.allclose(plain.mono, changed.mono, atol=1e-4)
    assert changed.peak == pytest.approx(plain.peak * 0.01, rel=1e-3)


@pytest.mark.parametrize("cents", [-40, 0, 30])
def test_chroma_follows_the_tuning(cents: int) -> None:
    spectra = _spectra(_tone(440 * 2 ** (cents / 1200), 2.0))
    assert spectra.tuning == pytest.approx(cents / 100, abs=0.05)
    assert spectra.chroma.mean(axis=0).argmax() == 9


def test_flux_peaks_at_the_onset_of_a_tone() -> None:
    spectra = _spectra(np.concatenate([np.zeros(RATE // 2, np.float32), _tone(440)]))
    assert spectra.flux.argmax() * spectra.hop_seconds == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("frames", [0, 1, 100])
def test_sounds_of_a_few_samples_have_spectra(frames: int) -> None:
    spectra = _spectra(np.zeros(frames, np.float32))
    assert spectra.peak == 0
    assert not spectra.flux.any()
    assert not spectra.chroma.any()


def test_every_mel_filter_is_an_average() -> None:
    frequencies = np.linspace(0, 4000, 65, dtype=np.float32)
    filters = mel_filters(frequencies, 64, 30, 11_000)
    assert np.allclose(filters.sum(axis=1), 1, atol=1e-5)
