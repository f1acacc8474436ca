"""Lines that kinds draw, in the colours of the theme."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

if TYPE_CHECKING:
    from engine.contract.kinds import Lines, Span

_VARIABLES = {"muted": "text-muted", "accent": "accent", "good": "success", "bad": "error"}


def tones(colours: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the colours of a theme by the tones of a drawing, to be compared and kept."""
    return tuple((tone, colours.get(name, "")) for tone, name in _VARIABLES.items())


def text_of(lines: "Lines", tones_of_theme: tuple[tuple[str, str], ...]) -> Text:
    """Return a drawing as text that is not wrapped."""
    styles, text = _styles(tones_of_theme), Text(no_wrap=True, overflow="crop")
    for number, line in enumerate(lines.lines):
        text.append("\n" if number else "")
        for span in line:
            text.append(span.text, _style_of(span, styles))
    return text


def strips_of(
    lines: "Lines", tones_of_theme: tuple[tuple[str, str], ...], columns: int
) -> list[Strip]:
    """Return a drawing as strips of its own width, at most `columns` cells; no markup is read."""
    styles = _styles(tones_of_theme)
    found = [
        Strip([Segment(span.text, _style_of(span, styles)) for span in line])
        for line in lines.lines
    ]
    width = min(columns, max((strip.cell_length for strip in found), default=0))
    return [strip.adjust_cell_length(width) for strip in found]


def _style_of(span: "Span", styles: Mapping[str, Style]) -> Style:
    return _style(span.colour) if span.colour else styles.get(span.tone, Style())


def _styles(tones_of_theme: tuple[tuple[str, str], ...]) -> dict[str, Style]:
    found = {tone: _style(colour) for tone, colour in tones_of_theme}
    return {**found, "strong": Style(bold=True)}


def _style(colour: str) -> Style:
    """A style of a theme's colour; plain if Rich does not know it (`auto 60%`)."""
    from rich.errors import StyleSyntaxError

    try:
        return Style.parse(colour) if colour else Style()
    except StyleSyntaxError:
        return Style(dim=True)
