"""Rows of a name and its figures, as kinds of sound and timelines draw them."""

import textwrap
from collections.abc import Iterator, Sequence

from engine.contract.kinds import Line, Span, Tone
from engine.text.terminal import clean

LABEL = 10
"""Columns of the names on the left."""

_AXIS = 11
_NAME = 10
_MAX_TEXT = 300


def row(name: str, *spans: Span) -> Line:
    """Return a line with a name on the left; an empty one continues the line above."""
    return (Span(f"{name:<{LABEL}}", "muted"), *spans)


def axis(name: str, value: float) -> tuple[Span, Span, Span]:
    """Return a name, and a value as a point on an axis from -1 to 1."""
    return Span(f"{name:<{_NAME}} ", "muted"), meter(value), Span(f" {value:+.2f}")


def meter(value: float) -> Span:
    """Return a value from -1 to 1 as a point on an axis."""
    at = round((max(-1.0, min(1.0, value)) + 1) / 2 * (_AXIS - 1))
    line = "".join("●" if n == at else "┼" if n == _AXIS // 2 else "─" for n in range(_AXIS))
    return Span(line, "accent")


def wrapped(name: str, texts: Sequence[str], columns: int, tone: Tone) -> Iterator[Line]:
    """Yield texts as lines of a width, the first with a name."""
    room = max(20, columns - LABEL)
    lines = [line for text in texts for line in textwrap.wrap(clean(text, _MAX_TEXT), room)]
    for number, line in enumerate(lines):
        yield row("" if number else name, Span(line, tone))
