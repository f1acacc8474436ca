"""The lanes of a timeline as a widget: lines of text, with the play head over all of them."""

from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widgets import Static

from engine.contract.kinds import Line, Lines, Span
from engine.contract.rows import LABEL
from engine.contract.timeline import Timeline
from tui.widgets.drawing import text_of, tones
from tui.widgets.theme_changes import on_theme_change
from tui.widgets.timeline_lanes import Stretch, detail, overview, place


class TimelineLanes(Static, can_focus=True):
    """The whole of a timeline, and the stretch around its play head."""

    DEFAULT_CSS = "TimelineLanes { text-wrap: nowrap; text-overflow: clip; }"

    @dataclass
    class Pressed(Message):
        """A time was clicked."""

        seconds: float

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: tuple[Timeline, float, Stretch, bool] | None = None
        self._above = 0

    @property
    def columns(self) -> int:
        """Width of the lanes without their names, in cells."""
        return max(20, self.content_size.width - LABEL)

    def say(self, sentence: str) -> None:
        """Show a sentence in place of lanes."""
        self._shown = None
        self.update(sentence)

    def show(self, timeline: Timeline, head: float, near: Stretch, *, tall: bool) -> None:
        """Show a timeline at the play head.

        Args:
            timeline: The timeline.
            head: The play head in seconds.
            near: The stretch around it.
            tall: True if there is room for more lanes.
        """
        self._shown = timeline, head, near, tall
        self.restyle()

    def on_mount(self) -> None:
        """Follow the theme."""
        on_theme_change(self, self.restyle)

    def restyle(self) -> None:
        """Draw the same in the colours of the theme."""
        if self._shown is None:
            return
        timeline, head, near, tall = self._shown
        colours = tones(self.app.theme_variables)
        above: list[Line] = list(overview(timeline, head, near, near.columns))
        self._above = len(above)
        text = text_of(Lines(tuple(above)), colours)
        column = min(near.columns - 1, max(0, near.column(head)))
        lines = [_head(place(timeline, head), column, near.columns)]
        lines += detail(timeline, near, tall=tall)
        for line in lines:
            text.append("\n")
            text.append_text(_with_head(text_of(Lines((line,)), colours), LABEL + column))
        self.update(text)

    def on_click(self, event: events.Click) -> None:
        """Go to the time that was clicked, on the whole or on the stretch."""
        if self._shown is None:
            return
        timeline, _, near, _ = self._shown
        column = event.get_content_offset_capture(self).x - LABEL
        if 0 <= column < near.columns:
            share = column / near.columns
            is_above = event.get_content_offset_capture(self).y < self._above
            length = near.end - near.start
            self.post_message(
                self.Pressed(timeline.seconds * share if is_above else near.start + length * share)
            )


def _head(words: str, column: int, columns: int) -> Line:
    """Return the line of the play head: its mark, with its place on the side that has room."""
    if column + len(words) + 2 < columns:
        return (Span(" " * (LABEL + column)), Span("▼", "strong"), Span(f" {words}", "strong"))
    before = f"{words} ".rjust(LABEL + column)
    return (Span(before, "strong"), Span("▼", "strong"))


def _with_head(line: Text, at: int) -> Text:
    """Return a line with the play head over one of its cells."""
    if line.cell_len <= at:
        line.append(" " * (at + 1 - line.cell_len))
    cells = 0
    for place_, character in enumerate(line.plain):
        if cells >= at:
            if character == " ":
                line.plain = f"{line.plain[:place_]}│{line.plain[place_ + 1 :]}"
            line.stylize(Style(bold=True), place_, place_ + 1)
            break
        cells += Text(character).cell_len
    return line
