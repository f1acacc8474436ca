"""Every text can be read on its background, and every state differs from the others."""

from itertools import combinations, product

import pytest
from rich.color import Color, ColorSystem
from textual.color import Color as TextualColor

from tests.themes.colour_science import MACHADO, contrast, difference
from themes import STATES, ThemeData, bundled_themes
from tui.theming import textual_theme

THEMES = {theme.name: theme for theme in bundled_themes()}
SURFACES = ("background", "surface", "panel")
TEXTS = (
    "foreground", "text-muted", "foreground-muted", "primary", "secondary", "accent", "success",
    "warning", "error", "text-primary", "text-accent", "text-success", "text-warning",
    "text-error", "diff-added", "diff-removed", *(f"state-{state}" for state in STATES),
)  # fmt: skip
ON_CURSOR = (
    "block-cursor-foreground", "foreground", "text-muted", "accent",
    *(f"state-{state}" for state in STATES),
)  # fmt: skip
"""Text colours of a row under the cursor."""

PAIRS = (
    *product(TEXTS, SURFACES),
    *product(ON_CURSOR, ["block-cursor-background"]),
    ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
    ("footer-foreground", "footer-background"),
    ("footer-key-foreground", "footer-background"),
    ("footer-description-foreground", "footer-background"),
    ("input-selection-foreground", "input-selection-background"),
    ("screen-selection-foreground", "screen-selection-background"),
    ("input-cursor-foreground", "input-cursor-background"),
    ("link-color", "background"),
    ("link-color-hover", "link-background-hover"),
    ("button-foreground", "surface"),
)
"""Text and background, as the style sheets and widgets of the dashboard put them together."""

ON_COLOUR = ("primary", "success", "warning", "error")
"""Backgrounds of buttons and badges, whose text (`$text`) Textual makes black or white."""


def variables(theme: ThemeData) -> dict[str, str]:
    made = textual_theme(theme)
    return {**made.to_color_system().generate(), **made.variables}


def opaque(value: str) -> str:
    colour = TextualColor.parse(value)
    assert colour.a == 1, value
    return colour.hex6


@pytest.mark.parametrize("name", THEMES)
def test_contrast_of_every_pair_that_is_used(name):
    least = 7.0 if name == "safelight-contrast" else 4.5
    found = variables(THEMES[name])
    poor = {
        (text, surface): round(ratio, 2)
        for text, surface in PAIRS
        if (ratio := contrast(opaque(found[text]), opaque(found[surface]))) < least
    }
    assert poor == {}


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("button", ON_COLOUR)
def test_contrast_of_text_on_a_colour(name, button):
    least = 7.0 if name == "safelight-contrast" else 4.5
    background = TextualColor.parse(THEMES[name].colours[button])
    text = background + background.get_contrast_text(0.87)
    assert contrast(text.hex6, background.hex6) >= least


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("edge", ["border", "border-blurred"])
def test_contrast_of_edges(name, edge):
    """WCAG 2.2, 1.4.11: what shows where a field is needs 3 to 1."""
    found = variables(THEMES[name])
    assert contrast(opaque(found[edge]), opaque(found["background"])) >= 3


@pytest.mark.parametrize("name", THEMES)
def test_the_cursor_can_be_seen(name):
    """As an area, beside its sign and bold text, and with 16 colours too."""
    found = variables(THEMES[name])
    cursor, background = found["block-cursor-background"], found["background"]
    assert contrast(opaque(cursor), opaque(background)) >= 1.4
    in_16 = [Color.parse(opaque(c)).downgrade(ColorSystem.STANDARD) for c in (cursor, background)]
    assert in_16[0].number != in_16[1].number


@pytest.mark.parametrize("name", THEMES)
def test_states_differ_to_usual_eyes(name):
    assert min_difference(THEMES[name].states, "normal") >= 10


@pytest.mark.parametrize("vision", ["normal", *MACHADO])
def test_states_and_changes_differ_to_colour_blind_eyes(vision):
    theme = THEMES["safelight-colour-blind"]
    assert min_difference(theme.states, vision) >= 15
    assert difference(theme.colours["added"], theme.colours["removed"], vision) >= 30


def min_difference(states, vision):
    return min(difference(states[a], states[b], vision) for a, b in combinations(states, 2))


@pytest.mark.parametrize("name", THEMES)
def test_with_16_colours_no_text_takes_its_backgrounds_colour(name):
    found = variables(THEMES[name])

    def in_16(variable: str) -> int | None:
        colour = Color.parse(opaque(found[variable]))
        return colour.downgrade(ColorSystem.STANDARD).number

    assert [(t, s) for t, s in PAIRS if in_16(t) == in_16(s)] == []


def test_the_simulation_leaves_greys_alone():
    """The published matrices' rows sum to one, so what has no hue keeps its looks."""
    for vision in MACHADO:
        assert difference("#808080", "#808080", vision) == 0
        for row in MACHADO[vision]:
            assert sum(row) == pytest.approx(1, abs=2e-6)


def test_contrast_has_the_values_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
