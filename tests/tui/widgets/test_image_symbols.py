"""Cells in the symbols of a terminal: shapes, colours of palettes, detection."""

import stat
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from rich.color import Color, ColorSystem
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from tui.images.cells import draw
from tui.images.decode import thumbnail
from tui.images.known_terminals import lacks_placeholders, symbols_of
from tui.images.palette import STANDARD_COLOURS, oklab, palette_of
from tui.images.style import CellStyle, Symbols, pixels_of
from tui.images.symbols import symbol_set

FINE: tuple[Symbols, ...] = ("quadrants", "sextants", "octants")
RED, BLUE = (200, 30, 20), (10, 40, 220)


def image_of(cover):
    """Return the image of one cell."""
    share = cover.reshape(8, 4, 1)
    pixels = share * np.array(RED) + (1 - share) * np.array(BLUE)
    return Image.fromarray(np.rint(pixels).astype(np.uint8))


def cells_of(strips):
    """Return the characters and both colours of all cells."""
    return [
        [(sign, tuple(s.style.color.triplet), tuple(s.style.bgcolor.triplet))
         for s in strip for sign in s.text]
        for strip in strips
    ]  # fmt: skip


def shown(strips, symbols):
    """Return what a terminal shows, in 4 by 8 pixels a cell."""
    known = symbol_set(symbols)
    rows = []
    for line in cells_of(strips):
        drawn = []
        for sign, front, back in line:
            share = known.cover[known.characters.index(sign)].reshape(8, 4, 1)
            drawn.append(share * np.array(front) + (1 - share) * np.array(back))
        rows.append(np.hstack(drawn))
    return np.vstack(rows)


@pytest.fixture(scope="module")
def scene():
    """An image with edges of all directions, gradients and texture."""
    y, x = np.mgrid[:160, :160] / 160
    waves = np.sin(9 * x + 4 * np.sin(7 * y)) * np.cos(11 * y * x)
    pixels = np.stack([waves, np.hypot(x - 0.5, y - 0.4) < 0.3, y], -1)
    return Image.fromarray(((pixels * 0.5 + 0.5) * 255).clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("symbols", FINE)
def test_each_symbol_is_chosen_for_its_own_shape(symbols):
    known = symbol_set(symbols)
    assert len(set(known.characters)) == len(known.characters)
    for sign, cover in zip(known.characters, known.cover, strict=True):
        (((found, front, back),),) = cells_of(draw(image_of(cover), CellStyle("true", symbols)))
        assert found == sign
        assert np.abs(np.subtract(front, RED)).max() <= 2
        assert np.abs(np.subtract(back, BLUE)).max() <= 2


def test_sextants_and_octants_are_where_unicode_has_them():
    sextants, octants = symbol_set("sextants"), symbol_set("octants")
    first = sextants.cover[sextants.characters.index("\U0001fb00")].reshape(8, 4)
    assert first[:2, :2].all()
    assert not first[3:].any()
    third = octants.cover[octants.characters.index("\U0001cd00")].reshape(8, 4)  # octant 3
    assert third[2:4, :2].all()
    assert third.sum() == 4
    last = octants.cover[octants.characters.index("\U0001cd70")].reshape(8, 4)  # 1 to 7
    assert last.sum() == 28
    assert not last[6:, 2:].any()


def test_a_cell_of_one_colour_is_one_colour(scene):
    flat = Image.new("RGB", (8, 8), RED)
    for symbols in FINE:
        assert cells_of(draw(flat, CellStyle("true", symbols))) == [[("▀", RED, RED)] * 2]


def test_more_symbols_are_nearer_to_the_image(scene):
    errors = []
    for symbols in get_args(Symbols):
        style = CellStyle("true", symbols)
        strips = draw(scene.resize(pixels_of(40, 20, style), Image.Resampling.BOX), style)
        errors.append(np.mean((shown(strips, symbols) - np.asarray(scene)) ** 2))
    half, quadrants, sextants, octants = errors
    assert quadrants < 0.9 * half
    assert max(sextants, octants) < quadrants


@pytest.mark.parametrize(("size", "cells"), [((160, 159), (40, 20)), ((13, 9), (4, 2)),
                                             ((1, 1), (1, 1)), ((1, 300), (1, 38))])  # fmt: skip
def test_an_image_fills_whole_cells_or_stands_on_the_backdrop(size, cells):
    strips = draw(Image.new("RGB", size, RED), CellStyle("true", "quadrants"), BLUE)
    assert (strips[0].cell_length, len(strips)) == cells
    colours = {colour for line in cells_of(strips) for cell in line for colour in cell[1:]}
    assert (colours == {RED}) == (size == (160, 159))


# -- few colours ------------------------------------------------------------------------------


def test_rich_sends_the_colours_of_the_palette():
    palette = palette_of("256")
    for sent, place in zip(palette.sent, palette.places, strict=True):
        number = Color.from_rgb(*map(int, sent)).downgrade(ColorSystem.EIGHT_BIT).number
        assert number >= 16
        triplet = Color.from_ansi(number).get_truecolor(DEFAULT_TERMINAL_THEME)
        assert np.allclose(oklab(np.array(triplet, np.uint8)), place[:3], atol=1e-5)


@pytest.mark.parametrize("symbols", ["half", "quadrants"])
@pytest.mark.parametrize(("colours", "most"), [("256", 240), ("16", 16)])
def test_only_colours_of_the_palette_are_used(scene, symbols, colours, most):
    style = CellStyle(colours, symbols)
    strips = draw(scene.resize(pixels_of(40, 20, style)), style)
    used = {colour for line in cells_of(strips) for cell in line for colour in cell[1:]}
    assert used <= {tuple(map(int, colour)) for colour in palette_of(colours).sent}
    assert 5 < len(used) <= most


def test_a_grey_that_16_colours_lack_is_dotted_in_two_greys():
    strips = draw(Image.new("RGB", (16, 16), (128, 128, 128)), CellStyle("16", "quadrants"))
    cells = {cell for line in cells_of(strips) for cell in line}
    assert len(cells) == 1
    ((sign, front, back),) = cells
    assert sign in "░▒"
    assert {front, back} <= {(85, 85, 85), (170, 170, 170), (0, 0, 0), (255, 255, 255)}


def test_standard_colours_are_drawn_without_dots():
    for colour in STANDARD_COLOURS:
        flat = Image.new("RGB", (4, 8), colour)
        assert cells_of(draw(flat, CellStyle("16", "quadrants"))) == [[("▀", colour, colour)]]


def signs_in_16(pixels):
    strips = draw(Image.fromarray(pixels.astype(np.uint8)), CellStyle("16", "quadrants"))
    return [sign for line in cells_of(strips) for sign, _, _ in line]


def test_dots_are_for_smooth_cells_alone():
    smooth = np.full((64, 64, 3), 128)
    texture = np.random.default_rng(1).integers(-40, 41, (64, 64, 1))
    assert set(signs_in_16(smooth)) <= set("░▒")
    assert not set(signs_in_16(smooth + texture)) & set("░▒")


def test_a_faint_figure_keeps_its_contour_where_colours_are_few():
    y, x = np.mgrid[:160, :160]
    figure = (np.hypot(x - 80, y - 80) < 32)[..., None]
    assert len(set(signs_in_16(np.array([205, 175, 150]) - 40 * figure))) > 1


# -- odd images -------------------------------------------------------------------------------


def test_odd_images_are_drawn(tmp_path):
    tall = Image.new("RGB", (1, 20_000), RED)
    deep = Image.fromarray((np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16))
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]
    odd = {"dot": Image.new("L", (1, 1)), "tall": tall, "deep": deep, "clear": clear}
    for name, image in odd.items():
        image.save(tmp_path / name, "PNG")
    frames[0].save(tmp_path / "moving", "PNG", save_all=True, append_images=frames[1:])
    for name in (*odd, "moving"):
        for colours in ("true", "256", "16", "none"):
            style = CellStyle(colours, "quadrants")
            strips = draw(thumbnail(tmp_path / name, pixels_of(20, 10, style)), style)
            assert 1 <= len(strips) <= 10, name
            assert 1 <= strips[0].cell_length <= 20, name


# -- detection --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "symbols"),
    [
        ({"TERM": "xterm-256color"}, "quadrants"),
        ({"TERM": "xterm-kitty"}, "sextants"),
        ({"TERM": "foot-extra"}, "sextants"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7002"}, "sextants"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "5202"}, "quadrants"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "\x1b[2J"}, "quadrants"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "sextants"),
        ({"TERM_PROGRAM": "ghostty", "TERM_PROGRAM_VERSION": "1.2.0-dev"}, "octants"),
        ({"TERM": "xterm-ghostty", "TERM_PROGRAM": "ghostty"}, "sextants"),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, "quadrants"),
        ({"TERM": "linux", "VTE_VERSION": "7002"}, "half"),
        ({}, "quadrants"),
    ],
)
def test_symbols_follow_the_terminal(environment, symbols):
    assert symbols_of(environment) == symbols


@pytest.mark.parametrize("choice", ["half", *FINE])
def test_the_operator_chooses_the_symbols(choice):
    assert symbols_of({"TERM": "linux"}, choice) == choice


@pytest.mark.parametrize(
    ("answer", "symbols"),
    [
        ("xterm-256color kitty(0.26.5)", "sextants"),
        ("xterm-256color VTE(7002)", "sextants"),
        ("xterm-256color VTE(5202)", "quadrants"),
        ("xterm-kitty", "sextants"),
        ("xterm-256color XTerm(379)", "quadrants"),
        ("", "quadrants"),
    ],
)
def test_tmux_is_asked_for_its_terminal(tmp_path, monkeypatch, answer, symbols):
    tmux = tmp_path / "tmux"
    tmux.write_text(f"#!/bin/sh\necho '{answer}'\n")
    tmux.chmod(tmux.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    seen = {"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0", "KITTY_WINDOW_ID": "1"}
    assert symbols_of(seen) == symbols


def test_without_tmux_at_hand_quadrants_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert symbols_of({"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0"}) == "quadrants"


@pytest.mark.parametrize(
    ("answer", "lacks"),
    [("kitty 0.26.5 created by Kovid Goyal", True), ("kitty 0.28.0 created", False), ("", False)],
)
def test_an_old_kitty_gets_cells(tmp_path, monkeypatch, answer, lacks):
    kitty = tmp_path / "kitty"
    kitty.write_text(f"#!/bin/sh\necho '{answer}'\n")
    kitty.chmod(kitty.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert lacks_placeholders({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}) is lacks
    assert not lacks_placeholders({"TERM": "xterm-kitty"})


def test_a_kitty_that_does_not_tell_its_version_in_time_gets_cells(tmp_path, monkeypatch):
    kitty = tmp_path / "kitty"
    kitty.write_text("#!/bin/sh\nexec sleep 60\n")
    kitty.chmod(kitty.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr("tui.images.known_terminals._KITTY_SECONDS", 0.01)
    assert lacks_placeholders({"KITTY_WINDOW_ID": "1"})
