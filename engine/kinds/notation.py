"""Kinds `notation` (ABC text, version 2.1 of the standard, drawn as a staff) and `midi`."""

import re
from collections.abc import Sequence

from engine.contract.kinds import (
    Content,
    Drawing,
    Face,
    Item,
    Kind,
    Lines,
    Raster,
    Recognition,
    Size,
    Span,
)
from engine.kinds.text import as_text, read_lines

MEDIA_TYPE = "text/vnd.abc"

MIDI = "audio/midi"

_FIRST_FIELD = re.compile(
    r"\A(?:\s*+(?:%[^\n]{0,500}\n|\n))*+X:\s{0,20}\d{1,9}\s{0,20}(?:%[^\n]{0,500})?\r?\n"
)
_KEY = re.compile(r"^K:[ \t]{0,20}([^\r\n%]{0,40})", re.MULTILINE)
_METRE = re.compile(r"^M:[ \t]{0,20}([^\r\n%]{0,40})", re.MULTILINE)
_FIELD = re.compile(r"[A-Za-z+]:|%")

_STAFF = Size(48, 8)
"""The smallest area in which a staff can be read."""

_MIDI_HEAD, _MIDI_HEADER_BYTES = b"MThd\0\0\0\6", 14

_CELL = Size(10, 20)
"""Pixels of a cell, about."""


class NotationKind(Kind):
    """ABC text."""

    name = "notation"
    title = "notation"
    suffixes = {MEDIA_TYPE: ".abc"}  # noqa: RUF012 - a constant of the class

    def recognise(self, content: Content) -> Recognition | None:
        """Return the facts of text that starts as a tune does: `X:` first, then `K:`."""
        text = as_text(content.head)
        if text is None or not _FIRST_FIELD.match(text):
            return None
        key, metre = _KEY.search(text), _METRE.search(text)
        if key is None:
            return None
        facts: dict[str, int | float | str] = {"key": key[1].strip()}
        if metre:
            facts["metre"] = metre[1].strip()
        return Recognition(MEDIA_TYPE, facts=facts)

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return key and metre."""
        return [(n, str(item.facts[n])) for n in ("key", "metre") if n in item.facts]

    def thumbnail(self, item: Item, side: int) -> bytes | None:
        """Return the first systems of the staff, if it can be drawn."""
        return _staff(item, side, side, 0.6)

    def full(self, item: Item, size: Size) -> Drawing | None:
        """Return the staff, or the text of the tune, its fields apart from its notes."""
        lines = _text(item, size.rows)
        if size.columns >= _STAFF.columns and size.rows >= _STAFF.rows:
            image = _staff(item, size.columns * _CELL.columns, size.rows * _CELL.rows, 1.0)
            if image is not None:
                return Raster(image, in_cells=lines)
        return lines


def _text(item: Item, rows: int) -> Lines:
    lines = read_lines(item, rows)
    return Lines(tuple((Span(line, "muted" if _FIELD.match(line) else ""),) for line in lines))


class MidiKind(Kind):
    """Standard MIDI files, of which only the header is read."""

    name = "midi"
    title = "MIDI"
    face: Face = "supporting"
    suffixes = {MIDI: ".mid"}  # noqa: RUF012 - a constant of the class

    def recognise(self, content: Content) -> Recognition | None:
        """Return the number of tracks of a file that starts with a header of MIDI."""
        head = content.head
        if head[:8] != _MIDI_HEAD or len(head) < _MIDI_HEADER_BYTES:
            return None
        return Recognition(MIDI, facts={"tracks": int.from_bytes(head[10:12], "big")})

    def facts(self, item: Item) -> Sequence[tuple[str, str]]:
        """Return the number of tracks."""
        count = item.facts.get("tracks")
        return [("tracks", str(count))] if count is not None else []


def _staff(item: Item, width: int, height: int, zoom: float) -> bytes | None:
    """Return a PNG of a tune of our own; None if it is another's, or the packages are missing."""
    from engine.audio.notation.staff import MAX_CHARS, can_draw, drawable, staff_png

    if item.open is None or item.size > MAX_CHARS:
        return None
    with item.open() as stream:
        text = stream.read(MAX_CHARS + 1).decode("utf-8", "replace")
    if not drawable(text) or not can_draw():
        return None
    return staff_png(text, width, height, zoom)
