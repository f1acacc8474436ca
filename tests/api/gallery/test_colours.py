"""Contrast of the pages, computed from the themes' own colours (WCAG 2.2, level AA)."""

import re
from importlib.resources import files

import pytest

from engine.api.gallery.colours import page_themes, style_sheet
from tests.themes.colour_science import contrast

SURFACES = ("background", "surface", "panel")
TEXTS = ("foreground", "muted", "primary", "accent", "success", "warning", "error", "added",
         "removed")  # fmt: skip

PAIRS = [
    *((text, surface) for text in TEXTS for surface in SURFACES),
    ("cursor-text", "cursor"),
    ("background", "primary"),  # of the first button
    ("background", "accent"),
    ("background", "error"),
]
"""Texts and what they are on, as the style sheet has them."""

EDGES = [("muted", surface) for surface in SURFACES]
EDGES += [("accent", surface) for surface in SURFACES]
"""Edges of buttons and fields, and the mark of what has the focus: 3 to 1 is enough."""

THEMES = pytest.mark.parametrize("theme", page_themes(), ids=["light", "dark"])


@THEMES
def test_texts_can_be_read(theme):
    low = {pair: ratio for pair in PAIRS if (ratio := _ratio(theme, *pair)) < 4.5}
    assert low == {}


@THEMES
def test_states_can_be_read(theme):
    low = {
        (state, surface): ratio
        for state, colour in theme.states.items()
        for surface in SURFACES
        if (ratio := contrast(colour, theme.colours[surface])) < 4.5
    }
    assert low == {}


@THEMES
def test_edges_and_focus_can_be_seen(theme):
    assert {pair: ratio for pair in EDGES if (ratio := _ratio(theme, *pair)) < 3} == {}


def test_the_style_sheet_has_no_colour_of_its_own():
    text = files("engine.api.gallery").joinpath("static", "gallery.css").read_text()
    assert not re.search(r"#[0-9a-f]{3,8}\b(?![^{]*\{)", text, re.IGNORECASE)
    assert not re.search(r"rgb|hsl|@import|url\(", text)
    used = set(re.findall(r"var\(--([a-z-]+)\)", text))
    assert used <= set(re.findall(r"--([a-z-]+):", style_sheet()))


def _ratio(theme, one, other):
    return contrast(theme.colours[one], theme.colours[other])
