import numpy as np
import pytest

from engine.imaging.measure.colour import from_hex, mix, oklab, srgb
from engine.imaging.measure.image import colour_share, measure
from engine.imaging.measure.palette import dominant
from tests.backends.builtin.images import flat, png


def test_oklab_agrees_with_its_author_and_comes_back():
    # B. Ottosson, "A perceptual color space for image processing": white is (1, 0, 0); the sRGB
    # primaries are widely published, red (0.628, 0.225, 0.126), blue (0.452, -0.032, -0.312).
    known = {
        (1, 1, 1): (1, 0, 0),
        (1, 0, 0): (0.628, 0.225, 0.126),
        (0, 0, 1): (0.452, -0.032, -0.312),
    }
    for rgb, lab in known.items():
        assert np.allclose(oklab(np.array(rgb, float)), lab, atol=2e-3)
    colours = np.random.default_rng(1).uniform(0, 1, (500, 3))
    assert np.allclose(srgb(oklab(colours)), colours, atol=1e-4)


def test_hexadecimal_colours():
    assert from_hex("#1e90ff") == pytest.approx((30 / 255, 144 / 255, 1))
    assert from_hex("#fff") == (1, 1, 1)
    assert mix((0, 0, 0), (1, 1, 1), 1.0) == pytest.approx((1, 1, 1))
    with pytest.raises(ValueError, match="#12"):
        from_hex("#12")


def test_one_flat_colour():
    grey = measure(png(flat((0.5, 0.5, 0.5))))
    assert grey.lightness == pytest.approx(0.598, abs=0.01)
    assert grey.contrast == pytest.approx(0, abs=1e-6)
    assert grey.saturation == pytest.approx(0, abs=1e-3)
    assert grey.variety == pytest.approx(0, abs=1e-6)
    assert grey.edge_density == 0
    assert (grey.mass_x, grey.mass_y) == pytest.approx((0.5, 0.5))
    assert (grey.balance_x, grey.balance_y) == pytest.approx((0, 0), abs=1e-6)
    assert grey.temperature_k == pytest.approx(6504, abs=60)


def test_half_black_half_white_has_the_contrast_of_a_half():
    image = flat((0, 0, 0))
    image[:, 32:] = 1
    found = measure(png(image))
    assert found.lightness == pytest.approx(0.5, abs=0.01)
    assert found.contrast == pytest.approx(0.5, abs=0.01)


def test_warm_and_cold():
    orange, azure = (measure(png(flat(c))) for c in ((0.9, 0.6, 0.3), (0.3, 0.5, 0.9)))
    assert orange.warmth > 0.3 > -0.3 > azure.warmth
    assert orange.temperature_k < 4000 < 15_000 < azure.temperature_k
    tungsten = measure(png(flat((1.0, 0.84, 0.67))))
    assert tungsten.temperature_k == pytest.approx(4250, abs=250)


@pytest.mark.parametrize(("x", "y"), [(0.2, 0.3), (0.8, 0.3), (0.5, 0.7)])
def test_the_weight_lies_where_the_spot_is(x, y):
    image = flat((0.5, 0.5, 0.5), 200, 200)
    image[int(y * 200) - 10 : int(y * 200) + 10, int(x * 200) - 10 : int(x * 200) + 10] = (
        1,
        0,
        0,
    )
    found = measure(png(image))
    assert found.mass_x == pytest.approx(x, abs=0.06)
    assert found.mass_y == pytest.approx(y, abs=0.06)
    assert np.sign(found.balance_x) == np.sign(round(x - 0.5, 2))


def test_layers_weigh_nothing_to_either_side():
    image = flat((0.2, 0.3, 0.6), 120, 120)
    image[60:] = (0.9, 0.8, 0.4)
    assert measure(png(image)).mass_x == pytest.approx(0.5, abs=1e-3)


def test_blur_lowers_sharpness_and_edges():
    rng = np.random.default_rng(3)
    sharp = np.repeat(np.repeat(rng.uniform(0, 1, (32, 32, 1)), 8, 0), 8, 1).repeat(3, 2)
    soft = sharp.copy()
    for _ in range(6):
        soft = (soft + np.roll(soft, 1, 0) + np.roll(soft, 1, 1) + np.roll(soft, -1, 0)) / 4
    crisp, blurred = measure(png(sharp)), measure(png(soft))
    assert crisp.sharpness > blurred.sharpness
    assert crisp.edge_density > 0


def test_the_palette_finds_the_colours_and_their_shares():
    image = flat((0.9, 0.1, 0.1), 100, 100)
    image[:60] = (0.1, 0.2, 0.7)
    first, second = dominant(image, 4)[:2]
    assert first.rgb == pytest.approx((0.1, 0.2, 0.7), abs=0.01)
    assert first.share == pytest.approx(0.6, abs=0.02)
    assert second.share == pytest.approx(0.4, abs=0.02)


def test_the_share_of_a_colour():
    teal, navy, white = (from_hex(c) for c in ("#17807f", "#18264f", "#f5f3ec"))
    image = flat(teal, 100, 100)
    image[:, :30] = white
    lab = oklab(image)
    assert colour_share(lab, teal) == pytest.approx(0.7, abs=0.02)
    assert colour_share(lab, white) == pytest.approx(0.3, abs=0.02)
    assert colour_share(lab, navy) < 0.1


@pytest.mark.parametrize("sides", [(1, 1), (1, 300), (2, 2), (700, 3)])
def test_odd_sizes_are_measured(sides):
    assert 0 <= measure(png(flat((0.4, 0.2, 0.6), *sides))).lightness <= 1


@pytest.mark.parametrize("junk", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n\0\0"])
def test_what_is_no_image_is_refused(junk):
    with pytest.raises(ValueError, match="image"):
        measure(junk)
