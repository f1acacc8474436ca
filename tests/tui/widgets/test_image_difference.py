"""The absolute difference of two images."""

import io

import pytest
from PIL import Image

from engine.client.views.pixels import ImageTrouble
from tests.support.pixels import pixel
from tui.images.difference import MAX_GAIN, difference_of


def saved(path, image):
    image.save(path, "PNG")
    return path


def test_the_difference_is_amplified_and_its_mean_is_not(tmp_path):
    grey = Image.new("RGB", (1024, 512), (100, 100, 100))
    other = grey.copy()
    other.paste((151, 100, 100), (0, 0, 512, 512))
    found = difference_of(saved(tmp_path / "a", grey), saved(tmp_path / "b", other))
    assert found.mean == pytest.approx(100 * 51 / 255 / 2 / 3, abs=0.1)
    assert found.share == pytest.approx(50, abs=0.5)
    assert found.gain == pytest.approx(5, abs=0.05)
    image = Image.open(io.BytesIO(found.data))
    assert pixel(image, (100, 100)) == (255, 0, 0)
    assert pixel(image, (900, 100)) == (0, 0, 0)
    assert "mean difference 3.3 %, 50 % of pixels differ, shown x 5.0" in found.sentence


def test_noise_is_not_amplified_without_bound(tmp_path):
    one = saved(tmp_path / "a", Image.new("RGB", (64, 64), (100, 100, 100)))
    other = saved(tmp_path / "b", Image.new("RGB", (64, 64), (101, 100, 100)))
    found = difference_of(one, other)
    assert found.gain == MAX_GAIN
    assert found.share == 0


def test_the_same_and_another_size(tmp_path):
    one = saved(tmp_path / "a", Image.new("RGB", (64, 64), (9, 9, 9)))
    wide = saved(tmp_path / "b", Image.new("RGB", (128, 64), (9, 9, 99)))
    assert difference_of(one, one).sentence == "no difference"
    assert "scaled to the first" in difference_of(one, wide).sentence


def test_a_damaged_image_is_said(tmp_path):
    one = saved(tmp_path / "a", Image.new("RGB", (64, 64)))
    (tmp_path / "b").write_text("no image")
    with pytest.raises(ImageTrouble):
        difference_of(one, tmp_path / "b")
