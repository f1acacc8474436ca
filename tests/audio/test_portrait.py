"""Pictures of sounds: waveform, spectrogram, goniometer."""

from typing import Any

import numpy as np
import pytest

from engine.audio.portrait import portrait
from engine.audio.sound import Sound
from tests.support.optional import needs

needs("scipy")

RATE = 16_000
GROUND = (17, 17, 20)


def _sound(*channels: Any) -> Sound:
    return Sound(np.asarray(channels, np.float32), RATE)


def _tone(hertz: float, seconds: float = 1.0) -> Any:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def _pixels(sound: Sound, size: tuple[int, int], **scale: float) -> Any:
    image = portrait(sound, size, **scale)
    assert image.size == size
    return np.asarray(image).astype(int)


def _is_inked(pixels: Any) -> Any:
    return (pixels - np.array(GROUND)).max(axis=-1) > 60


def test_a_waveform_is_as_high_as_its_level_and_alike_above_and_below() -> None:
    rising = np.linspace(0, 1, RATE) * np.sign(_tone(400))
    wave = _is_inked(_pixels(_sound(rising), (40, 40))[:16])
    heights = wave.sum(axis=0)
    assert (wave == wave[::-1]).all()
    assert heights[0] < heights[20] < heights[39] == 16


def test_low_tones_are_at_the_bottom_and_high_ones_at_the_top() -> None:
    places = []
    for hertz in (100, 1000, 6000):
        light = _pixels(_sound(_tone(hertz)), (30, 60))[24:].sum(axis=(1, 2))
        places.append(int(light.argmax()))
    assert places == sorted(places, reverse=True)


@pytest.mark.parametrize(("sign", "is_upright"), [(1, True), (-1, False)])
def test_a_goniometer_is_upright_for_mono_and_flat_for_inverted_channels(
    sign: int, is_upright: bool
) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, RATE)
    square = _is_inked(_pixels(_sound(noise, sign * noise), (200, 40))[:, -40:])
    rows, columns = square.any(axis=1).sum(), square.any(axis=0).sum()
    assert (rows > 30 and columns <= 4) == is_upright
    assert (columns > 30 and rows <= 4) != is_upright


def test_sounds_have_a_common_scale_of_time_and_of_level() -> None:
    short = _sound(0.5 * _tone(500))
    wave = _is_inked(_pixels(short, (40, 40), seconds=2.0, top=0.5)[:16])
    assert wave.any(axis=0)[:19].all()
    assert not wave.any(axis=0)[21:].any()
    assert wave[:, 5].sum() == pytest.approx(8, abs=2)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (200, 1), (7, 90)])
@pytest.mark.parametrize("values", [[0.5], [0.0] * 500, [np.nan, np.inf, -np.inf] * 200])
def test_any_sound_has_a_picture_of_any_size(values: list[float], size: tuple[int, int]) -> None:
    _pixels(_sound(values, values), size)
