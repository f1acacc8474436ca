"""The lines of the cells of a contact sheet: image or words, frame and label.

Each part of a line is turned into the terminal's sequences once. A line that is composed of such
parts costs no more than joining them: so a move of the cursor, or one more image, draws nothing
else again.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.filter import ANSIToTruecolor
from textual.strip import Strip
from textual.widget import Widget

from tui.images.lazy_strip import LazyStrip, joined
from tui.states import look
from tui.widgets.columns import fit
from tui.widgets.rendering import RenderedImage

if TYPE_CHECKING:
    from textual.geometry import Size


MAX_WORDS = 500
"""Maximum number of cells with words that are kept."""


@dataclass(frozen=True, slots=True)
class SheetCell:
    """The words of one cell, cleaned.

    Attributes:
        key: Name of the row.
        state: Its state.
        score: Its score as text.
        words: Text in place of an image.
        note: A short text over an image that is not finished, such as `40 %`.
    """

    key: str
    state: str
    score: str = ""
    words: str = ""
    note: str = ""


class SheetPainter:
    """Drawing of cells in the colours of a sheet.

    Args:
        sheet: The sheet, with the component classes `sheet--...`.
    """

    def __init__(self, sheet: Widget) -> None:
        self._sheet = sheet
        self._styles: dict[str, Style] = {}
        self._words: dict[tuple[str, str, Size], list[Strip]] = {}
        self._frames: dict[tuple[int, int], tuple[RenderedImage, list[Strip]]] = {}

    def forget(self) -> None:
        """Forget the colours and all that was drawn in them."""
        self._styles.clear()
        self._words.clear()
        self._frames.clear()

    def forget_images(self) -> None:
        """Forget the images in their cells."""
        self._frames.clear()

    @property
    def base(self) -> Style:
        """Style of the sheet itself."""
        if "" not in self._styles:
            self._styles[""] = self._sheet.rich_style
        return self._styles[""]

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            style = self._sheet.get_component_rich_style(f"sheet--{name}", partial=True)
            self._styles[name] = style
        return self._styles[name]

    def blank(self, width: int) -> Strip:
        """Return an empty line."""
        return self._ready(Strip.blank(width, self.base))

    def text(self, line: str, width: int) -> Strip:
        """Return a line of the text in place of all cells."""
        segment = Segment(fit(line, width), self.base + self._style("muted"))
        return self._ready(Strip([segment], width))

    def edges(self, *, here: bool) -> tuple[Strip, Strip]:
        """Return what is left and right of an image."""
        if not here:
            return self.blank(1), self.blank(1)
        frame = self.base + self._style("frame" if self._sheet.has_focus else "muted")
        return self._ready(Strip([Segment("▐", frame)])), self._ready(Strip([Segment("▌", frame)]))

    def image(self, image: RenderedImage, size: "Size") -> list[Strip]:
        """Return an image in the middle of its cell; kept for the next time."""
        key = (id(image), size.width)
        kept = self._frames.get(key)
        if kept is None or kept[0] is not image:
            kept = self._frames[key] = (image, self._image(image, size))
        return kept[1]

    def _image(self, image: RenderedImage, size: "Size") -> list[Strip]:
        lines = (image.line(y, size.height) for y in range(size.height))
        return [
            self.blank(size.width) if line is None else self._middle(line, size.width)
            for line in lines
        ]

    def _middle(self, line: Strip, width: int) -> Strip:
        """Return a line of an image in the middle of a width."""
        left = (width - line.cell_length) // 2
        right = width - line.cell_length - left
        is_plain = all(isinstance(f, ANSIToTruecolor) for f in self._sheet.get_line_filters())
        if not isinstance(line, LazyStrip) or not is_plain or left < 0:
            return self._ready(_centred(line, width, self.base))
        parts: list[Strip] = [line]  # of 24-bit colours alone, which no theme changes
        if left:
            parts.insert(0, self.blank(left))
        if right:
            parts.append(self.blank(right))
        return self.join(parts)

    def join(self, parts: Sequence[Strip]) -> Strip:
        """Return strips as one."""
        console = self._sheet.app.console
        return joined(parts, [part.render(console) for part in parts])

    def words(self, cell: SheetCell, wait: str, size: "Size") -> list[Strip]:
        """Return words in place of an image, on a ground of their own.

        Args:
            cell: The cell.
            wait: Words in place of the cell's own, such as those of an image that is being drawn.
            size: Columns and rows.
        """
        tone, text = ("muted", wait) if wait else (look(cell.state).tone, cell.words)
        key = (tone, text, size)
        if key not in self._words:
            if len(self._words) > MAX_WORDS:
                self._words.clear()
            self._words[key] = self._text(text, tone, size)
        return self._words[key]

    def _text(self, text: str, tone: str, size: "Size") -> list[Strip]:
        width, rows = size
        ground = self.base + self._style("ground")
        style = ground + self._style(tone)
        lines = textwrap.wrap(text, max(1, width - 2), max_lines=rows, placeholder="…")
        top = (rows - len(lines)) // 2
        blank = self._ready(Strip.blank(width, ground))
        middle = [
            self._ready(_centred(Strip([Segment(line, style)]), width, ground)) for line in lines
        ]
        return [*[blank] * top, *middle, *[blank] * (rows - top - len(lines))]

    def label(self, cell: SheetCell, name: str, width: int, *, here: bool, marked: bool) -> Strip:
        """Return the line under an image: mark, state, score and the end of the name."""
        base = self.base
        if here:
            base += self._style("cursor" if self._sheet.has_focus else "cursor-away")
        shown = look(cell.state)
        shape = "" if cell.state == "done" else shown.shape
        segments = [Segment("●" if marked else " ", base if here else base + self._style("mark"))]
        if shape:
            segments.append(Segment(shape, base if here else base + self._style(shown.tone)))
        strong = " ".join(text for text in (cell.note, cell.score) if text)
        segments.append(Segment(f" {strong}" if strong and shape else strong, base))
        room = width - 1 - sum(cell_len(s.text) for s in segments)
        text = f" {fit(name, room - 1)}" if room > 1 else ""
        segments.append(Segment(text, base if here else base + self._style("muted")))
        return self._ready(Strip(segments).adjust_cell_length(width, base))

    def _ready(self, strip: Strip) -> Strip:
        """Return a strip with the filters of the app, its sequences generated and kept in it."""
        background = self._sheet.background_colors[1]
        for line_filter in self._sheet.get_line_filters():
            strip = strip.apply_filter(line_filter, background)
        strip.render(self._sheet.app.console)
        return strip


def common_start(keys: list[str]) -> int:
    """Return the length of the start that all keys share, up to a separator."""
    if len(keys) < 2:
        return 0
    first, last = min(keys), max(keys)
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return max(first.rfind(sign, 0, shared) for sign in "-_/. ") + 1


def _centred(line: Strip, width: int, style: Style) -> Strip:
    left = (width - line.cell_length) // 2
    blank = [Segment(" " * left, style)] if left > 0 else []
    strip = Strip([*blank, *line.apply_style(style)])
    return strip.adjust_cell_length(width, style)
