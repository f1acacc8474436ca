"""Stills of encoded films."""

import io

import pytest
from PIL import Image

from tests.support.clips import clip
from tests.support.optional import needs
from tests.support.pixels import pixel

needs("av")

from engine.contract.kinds import Raster, Size  # noqa: E402
from engine.kinds.drawing import draw_full, draw_small  # noqa: E402
from engine.video.stills import decode_stills  # noqa: E402
from tests.kinds.test_drawing import item_of  # noqa: E402


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_first_middle_and_last_frames_are_decoded(suffix: str) -> None:
    stills = decode_stills(clip(1.0, suffix=suffix), (0.0, 0.5, 1.0), 64)
    assert len(stills) == 3
    for data in stills:
        with Image.open(io.BytesIO(data)) as still:
            assert still.size == (64, 36)
            red, green, blue = pixel(still, (32, 18))
            assert green > 150 > 80 > max(red, blue)


def test_black_ends_stay_where_all_is_black() -> None:
    assert len(decode_stills(clip(1.0, colour=(0, 0, 0)), (0.0, 1.0), 64)) == 2


def test_what_is_no_video_has_no_stills() -> None:
    assert decode_stills(clip(1.0)[:300], (0.5,), 64) == []
    assert decode_stills(b"#EXTM3U\nfile:///etc/passwd\n", (0.5,), 64) == []


def test_a_film_is_drawn_as_its_frames_and_facts() -> None:
    film = item_of(clip(1.0))
    drawn = draw_full(film, Size(60, 12))
    assert isinstance(drawn, Raster)
    assert drawn.below is not None
    assert "128×72, 8 frames/s, 8 frames" in drawn.below.lines[0][0].text
    with Image.open(io.BytesIO(drawn.data)) as strip:
        assert strip.width > 5 * strip.height
    assert isinstance(draw_small(film, Size(10, 4)), Raster)
