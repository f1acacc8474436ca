"""Drawing an item by its kind: never an error, and never text that a terminal would act on."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace

from engine.contract.kinds import (
    Drawing,
    Item,
    Kind,
    Line,
    Lines,
    OwnImage,
    Raster,
    Size,
    Span,
)
from engine.kinds.registry import kinds
from engine.text import quantities
from engine.text.terminal import clean

MAX_LINES, MAX_CHARS = 500, 500
"""Lines of a drawing, and characters of each, at most."""

_COLOUR = re.compile("#[0-9A-Fa-f]{6}")

log = logging.getLogger(__name__)


def draw_full(item: Item, size: Size) -> Drawing:
    """Return the drawing of an item for an area; its facts if its kind draws nothing."""
    kind = kinds().of(item.kind)
    return _draw(item, size, kind, kind.full)


def draw_small(item: Item, size: Size) -> Drawing:
    """Return the drawing of an item for a small area."""
    kind = kinds().of(item.kind)
    return _draw(item, size, kind, kind.small)


def draw_beside(items: list[Item], size: Size) -> list[Drawing]:
    """Return the drawings of items that are compared, each for an area of the same size.

    Items of several kinds are drawn on their own scales.
    """
    kind = kinds().of(items[0].kind)
    if any(item.kind != items[0].kind for item in items):
        return [draw_full(item, size) for item in items]
    try:
        found = zip(items, kind.beside(items, size), strict=True)
        return [_facts(item, kind) if d is None else _safe(d, size) for item, d in found]
    except Exception:  # a third party's kind may fail in any way
        log.warning("The kind %s failed", kind.name, exc_info=True)
        return [draw_full(item, size) for item in items]


def facts_of(item: Item) -> list[tuple[str, str]]:
    """Return the facts of an item as names and texts, clean and short."""
    kind = kinds().of(item.kind)
    try:
        found = list(kind.facts(item))[:32]
    except Exception:  # a third party's kind may fail in any way
        log.warning("The kind %s failed", kind.name, exc_info=True)
        found = []
    return [(clean(str(name), 40), clean(str(text), 200)) for name, text in found]


def facts_line(item: Item) -> str:
    """Return the facts of an item in a line, for example `0:02.5, 8 kHz, mono, 25 frames`."""
    facts = [fact for fact in facts_of(item) if fact[0] != "bytes"]
    return ", ".join(f"{text} {name}" if _is_bare(text) else text for name, text in facts)


def _is_bare(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def title_of(kind: str) -> str:
    """Return the name of a kind for people; of one that is not installed its own name."""
    found = kinds().named.get(kind)
    return clean((found.title if found else "") or kind, 40)


def _draw(
    item: Item, size: Size, kind: Kind, draw: Callable[[Item, Size], Drawing | None]
) -> Drawing:
    try:
        found = draw(item, size)
        return _facts(item, kind) if found is None else _safe(found, size)
    except FileNotFoundError:
        return _sentence("The file is not there any more.")
    except Exception:  # damaged files, and kinds of third parties, fail in any way
        log.warning("A file of kind %s cannot be drawn", item.kind, exc_info=True)
        return _sentence(f"This {title_of(item.kind)} cannot be drawn.")


def _sentence(text: str) -> Lines:
    return Lines(((Span(text, "muted"),),))


def _facts(item: Item, kind: Kind) -> Lines:
    size = [("bytes", quantities.size(item.size))] if item.media_type else []
    named = [(title_of(item.kind), clean(item.media_type, 80)), *facts_of(item), *size]
    width = max(len(name) for name, _ in named)
    return Lines(tuple((Span(f"{n:<{width}}  ", "muted"), Span(text)) for n, text in named))


def _safe(drawing: Drawing, size: Size) -> Drawing:
    """The same without control characters, and no larger than its area."""
    if not isinstance(drawing, Lines):
        if not isinstance(drawing, Raster | OwnImage):
            raise TypeError(f"a {type(drawing).__name__} is not a drawing")
        return drawing if isinstance(drawing, OwnImage) else _safe_raster(drawing, size)
    return _safe_lines(drawing, size)


def _safe_raster(drawing: Raster, size: Size) -> Raster:
    """The same with clean lines, and rows left for the image itself."""
    if drawing.in_cells is not None:
        drawing = replace(drawing, in_cells=_safe_lines(drawing.in_cells, size))
    room = max(0, size.rows - 1)
    above = drawing.above and _safe_lines(drawing.above, Size(size.columns, room))
    room -= len(above.lines) if above else 0
    below = drawing.below and _safe_lines(drawing.below, Size(size.columns, room))
    return replace(drawing, above=above, below=below)


def _safe_lines(drawing: Lines, size: Size) -> Lines:
    lines = drawing.lines[: min(MAX_LINES, size.rows)]
    return Lines(tuple(_cut(line) for line in lines))


def _cut(line: Line) -> Line:
    """A line, clean; spaces, which align it, are kept."""
    left, spans = MAX_CHARS, []
    for span in line:
        text = _clean(span.text)[:left]
        left -= len(text)
        colour = span.colour if _COLOUR.fullmatch(span.colour) else ""
        spans.append(Span(text, span.tone, colour))
    return tuple(spans)


def _clean(text: str) -> str:
    text = clean(text[: 16 * MAX_CHARS], None, keep_newlines=True)
    return text.replace("\n", " ").replace("\t", " ")
