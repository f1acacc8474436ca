"""Sounds drawn in full: faults first, the picture, bars of their levels."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.audio.wav import write_float_wav
from engine.contract.kinds import Item, Lines, Raster, Size
from engine.kinds.drawing import draw_beside, draw_full
from tests.kinds.test_drawing import item_of
from tests.support.optional import needs

needs("soundfile", "scipy")

RATE = 16_000
SIZE = Size(48, 16)


def _item(*channels: Any) -> Item:
    return item_of(write_float_wav(np.asarray(channels, np.float32), RATE))


def _tone(level: float = 0.3, seconds: float = 1.0) -> Any:
    return level * np.sin(0.2 * np.arange(round(seconds * RATE)))


def _texts(lines: Lines | None) -> list[str]:
    assert lines is not None
    return ["".join(span.text for span in line) for line in lines.lines]


def _drawn(item: Item, size: Size = SIZE) -> Raster:
    drawing = draw_full(item, size)
    assert isinstance(drawing, Raster)
    return drawing


def _coarse(drawing: Raster) -> Image.Image:
    assert drawing.coarse is not None
    return Image.open(io.BytesIO(drawing.coarse))


def test_a_sound_has_faults_a_picture_levels_and_facts() -> None:
    drawing = _drawn(_item(_tone(), _tone()))
    assert _texts(drawing.above) == ["faults    none"]
    names = [line.split()[0] for line in _texts(drawing.below)]
    assert names == ["loudness", "peak", "phase", "0:01.0,"]
    assert "LUFS" in _texts(drawing.below)[0]
    assert "+1.00 good" in _texts(drawing.below)[2]
    assert _coarse(drawing).size == (48, 2 * (16 - 1 - 4))
    assert Image.open(io.BytesIO(drawing.data)).size == (480, 220)


def test_faults_are_the_first_lines() -> None:
    clipped = np.clip(_tone(4.0), -1, 1)
    drawing = _drawn(_item(clipped, -clipped))
    above = _texts(drawing.above)
    assert above[0].startswith("faults")
    assert "clip" in " ".join(above).lower()
    assert drawing.above is not None
    assert drawing.above.lines[0][1].tone == "bad"
    assert "severe phase" in _texts(drawing.below)[2]


def test_a_louder_sound_has_longer_bars() -> None:
    quiet, loud = (_texts(_drawn(_item(_tone(level))).below)[0] for level in (0.01, 0.9))
    assert quiet.count("█") < loud.count("█")


def test_silence_has_no_level() -> None:
    drawing = _drawn(_item(np.zeros(RATE), np.zeros(RATE)))
    assert _texts(drawing.below)[0] == "loudness  none"
    assert "silen" in _texts(drawing.above)[0]


def test_sounds_beside_each_other_share_a_scale_of_time() -> None:
    first, second = draw_beside([_item(_tone(seconds=1.0)), _item(_tone(seconds=2.0))], SIZE)
    assert isinstance(first, Raster)
    assert isinstance(second, Raster)
    ground = _coarse(first).getpixel((47, 21))
    widths = [
        sum(_coarse(one).getpixel((x, 21)) != ground for x in range(48)) for one in (first, second)
    ]
    assert widths == [24, 48]


@pytest.mark.parametrize("size", [Size(23, 40), Size(80, 9)])
def test_where_there_is_little_room_only_the_waveform_is_drawn(size: Size) -> None:
    assert isinstance(draw_full(_item(_tone()), size), Lines)


def test_without_the_extra_the_waveform_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    item = _item(_tone(0.123))
    monkeypatch.setitem(sys.modules, "soundfile", None)
    drawing = draw_full(item, SIZE)
    assert isinstance(drawing, Lines)
    assert any("dBFS RMS" in line for line in _texts(drawing))
