"""Excerpts of sounds: mono, 16 kHz, bounded, from the middle."""

import io
from typing import Any

import numpy as np
import pytest

from engine.audio.excerpt import RATE, excerpt
from engine.audio.sound import SoundError

soundfile = pytest.importorskip("soundfile")


def written(samples: Any, rate: int, container: str = "WAV", subtype: str = "PCM_16") -> bytes:
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format=container, subtype=subtype)
    return out.getvalue()


def read(data: bytes) -> Any:
    samples, rate = soundfile.read(io.BytesIO(data), always_2d=True)
    assert (rate, samples.shape[1]) == (RATE, 1)
    return samples[:, 0]


def tone(hertz: float, seconds: float, rate: int) -> Any:
    return 0.5 * np.sin(np.arange(int(seconds * rate)) * 2 * np.pi * hertz / rate)


@pytest.mark.parametrize(("container", "subtype"), [("WAV", "FLOAT"), ("FLAC", "PCM_16")])
def test_another_rate_and_two_channels_become_mono_at_16_khz(container: str, subtype: str) -> None:
    one = tone(440, 0.5, 44_100)
    found = read(excerpt(written(np.stack([one, one], axis=1), 44_100, container, subtype)))
    assert len(found) == RATE // 2
    assert np.argmax(abs(np.fft.rfft(found))) == 220
    assert abs(found).max() == pytest.approx(0.5, abs=0.02)


def test_of_a_longer_sound_the_middle_remains() -> None:
    parts = [tone(hertz, 1, RATE) for hertz in (200, 400, 800)]
    found = read(excerpt(written(np.concatenate(parts), RATE), 1))
    assert len(found) == RATE
    assert np.argmax(abs(np.fft.rfft(found))) == 400


def test_levels_over_full_scale_are_turned_down_and_gaps_are_silent() -> None:
    loud = 4 * tone(440, 0.1, RATE)
    loud[5] = np.nan
    found = read(excerpt(written(loud, RATE, subtype="FLOAT")))
    assert abs(found).max() <= 1
    assert found[5] == 0
    assert np.argmax(abs(np.fft.rfft(found))) == 44


def test_what_is_no_sound_is_named() -> None:
    with pytest.raises(SoundError):
        excerpt(b"nothing")
