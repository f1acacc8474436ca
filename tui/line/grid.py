"""The cells of a terminal: displayed ones and desired ones.

Frames go in as Textual writes them; the output is the minimum that makes the terminal show the
newest of them. A frame that was not sent yet is never sent: the next one replaces it.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len

from tui.line.styles import PLAIN, CellStyling, styled, turn
from tui.line.unsure import STEADY

_TOKEN = re.compile(
    r"\x1b\[(?P<row>\d*);(?P<column>\d*)H|\x1b\[(?P<look>[\d;]*)m|\n|(?P<text>[^\x00-\x1f\x7f]+)"
    rf"|{STEADY}"
)
_IMAGE = "▀"
_JUMP = 5
"""Maximum gap of cells that is sent again rather than jumped over."""


class Cell(NamedTuple):
    """One cell; the right half of a wide character is empty."""

    text: str
    look: CellStyling


_Row = dict[int, Cell]


class Grid:
    """The displayed and the desired cells of a terminal; rows and columns count from 1."""

    def __init__(self) -> None:
        self._wanted: dict[int, _Row] = {}
        self._shown: dict[int, _Row] = {}
        self._changed: dict[int, set[int]] = {}
        self._cursor = (1, 1)
        self._urgent: set[int] = set()

    def forget(self) -> None:
        """Treat all displayed cells as unknown."""
        self._shown.clear()
        for row, cells in self._wanted.items():
            self._changed.setdefault(row, set()).update(cells)

    def clear(self) -> None:
        """Forget the desired cells as well."""
        for held in (self._wanted, self._shown, self._changed, self._urgent):
            held.clear()

    # -- frames -------------------------------------------------------------------------------

    def take(self, frame: str, *, urgent: bool = False) -> bool:
        """Take a frame.

        Args:
            frame: Positions, looks and texts.
            urgent: True if it answers a key: its rows go first.

        Returns:
            False if it contains anything else; then nothing is taken.
        """
        runs = _runs(frame)
        if runs is None:
            return False
        for row, column, cells in runs:
            self._take_run(row, column, cells, urgent=urgent)
        if runs:
            self._cursor = runs[-1][:2]
        return True

    def _take_run(self, row: int, column: int, cells: list[Cell], *, urgent: bool) -> None:
        wanted, shown = self._wanted.setdefault(row, {}), self._shown.setdefault(row, {})
        places = range(column, column + len(cells))
        differs = [at for at, cell in zip(places, cells, strict=True) if shown.get(at) != cell]
        before = [shown[at] for at in places if at in shown]
        if differs and any(map(_is_unsure, [*cells, *before])):
            differs = list(places)  # only its start is certain
            for at in places:
                shown.pop(at, None)
        wanted.update(zip(places, cells, strict=True))
        changed = self._changed.setdefault(row, set())
        changed.difference_update(places)
        changed.update(differs)
        if not changed:
            self._changed.pop(row)
        elif urgent and differs:
            self._urgent.add(row)

    # -- what is sent -------------------------------------------------------------------------

    def has_text(self) -> bool:
        """True if there is text to send."""
        return any(self._places(row, images=False) for row in self._changed)

    def has_images(self) -> bool:
        """True if there are cells of an image to send."""
        return any(self._places(row, images=True) for row in self._changed)

    def next(self, most: int, *, images: bool = False) -> str:
        """Return the next output, empty if there is none; it counts as displayed.

        Args:
            most: Maximum bytes, exceeded by at most one row.
            images: True to send cells of images, False to send text.
        """
        sent, size, look = [], 0, None
        for row in sorted(self._changed, key=lambda row: (row not in self._urgent, row)):
            if not (places := self._places(row, images=images)):
                continue
            text, look = self._row(row, places, look)
            sent.append(text)
            size += len(text.encode())
            self._urgent.discard(row)
            if size >= most:
                break
        if not sent:
            return ""
        return "".join(sent) + "\x1b[m" + "\x1b[{};{}H".format(*self._cursor)

    def _places(self, row: int, *, images: bool) -> list[int]:
        wanted = self._wanted[row]
        places = self._changed[row]
        return sorted(at for at in places if (wanted[at].text == _IMAGE) == images)

    def _row(
        self, row: int, places: list[int], look: CellStyling | None
    ) -> tuple[str, CellStyling | None]:
        wanted, shown = self._wanted[row], self._shown.setdefault(row, {})
        parts, here = [], 0
        for at in places:
            if at != here:
                between = [wanted.get(place) for place in range(here, at)]
                if here and len(between) < _JUMP and _can_repeat(between, look):
                    parts += [cell.text for cell in between if cell]
                else:
                    parts.append(f"\x1b[{at}G" if here else f"\x1b[{row};{at}H")
            cell = wanted[at]
            parts += [turn(look, cell.look), cell.text]
            look, here = cell.look, at + 1
            shown[at] = cell
        self._changed[row].difference_update(places)
        if not self._changed[row]:
            self._changed.pop(row)
        return "".join(parts), look


def _can_repeat(cells: list[Cell | None], look: CellStyling | None) -> bool:
    return all(cell and cell.look == look and len(cell.text) == 1 for cell in cells)


@lru_cache(4096)
def _width(character: str) -> int:
    return cell_len(character)


def _is_unsure(cell: Cell) -> bool:
    """Return True if terminals may disagree with Textual on a cell's width."""
    code = ord(cell.text[0]) if cell.text else 0
    return len(cell.text) != 1 or _width(cell.text) != 1 or 0x300 <= code < 0x2000 or code > 0x2E80


def _runs(frame: str) -> list[tuple[int, int, list[Cell]]] | None:
    """Return a frame as runs of cells with their starts; None if it contains anything else."""
    runs: list[tuple[int, int, list[Cell]]] = []
    look: CellStyling | None = PLAIN
    at = 0
    for token in _TOKEN.finditer(frame):
        if token.start() != at:
            return None
        at = token.end()
        if token["row"] is not None:
            runs.append((int(token["row"] or 1), int(token["column"] or 1), []))
        elif token["look"] is not None:
            look = styled(look or PLAIN, token["look"])
            if look is None:
                return None
        elif token["text"] is not None:
            if not runs:
                return None
            runs[-1][2].extend(_cells(token["text"], look or PLAIN))
        elif token["unsure"] is not None:
            if not runs:
                return None
            right = [Cell("", look or PLAIN)] * (len(token["room"]) - 1)
            runs[-1][2].extend([Cell(token[0], look or PLAIN), *right])
    return runs if at == len(frame) else None


def _cells(text: str, look: CellStyling) -> Iterator[Cell]:
    if text.isascii():
        yield from (Cell(character, look) for character in text)
        return
    last = ""
    held: list[Cell] = []
    for character in text:
        width = _width(character)
        if width or not held:
            held.append(Cell(character, look))
            held += [Cell("", look)] * (width - 1)
            last = character
        else:  # a mark on the character before it
            place = len(held) - max(1, _width(last))
            held[place] = Cell(held[place].text + character, look)
    yield from held
