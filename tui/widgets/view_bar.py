"""The line of views: the numbers that lead to them, the order of the list, the place in it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from engine.text import figures
from tui.jumps import Jump


@dataclass(frozen=True, slots=True)
class ListPlace:
    """The order of a list, and the place in it.

    Attributes:
        order: Name of the order; empty if the list has only one.
        at: Number of the row under the cursor, from 1; 0 if there is none.
        shown: Number of rows.
        total: Number of rows without a filter.
    """

    order: str = ""
    at: int = 0
    shown: int = 0
    total: int = 0

    @property
    def position(self) -> str:
        """The place in the list, with the number of all if some are hidden by a filter."""
        text = f"{self.at}/{figures.count(self.shown)}"
        return text if self.shown == self.total else f"{text} of {figures.count(self.total)}"


class ViewBar(Widget):
    """One line: the views with the present one in brackets, then order, place and filter.

    Args:
        views: Action, key and name of each view, in their order.
        filter_key: Key of the filter; empty if the views have none.
        sort_key: Key of the menu of orders; empty if the views have none.
    """

    DEFAULT_CSS = """
    ViewBar { height: 1; padding: 0 1; }
    """
    COMPONENT_CLASSES = {"views--here", "views--muted"}  # noqa: RUF012 - Textual's way

    class Pressed(Message):
        """A view, the order or the filter was clicked.

        Attributes:
            action: The action that it stands for.
        """

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(
        self, views: Sequence[tuple[str, str, str]], filter_key: str = "", sort_key: str = ""
    ) -> None:
        super().__init__()
        self._views = tuple(views)
        self._filter_key = filter_key
        self._sort_key = sort_key
        self._here = ""
        self._list: ListPlace | None = None
        self._places: list[tuple[int, int, str]] = []

    def set_here(self, action: str) -> None:
        """Set the view that is shown, by its action."""
        if action != self._here:
            self._here = action
            self.refresh()

    def set_list(self, place: ListPlace) -> None:
        """Set the order of the list and the place in it."""
        if place != self._list:
            self._list = place
            self.refresh()

    def render(self) -> Text:
        """Return the line; with little room first without the filter, then without the order."""
        self._places = []
        text = Text(no_wrap=True, overflow="ellipsis", end="")
        for action, key, name in self._views:
            here = action == self._here
            label = f"[{key} {name}]" if here else f"{key} {name}"
            self._add(text, label, action, here=here)
        room = self.content_size.width - text.cell_len
        right = self._right(room)
        if right:
            text.append(" " * (room - _width(right)))
            for label, action in right:
                self._add(text, label, action, here=False, gap="")
        return text

    def _right(self, room: int) -> list[tuple[str, str]]:
        """Return labels and actions that fit into so many columns."""
        place = self._list
        if place is None:
            return []
        parts = [(place.position, "")]
        if place.order:
            order = f"{self._sort_key} {place.order} ▾   ".lstrip()
            parts.insert(0, (order, "sort_menu"))
        hint = [(f"   {self._filter_key} filter", "filter")] if self._filter_key else []
        choices = ([*parts, *hint], parts, parts[-1:])
        return next((choice for choice in choices if _width(choice) <= room), [])

    def _add(self, text: Text, label: str, action: str, *, here: bool, gap: str = " ") -> None:
        style = self.get_component_rich_style(
            "views--here" if here else "views--muted", partial=True
        )
        begin = text.cell_len
        text.append(label, style).append(gap)
        if action:
            self._places.append((begin, begin + len(label), action))

    def jumps(self) -> Iterator[Jump]:
        """Yield the views, the order and the filter."""
        for begin, _, action in self._places:
            yield Jump(begin, 0, partial(self.post_message, self.Pressed(action)))

    def on_click(self, event: events.Click) -> None:
        """Run the clicked view, order or filter."""
        x = event.x - self.gutter.left
        for begin, end, action in self._places:
            if begin <= x < end:
                self.post_message(self.Pressed(action))


def _width(parts: Sequence[tuple[str, str]]) -> int:
    return sum(len(label) for label, _ in parts)
