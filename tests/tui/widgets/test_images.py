"""Images: decoded small off the loop, drawn as cells, kept within a bound, or a sentence."""

import subprocess
import sys
import threading

import pytest
from PIL import Image, ImageDraw
from rich.color import ColorSystem
from textual.app import App
from textual.containers import VerticalScroll
from textual.widgets import ContentSwitcher, Static

from engine.client.views import pixels as decoding
from engine.client.views.pixels import ImageTrouble
from tests.support.pixels import pixel
from tui.images import terminal
from tui.images.cache import LruCache
from tui.images.cells import RAMP, draw
from tui.images.decode import thumbnail
from tui.images.palette import STANDARD_COLOURS
from tui.images.style import CellStyle, cell_style, pixels_of
from tui.widgets import image as image_module
from tui.widgets import rendering
from tui.widgets.image import NO_IMAGE, ImageView
from tui.widgets.rendering import THUMBNAILS

pytestmark = pytest.mark.usefixtures("drawn")
BLACK = (0, 0, 0)
HALF = CellStyle("true")


@pytest.fixture(autouse=True)
def _no_thumbnails():
    THUMBNAILS.clear()


@pytest.fixture
def red(tmp_path):
    path = tmp_path / "red"
    Image.new("RGB", (64, 32), (255, 0, 0)).save(path, "PNG")
    return path


class Shown(App[None]):
    def __init__(self, *images):
        super().__init__()
        self.images = images

    def compose(self):
        yield from self.images


def text_of(image):
    return "\n".join(image.render_line(y).text for y in range(image.content_size.height)).strip()


# -- decoding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "box", "fitted"),
    [((64, 32), (20, 20), (20, 10)), ((32, 64), (20, 20), (10, 20)), ((4, 2), (20, 20), (20, 10))],
)
def test_an_image_fits_its_box_and_keeps_its_proportions(tmp_path, size, box, fitted):
    path = tmp_path / "p"
    Image.new("RGB", size, (1, 2, 3)).save(path, "PNG")
    small = thumbnail(path, box)
    assert small.size == fitted
    assert small.mode == "RGB"
    assert small.getpixel((0, 0)) == (1, 2, 3)


def test_a_transparent_image_stands_on_white_as_critics_see_it(tmp_path):
    path = tmp_path / "p"
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(path, "PNG")
    assert thumbnail(path, (8, 8)).getpixel((4, 4)) == (255, 255, 255)


def test_an_image_is_turned_as_its_metadata_asks(tmp_path):
    path = tmp_path / "p"
    exif = Image.Exif()
    exif[0x0112] = 6  # stored on its side: turn it 90 degrees clockwise
    stored = Image.new("RGB", (64, 32), (0, 0, 255))
    stored.paste((255, 0, 0), (0, 0, 32, 32))
    stored.save(path, "JPEG", exif=exif)
    upright = thumbnail(path, (32, 32))
    assert upright.size == (16, 32)
    red, _, blue = pixel(upright, (8, 4))
    assert red > 200 > 60 > blue


def test_the_largest_image_is_refused_before_it_is_decoded(red, monkeypatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 2000)
    with pytest.raises(ImageTrouble, match="million pixels"):
        thumbnail(red, (8, 8))


def test_no_file_no_image_and_half_an_image_are_said(tmp_path, red):
    with pytest.raises(ImageTrouble, match="no longer exists"):
        thumbnail(tmp_path / "gone", (8, 8))
    (tmp_path / "text").write_text("\x1b[2J not an image")
    with pytest.raises(ImageTrouble, match="not an image"):
        thumbnail(tmp_path / "text", (8, 8))
    noise = Image.effect_noise((256, 256), 80)
    noise.save(tmp_path / "whole", "PNG")
    half = (tmp_path / "whole").read_bytes()[:20_000]
    (tmp_path / "half").write_bytes(half)
    with pytest.raises(ImageTrouble, match="damaged"):
        thumbnail(tmp_path / "half", (8, 8))
    with pytest.raises(ImageTrouble, match="is a folder"):
        thumbnail(tmp_path, (8, 8))


# -- cells ------------------------------------------------------------------------------------


def test_a_cell_shows_two_pixels_one_above_the_other():
    image = Image.new("RGB", (1, 2))
    image.putpixel((0, 0), (255, 0, 0))
    image.putpixel((0, 1), (0, 0, 255))
    (strip,) = draw(image, HALF)
    (segment,) = strip
    assert segment.text == "▀"
    assert tuple(segment.style.color.triplet) == (255, 0, 0)
    assert tuple(segment.style.bgcolor.triplet) == (0, 0, 255)


def test_the_last_of_an_odd_number_of_rows_stands_on_the_backdrop():
    strips = draw(Image.new("RGB", (2, 3), (9, 9, 9)), HALF, (1, 2, 3))
    assert len(strips) == 2
    assert all(tuple(s.style.bgcolor.triplet) == (1, 2, 3) for s in strips[1])


def test_dithering_uses_only_colours_that_stay_what_they_are_on_16():
    gradient = Image.linear_gradient("L").resize((32, 32)).convert("RGB")
    seen = set()
    for strip in draw(gradient, CellStyle("16")):
        for segment in strip:
            for colour in (segment.style.color, segment.style.bgcolor):
                seen.add(tuple(colour.triplet))
    assert seen <= set(STANDARD_COLOURS)
    assert len(seen) >= 4
    for number, standard in enumerate(STANDARD_COLOURS):
        made = image_color(standard)
        assert made.downgrade(ColorSystem.STANDARD).number == number


def image_color(rgb):
    from rich.color import Color

    return Color.from_rgb(*rgb)


@pytest.mark.parametrize(("backdrop", "brightest"), [(BLACK, RAMP[-1]), ((255, 255, 255), RAMP[0])])
def test_without_colour_brightness_is_a_sign(backdrop, brightest):
    image = Image.new("RGB", (4, 4))
    ImageDraw.Draw(image).rectangle((2, 0, 3, 3), fill=(255, 255, 255))
    strips = draw(image, CellStyle("none"), backdrop)
    assert [strip.text[2:] for strip in strips] == [brightest * 2] * 2
    assert all(strip.text[0] != brightest for strip in strips)


@pytest.mark.parametrize(
    ("system", "no_color", "ascii_only", "style"),
    [
        ("truecolor", False, False, "true"),
        ("256", True, False, "256"),
        ("standard", False, False, "16"),
        ("standard", True, False, "none"),
        (None, False, False, "none"),
        ("truecolor", False, True, "none"),
    ],
)
def test_how_cells_are_drawn_follows_the_terminal(system, no_color, ascii_only, style):
    found = cell_style(system, no_color=no_color, ascii_only=ascii_only, symbols="sextants")
    assert found.colours == style
    assert (found.symbols == "sextants") == (style != "none")


def test_the_box_of_an_area_has_square_pixels():
    assert pixels_of(80, 40, HALF) == (80, 80)
    assert pixels_of(0, 0, HALF) == (1, 2)
    assert pixels_of(80, 40, CellStyle("16", "octants")) == (320, 320)
    assert pixels_of(80, 40, CellStyle("none", "octants")) == (80, 80)


def test_the_cache_drops_what_was_used_longest_ago():
    cache: LruCache[str] = LruCache(10)
    cache.put("a", "A", 4)
    cache.put("b", "B", 4)
    assert cache.get("a") == "A"
    cache.put("c", "C", 4)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("A", None, "C")
    assert cache.weight == 8
    cache.put("d", "D", 11)
    assert cache.get("d") is None
    cache.put("a", "A2", 1)
    assert cache.weight == 5
    cache.clear()
    assert len(cache) == cache.weight == 0


# -- the widget -------------------------------------------------------------------------------


async def test_an_image_is_decoded_in_a_thread_and_drawn_in_the_middle(red, monkeypatch):
    threads = []

    def spy(*arguments):
        threads.append(threading.current_thread())
        return thumbnail(*arguments)

    monkeypatch.setattr(rendering, "thumbnail", spy)
    image = ImageView(style=HALF)
    image.show(red, "ab")
    async with Shown(image).run_test(size=(20, 11)) as pilot:
        await pilot.pause()
        lines = [image.render_line(y) for y in range(11)]
        assert [line.text.strip() for line in lines] == [""] * 3 + ["▀" * 20] * 5 + [""] * 3
        assert all(line.cell_length == 20 for line in lines)
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_an_image_is_decoded_once_for_all_that_show_it(red, monkeypatch):
    calls = []
    monkeypatch.setattr(rendering, "thumbnail", lambda *given: calls.append(1) or thumbnail(*given))
    first, second = ImageView(style=HALF), ImageView(style=HALF)
    first.show(red, "ab")
    async with Shown(first, second).run_test(size=(20, 12)) as pilot:
        await pilot.pause()
        second.show(red, "ab")
        await pilot.pause()
        first.show(None)
        first.show(red, "ab")
        await pilot.pause()
        assert "▀" in text_of(first)
        assert "▀" in text_of(second)
    assert len(calls) == 1


async def test_what_is_not_seen_is_not_decoded(red, monkeypatch):
    calls = []
    monkeypatch.setattr(rendering, "thumbnail", lambda *given: calls.append(1) or thumbnail(*given))
    below, hidden = ImageView(style=HALF, id="below"), ImageView(style=HALF, id="hidden")

    class Hidden(App[None]):
        CSS = "#top { height: 50; } Image { height: 5; }"

        def compose(self):
            with ContentSwitcher(initial="seen"):
                with VerticalScroll(id="seen"):
                    yield Static("above", id="top")
                    yield below
                yield hidden

    app = Hidden()
    async with app.run_test(size=(20, 10)) as pilot:
        below.show(red, "ab")
        hidden.show(red, "cd")
        await pilot.pause()
        assert calls == []
        app.query_one("#seen").scroll_end(animate=False)
        await pilot.pause()
        assert len(calls) == 1
        app.query_one(ContentSwitcher).current = "hidden"
        await pilot.pause()
        assert len(calls) == 2


async def test_the_newest_of_many_is_what_is_shown(tmp_path, monkeypatch):
    started, paths = [], []
    for number in range(20):
        path = tmp_path / str(number)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(path, "PNG")
        paths.append(path)
    monkeypatch.setattr(
        rendering, "thumbnail", lambda *given: started.append(given[0]) or thumbnail(*given)
    )
    image = ImageView(style=HALF)
    async with Shown(image).run_test(size=(8, 4)) as pilot:
        for number, path in enumerate(paths):
            image.show(path, f"hash-{number}")
        await pilot.pause()
        drawn = image.render_line(0)
        assert any(s.style.color.triplet.red == 19 for s in drawn if "▀" in s.text)
    assert len(started) <= 2  # one was on its way, the newest followed


async def test_a_resize_draws_it_anew(red):
    image = ImageView(style=HALF)
    image.show(red, "ab")
    async with Shown(image).run_test(size=(20, 10)) as pilot:
        await pilot.pause()
        for width in (30, 41, 17, 40):
            await pilot.resize_terminal(width, 10)
        await pilot.pause()
        assert max(len(line.strip()) for line in text_of(image).splitlines()) == 40


async def test_an_image_too_large_for_the_cache_is_still_decoded_once(red, monkeypatch):
    calls = []
    monkeypatch.setattr(rendering, "thumbnail", lambda *given: calls.append(1) or thumbnail(*given))
    monkeypatch.setattr(image_module, "THUMBNAILS", LruCache(0))
    image = ImageView(style=HALF)
    image.show(red, "ab")
    async with Shown(image).run_test(size=(20, 10)) as pilot:
        await pilot.pause()
        image.refresh()
        await pilot.pause()
        assert "▀" in text_of(image)
    assert len(calls) == 1


async def test_trouble_is_a_sentence_and_goes_with_the_next_image(tmp_path, red):
    image = ImageView(style=HALF)
    async with Shown(image).run_test(size=(60, 5)) as pilot:
        assert text_of(image) == NO_IMAGE
        image.show(tmp_path / "gone", "cd")
        await pilot.pause()
        assert "no longer exists" in text_of(image)
        image.show(red, "ab")
        await pilot.pause()
        assert "▀" in text_of(image)


async def test_a_file_that_comes_later_is_shown_when_it_is_asked_for_again(tmp_path):
    image = ImageView(style=HALF)
    path = tmp_path / "later"
    async with Shown(image).run_test(size=(60, 5)) as pilot:
        image.show(path, "ab")
        await pilot.pause()
        Image.new("RGB", (8, 8)).save(path, "PNG")
        image.show(path, "ab")
        await pilot.pause()
        assert "▀" in text_of(image)


# -- the terminal's own pixels ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, True),
        ({"TERM": "foot"}, True),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, False),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, False),
        ({"TERM": "xterm-kitty", "TMUX": "/tmp/x"}, False),
        ({"TERM": "xterm-kitty", "SAFELIGHT_IMAGES": "cells"}, False),
        ({"TERM": "xterm-256color", "SAFELIGHT_IMAGES": "pixels"}, True),
        ({}, False),
    ],
)
def test_only_terminals_that_answer_are_asked(environment, wanted):
    assert terminal.wants_pixels(environment) is wanted


def test_nothing_is_asked_and_nothing_imported_where_there_is_no_terminal():
    code = (
        "import sys\nfrom tui.images.terminal import probe\nimport tui.widgets.image\n"
        "assert probe({'TERM': 'xterm-kitty'}) is None\n"
        "assert not {'textual_image', 'PIL', 'numpy', 'pydantic'} & set(sys.modules)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")


def test_an_image_takes_whole_cells():
    found = terminal.PixelTerminal("kitty", (10, 20))
    assert found.cells_of(Image.new("RGB", (95, 41))) == (10, 3)
